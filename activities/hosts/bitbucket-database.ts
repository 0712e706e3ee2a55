import { Client } from 'pg';
import type { Credentials } from '../../workflows/plan/instance';
import { findDatabase } from '../aws/rds/find-database';
import { DatabaseUnreachable } from '../aws/rds/database-session';
import type { Dependencies } from '../dependencies';
import { needsPerson, terminal } from '../errors';
import { announceCall } from '../runbook/call-scope';
import { resolveLogin } from '../secrets/login';

/** Bitbucket's database in a DB instance, and as whom it is read. */
export interface BitbucketDatabase {
  readonly region: string;
  readonly databaseId: string;
  readonly databaseName: string;
  readonly credentials: Credentials;
}

const CONNECT_MS = 5_000;
const QUERY_MS = 60_000;

/** Runs queries in a session that cannot write. @param action what the call is counted as */
export async function readDatabase<T>(
  dependencies: Dependencies,
  database: BitbucketDatabase,
  action: string,
  work: (client: Client) => Promise<T>,
): Promise<T> {
  const client = await connect(dependencies, database, action);
  try {
    return await work(client);
  } catch (error) {
    throw understood(error, database);
  } finally {
    await client.end().catch(() => undefined);
  }
}

async function connect(
  dependencies: Dependencies,
  input: BitbucketDatabase,
  action: string,
): Promise<Client> {
  const database = await findDatabase(dependencies, input.region, input.databaseId);
  const { Address: host, Port: port } = database?.Endpoint ?? {};
  if (host === undefined || port === undefined) {
    throw terminal(
      `database ${input.databaseId} in ${input.region} has no endpoint: does it exist, and is it up?`,
    );
  }
  const { username, password } = await resolveLogin(dependencies.secrets, input.credentials);
  await announceCall({ service: 'postgresql', action, mutating: false });
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

function understood(error: unknown, input: BitbucketDatabase): unknown {
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
