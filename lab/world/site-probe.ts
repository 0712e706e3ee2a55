import { Client } from 'pg';

import { checkHealth } from '../balancer/health-check';

export interface SiteTarget {
  readonly nodes: readonly { readonly id: string; readonly address: string; readonly port: number }[];
  readonly database:
    | {
        readonly host: string;
        readonly port: number;
        readonly name: string;
        readonly user: string;
        readonly password: string;
      }
    | undefined;
  /** Address of the load balancer; undefined when it has none. */
  readonly balancer: { readonly address: string; readonly port: number } | undefined;
}

export interface SiteProbe {
  readonly nodes: readonly { readonly id: string; readonly address: string; readonly state: string }[];
  /** What the database server itself says of its role. */
  readonly database: 'writable' | 'read-only' | 'unreachable' | 'none';
  readonly balancer: 'serving' | 'not serving';
  /** Users can reach a node that would take a push and a database that would record it. */
  readonly acceptsWrites: boolean;
}

const LIMIT_MS = 1500;

/** Looks at a site from outside, past AWS: nodes, database and load balancer are asked themselves. */
export async function probeSite(site: SiteTarget): Promise<SiteProbe> {
  const [nodes, database, serving]: [SiteProbe['nodes'], SiteProbe['database'], boolean] = await Promise.all([
    Promise.all(
      site.nodes.map(async ({ id, address, port }) => ({ id, address, state: await stateOf(address, port) })),
    ),
    site.database === undefined ? 'none' : roleOf(site.database),
    site.balancer === undefined
      ? false
      : checkHealth({ ...site.balancer, path: '/status', timeoutMs: LIMIT_MS }),
  ]);
  const running = nodes.some(({ state }) => state === 'RUNNING');
  return {
    nodes,
    database,
    balancer: serving ? 'serving' : 'not serving',
    acceptsWrites: running && database === 'writable' && serving,
  };
}

async function stateOf(address: string, port: number): Promise<string> {
  try {
    const response = await fetch(`http://${address}:${port}/status`, {
      signal: AbortSignal.timeout(LIMIT_MS),
    });
    const body = (await response.json()) as { readonly state?: unknown };
    return typeof body.state === 'string' ? body.state : 'other';
  } catch {
    return 'none';
  }
}

async function roleOf(
  database: NonNullable<SiteTarget['database']>,
): Promise<'writable' | 'read-only' | 'unreachable'> {
  const { host, port, name, user, password } = database;
  const client = new Client({
    host,
    port,
    database: name,
    user,
    password,
    connectionTimeoutMillis: LIMIT_MS,
    query_timeout: LIMIT_MS,
  });
  // A server that dies in between ends the query; the event alone would end the process.
  client.on('error', () => undefined);
  try {
    await client.connect();
    const { rows } = await client.query<{ standby: boolean }>('select pg_is_in_recovery() as standby');
    return rows[0]?.standby === false ? 'writable' : 'read-only';
  } catch {
    return 'unreachable';
  } finally {
    await client.end().catch(() => undefined);
  }
}
