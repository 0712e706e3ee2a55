import { ApplicationFailure } from '@temporalio/common';
import { Client } from 'pg';
import type { ClientConfig } from 'pg';

import type { Credentials } from '../../../workflows/plan/instance';
import type { Secrets } from '../../../estate/secrets';
import { needsPerson } from '../../errors';
import { announceCall } from '../../runbook/call-scope';
import { resolveLogin } from '../../secrets/login';

export interface DatabaseTarget {
  readonly host: string;
  readonly port: number;
  readonly database: string;
  /** `password` is a reference, resolved here and nowhere kept. */
  readonly credentials: Credentials;
}

/** The server did not answer, or answers that it is still starting or already stopping. */
export class DatabaseUnreachable extends Error {
  override readonly name = 'DatabaseUnreachable';
}

/** What a standby says about itself. Positions are null where the user may not see them. */
export interface ReplayState {
  readonly inRecovery: boolean;
  /** Commit time of the last replayed transaction, ISO 8601; null if there was none since the server started. */
  readonly lastReplayedAt: string | null;
  /**
   * Seconds since the source was last heard, given only if everything that it had announced then is replayed: the
   * most that can be missing. Null: not streaming, behind, or not visible (needs pg_monitor).
   */
  readonly caughtUpSecondsAgo: number | null;
}

const CONNECT_MS = 4000;
const QUERY_MS = 5000;

export async function readReplayState(secrets: Secrets, target: DatabaseTarget): Promise<ReplayState> {
  return inSession(secrets, target, false, async (client) => {
    const { rows } = await client.query<{
      recovering: boolean;
      replayed: Date | null;
      heard: string | null;
    }>(
      `select pg_is_in_recovery() as recovering, pg_last_xact_replay_timestamp() as replayed,
         (select extract(epoch from clock_timestamp() - last_msg_receipt_time)::text
            from pg_stat_wal_receiver
           where status = 'streaming' and latest_end_lsn <= pg_last_wal_replay_lsn()) as heard`,
    );
    const row = rows[0];
    if (row === undefined) throw new DatabaseUnreachable(`database ${where(target)} answered without a row`);
    return {
      inRecovery: row.recovering,
      lastReplayedAt: row.replayed?.toISOString() ?? null,
      caughtUpSecondsAgo: row.heard === null ? null : Math.max(0, Number(row.heard)),
    };
  });
}

/**
 * Writes a row into `runbooks_probe`, commits, reads it back from another transaction and deletes it. Resolves when
 * the server accepted all of it. @throws with the server's words when it did not (a standby is read-only)
 */
export async function proveWrite(secrets: Secrets, target: DatabaseTarget, mark: string): Promise<void> {
  await inSession(secrets, target, true, async (client) => {
    await client.query(
      'create table if not exists runbooks_probe (mark text primary key, written_at timestamptz not null)',
    );
    await client.query(
      `insert into runbooks_probe (mark, written_at) values ($1, clock_timestamp())
         on conflict (mark) do update set written_at = excluded.written_at`,
      [mark],
    );
    const { rowCount } = await client.query('select 1 from runbooks_probe where mark = $1', [mark]);
    await client.query('delete from runbooks_probe where mark = $1', [mark]);
    if (rowCount !== 1) throw new Error(`database ${where(target)} did not give back the row written to it`);
  });
}

async function inSession<T>(
  secrets: Secrets,
  target: DatabaseTarget,
  mutating: boolean,
  work: (client: Client) => Promise<T>,
): Promise<T> {
  await announceCall({ service: 'postgresql', action: mutating ? 'ProveWrite' : 'ReadState', mutating });
  const { password } = await resolveLogin(secrets, target.credentials);
  let client: Client | undefined;
  try {
    client = await connect(target, password);
    return await work(client);
  } catch (error) {
    throw understood(error, target);
  } finally {
    // A connection that never came up rejects here as well; the first error is the one to tell.
    await client?.end().catch(() => undefined);
  }
}

/** As libpq does by default: encrypted where the server can. PGSSLMODE overrides it, e.g. `verify-full`. */
async function connect(target: DatabaseTarget, password: string): Promise<Client> {
  const config: ClientConfig = {
    host: target.host,
    port: target.port,
    database: target.database,
    user: target.credentials.username,
    password,
    connectionTimeoutMillis: CONNECT_MS,
    query_timeout: QUERY_MS,
    statement_timeout: QUERY_MS,
    application_name: 'bitbucket-runbooks',
  };
  if (process.env.PGSSLMODE !== undefined) return opened(new Client(config));
  try {
    return await opened(new Client({ ...config, ssl: { rejectUnauthorized: false } }));
  } catch (error) {
    if (!(error instanceof Error) || !error.message.includes('does not support SSL')) throw error;
    return opened(new Client({ ...config, ssl: false }));
  }
}

async function opened(client: Client): Promise<Client> {
  // Without a listener an error on an idle connection would end the process.
  client.on('error', () => undefined);
  await client.connect();
  return client;
}

const NO_SERVER = new Set(['57P01', '57P02', '57P03', '08000', '08001', '08003', '08004', '08006', '53300']);
const REFUSED = new Set(['28P01', '28000', '3D000', '42501']);

function understood(error: unknown, target: DatabaseTarget): unknown {
  if (error instanceof ApplicationFailure || error instanceof DatabaseUnreachable) return error;
  const { code = '', message = String(error) } = error as { code?: string; message?: string };
  const said = `database ${where(target)}: ${message || code}`;
  if (REFUSED.has(code)) {
    return needsPerson(
      `${said} (${code}). Check the user, the password's reference and the grants, then retry.`,
      error,
    );
  }
  const silent = /^E[A-Z]+$/.test(code) || /timeout|terminated|Connection ended/i.test(message);
  if (silent || NO_SERVER.has(code)) return new DatabaseUnreachable(said, { cause: error });
  return error;
}

function where(target: DatabaseTarget): string {
  return `${target.database} at ${target.host}:${target.port}`;
}
