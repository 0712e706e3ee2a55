import { Pool } from 'pg';
import type { PoolClient, QueryResultRow } from 'pg';
import type { Maintenance, Upgrade } from './cluster-state';

export interface DatabaseLocation {
  readonly host: string;
  readonly port: number;
  readonly name: string;
  readonly user: string;
  readonly password: string;
}

/** What the database is to Bitbucket: writable with its tables, empty (setup wizard), a replica, or not there. */
export type DatabaseState =
  | { readonly state: 'ready' | 'empty' | 'readOnly' }
  | { readonly state: 'unreachable'; readonly detail: string };

export interface Pulse {
  readonly recovery: boolean;
  readonly maintenance: Maintenance | undefined;
  readonly upgrade: Upgrade | undefined;
}

/** A node's connections. Every call ends within seconds: a hung server must not hang the node. */
export class Database {
  private readonly pool: Pool;

  constructor(location: DatabaseLocation) {
    this.pool = new Pool({
      host: location.host,
      port: location.port,
      database: location.name,
      user: location.user,
      password: location.password,
      application_name: 'bitbucket',
      max: 6,
      idleTimeoutMillis: 20_000,
      connectionTimeoutMillis: 3000,
      query_timeout: 6000,
      keepAlive: true,
    });
    // A broken idle connection is replaced by the next query, which also reports it.
    this.pool.on('error', () => undefined);
  }

  async rows<T extends QueryResultRow>(sql: string, values: readonly unknown[] = []): Promise<readonly T[]> {
    return (await this.pool.query<T>(sql, [...values])).rows;
  }

  /** Runs `work` in one transaction; the connection is thrown away when it fails. */
  async transaction<T>(work: (client: PoolClient) => Promise<T>): Promise<T> {
    const client = await this.pool.connect();
    // Without a listener, a server that dies while `work` waits for git would end the process.
    const ignore = (): void => undefined;
    client.on('error', ignore);
    let failed = true;
    try {
      await client.query(`begin; set local lock_timeout = '5s'`);
      const result = await work(client);
      await client.query('commit');
      failed = false;
      return result;
    } finally {
      client.off('error', ignore);
      client.release(failed);
    }
  }

  async look(): Promise<DatabaseState> {
    try {
      const [row] = await this.rows<{ recovery: boolean; schema: boolean }>(
        `select pg_is_in_recovery() as recovery,
                to_regclass('app_user') is not null and to_regclass('repository') is not null as schema`,
      );
      if (row === undefined) return { state: 'unreachable', detail: 'no answer' };
      if (row.recovery) return { state: 'readOnly' };
      if (!row.schema) return { state: 'empty' };
      const users = await this.rows('select 1 from app_user limit 1');
      return { state: users.length === 0 ? 'empty' : 'ready' };
    } catch (error) {
      return { state: 'unreachable', detail: error instanceof Error ? error.message : String(error) };
    }
  }

  /** Role of the server and the settings that every node must notice within a second, in one round trip. */
  async pulse(): Promise<Pulse> {
    const [row] = await this.rows<{
      recovery: boolean;
      maintenance: Maintenance | null;
      upgrade: Upgrade | null;
    }>(
      `select pg_is_in_recovery() as recovery,
              (select value from app_setting where name = 'maintenance') as maintenance,
              (select value from app_setting where name = 'upgrade') as upgrade`,
    );
    if (row === undefined) throw new Error('the database gave no answer');
    return {
      recovery: row.recovery,
      maintenance: row.maintenance ?? undefined,
      upgrade: row.upgrade ?? undefined,
    };
  }

  async setting<T>(name: string): Promise<T | undefined> {
    const [row] = await this.rows<{ value: T }>('select value from app_setting where name = $1', [name]);
    return row?.value;
  }

  async putSetting(name: string, value: unknown): Promise<void> {
    await this.rows(
      `insert into app_setting (name, value) values ($1, $2::jsonb)
       on conflict (name) do update set value = excluded.value`,
      [name, JSON.stringify(value)],
    );
  }

  async deleteSetting(name: string): Promise<void> {
    await this.rows('delete from app_setting where name = $1', [name]);
  }

  async close(): Promise<void> {
    await this.pool.end();
  }
}
