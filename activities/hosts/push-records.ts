import { Client } from 'pg';
import type { CountLostPushes } from '../../workflows/steps/count-lost-pushes';
import { findDatabase } from '../aws/rds/find-database';
import { DatabaseUnreachable } from '../aws/rds/database-session';
import type { Dependencies } from '../dependencies';
import { needsPerson, terminal } from '../errors';
import { announceCall } from '../runbook/call-scope';
import { resolveLogin } from '../secrets/login';

/** One push of commits, as the database remembers it. */
export interface PushRecord {
  /** Id of the activity; one push may move several refs. */
  readonly push: string;
  readonly repositoryId: number;
  /** `PROJECT/slug`. */
  readonly repository: string;
  readonly commits: readonly string[];
}

const CONNECT_MS = 5_000;
const QUERY_MS = 60_000;

/** A push that only deletes refs brings no commit and cannot be lost. */
const PUSHES = `
  select a.id::text as push, r.id as repository_id, p.project_key || '/' || r.slug as repository,
         array_agg(distinct f.to_hash) as commits
    from sta_activity a
    join sta_repo_activity ra on ra.activity_id = a.id
    join sta_repo_push_activity pa on pa.activity_id = a.id
    join sta_repo_push_ref f on f.activity_id = a.id
    join repository r on r.id = ra.repository_id
    join project p on p.id = r.project_id
   where a.created_timestamp >= $1::timestamptz and f.to_hash !~ '^0+$'
   group by a.id, r.id, p.project_key, r.slug
   order by r.id, a.id`;

/** The pushes since a time, ordered by repository. Reads only. */
export async function readPushRecords(
  dependencies: Dependencies,
  input: CountLostPushes,
): Promise<readonly PushRecord[]> {
  const client = await connect(dependencies, input);
  try {
    const { rows } = await client.query<{
      push: string;
      repository_id: number | string;
      repository: string;
      commits: string[];
    }>(PUSHES, [input.since]);
    return rows.map(({ repository_id, ...row }) => ({ ...row, repositoryId: Number(repository_id) }));
  } catch (error) {
    throw understood(error, input);
  } finally {
    await client.end().catch(() => undefined);
  }
}

async function connect(dependencies: Dependencies, input: CountLostPushes): Promise<Client> {
  const database = await findDatabase(dependencies, input.region, input.databaseId);
  const { Address: host, Port: port } = database?.Endpoint ?? {};
  if (host === undefined || port === undefined) {
    throw terminal(
      `database ${input.databaseId} in ${input.region} has no endpoint: does it exist, and is it up?`,
    );
  }
  const { username, password } = await resolveLogin(dependencies.secrets, input.credentials);
  await announceCall({ service: 'postgresql', action: 'ReadPushes', mutating: false });
  const open = async (ssl: boolean): Promise<Client> => {
    const client = new Client({
      host,
      port,
      database: input.databaseName,
      user: username,
      password,
      ssl: ssl ? { rejectUnauthorized: false } : false,
      connectionTimeoutMillis: CONNECT_MS,
      query_timeout: QUERY_MS,
      statement_timeout: QUERY_MS,
      application_name: 'bitbucket-runbooks',
      options: '-c timezone=UTC -c default_transaction_read_only=on',
    });
    // Without a listener an error on an idle connection would end the process.
    client.on('error', () => undefined);
    await client.connect();
    return client;
  };
  try {
    // Encrypted where the server can, as libpq does; RDS requires it from PostgreSQL 15 on.
    return await open(true).catch((error: unknown) => {
      if (error instanceof Error && error.message.includes('does not support SSL')) return open(false);
      throw error;
    });
  } catch (error) {
    throw understood(error, input);
  }
}

function understood(error: unknown, input: CountLostPushes): unknown {
  const { code = '', message = String(error) } = error as { code?: string; message?: string };
  const said = `database ${input.databaseId} in ${input.region}: ${message}`;
  if (/^(28|3D|42501)/.test(code)) {
    return needsPerson(
      `${said} (${code}). Check the user, the password's reference and the grants, then retry`,
      error,
    );
  }
  if (code === '42P01' || code === '42703') {
    return terminal(
      `${said} (${code}). ${input.databaseName} does not hold Bitbucket's tables as known here`,
      error,
    );
  }
  const silent = /^(E[A-Z]+|57P0.|08...|53300)$/.test(code) || /timeout|terminated/i.test(message);
  return silent ? new DatabaseUnreachable(said, { cause: error }) : error;
}
