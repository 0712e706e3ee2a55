import { mkdir } from 'node:fs/promises';
import { Client } from 'pg';
import type { DatabaseLocation } from './database';
import { createFirstCommit, createRepository } from './git/create-repository';
import { renderProperties, repositoryDirectory, writeProperties } from './home';
import type { License } from './rest/administration';
import { SCHEMA } from './schema';
import { hashPassword } from './users';

export interface Seed {
  /** An existing, empty database and its owner. */
  readonly database: DatabaseLocation;
  readonly sharedHome: string;
  readonly cluster: string;
  readonly administrator: SeedUser;
  readonly probeUser: SeedUser;
  /** Further users without rights of an administrator, e.g. the traffic's. */
  readonly users?: readonly SeedUser[];
  readonly projects: readonly {
    readonly key: string;
    readonly name?: string;
    readonly repositories: readonly string[];
  }[];
  readonly mirrors?: readonly {
    readonly id: string;
    readonly name: string;
    readonly baseUrl: string;
    readonly enabled?: boolean;
  }[];
  readonly version: string;
  readonly license?: License;
  /** The stack's BitbucketProperties at the time of the seed. */
  readonly stackProperties?: string;
}

interface SeedUser {
  readonly username: string;
  readonly password: string;
}

export interface SeededRepository {
  readonly id: number;
  readonly project: string;
  readonly slug: string;
  /** The first commit, on `main`. */
  readonly commit: string;
}

const YEAR_MS = 365 * 86_400_000;

/** Sets up a new primary: tables, users, projects, repositories with one commit each, and bitbucket.properties. */
export async function seedPrimary(seed: Seed): Promise<readonly SeededRepository[]> {
  const { host, port, name, user, password } = seed.database;
  const client = new Client({ host, port, database: name, user, password, connectionTimeoutMillis: 10_000 });
  await client.connect();
  try {
    await client.query(SCHEMA);
    await insertUser(client, seed.administrator, 'SYS_ADMIN');
    for (const each of [seed.probeUser, ...(seed.users ?? [])])
      await insertUser(client, each, 'LICENSED_USER');
    await insertLicense(client, seed.license);
    for (const mirror of seed.mirrors ?? []) {
      await client.query(
        `insert into mirror_server (id, name, base_url, enabled, mirror_type, product_version)
         values ($1, $2, $3, $4, 'FARM', $5) on conflict (id) do nothing`,
        [mirror.id, mirror.name, mirror.baseUrl, mirror.enabled ?? true, seed.version],
      );
    }
    await mkdir(seed.sharedHome, { recursive: true });
    await writeProperties(
      seed.sharedHome,
      renderProperties({
        database: seed.database,
        cluster: seed.cluster,
        stackProperties: seed.stackProperties ?? '',
      }),
    );
    return await createProjects(client, seed);
  } finally {
    await client.end();
  }
}

async function createProjects(client: Client, seed: Seed): Promise<readonly SeededRepository[]> {
  const created: SeededRepository[] = [];
  for (const { key, name, repositories } of seed.projects) {
    const projectId = await insertReturningId(
      client,
      'insert into project (project_key, name) values ($1, $2) returning id',
      [key, name ?? key],
    );
    for (const slug of repositories) {
      const id = await insertReturningId(
        client,
        'insert into repository (project_id, slug, name) values ($1, $2, $2) returning id',
        [projectId, slug],
      );
      const directory = repositoryDirectory(seed.sharedHome, id);
      await createRepository(directory);
      const commit = await createFirstCommit(directory, `# ${slug}\n`);
      created.push({ id, project: key, slug, commit });
    }
  }
  return created;
}

async function insertUser(client: Client, user: SeedUser, permission: string): Promise<void> {
  const { salt, hash } = hashPassword(user.password);
  await client.query(
    `insert into app_user (name, permission, salt, password_hash) values ($1, $2, $3, $4) on conflict do nothing`,
    [user.username, permission, salt, hash],
  );
}

async function insertLicense(client: Client, license: License | undefined): Promise<void> {
  const value: License = license ?? {
    license: 'LAB-DATA-CENTER',
    serverId: 'LAB0-LAB0-LAB0-LAB0',
    creationDate: Date.now(),
    expiryDate: Date.now() + YEAR_MS,
    maximumNumberOfUsers: 500,
    unlimitedNumberOfUsers: false,
    supportEntitlementNumber: 'SEN-L0000000',
  };
  await client.query(
    `insert into app_setting (name, value) values ('license', $1::jsonb) on conflict (name) do nothing`,
    [JSON.stringify(value)],
  );
}

async function insertReturningId(client: Client, sql: string, values: readonly unknown[]): Promise<number> {
  const { rows } = await client.query<{ id: number }>(sql, [...values]);
  const id = rows[0]?.id;
  if (id === undefined) throw new Error(`no id came back from: ${sql}`);
  return id;
}
