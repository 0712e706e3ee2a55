import { execFileSync } from 'node:child_process';
import { rmSync, writeFileSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { clientsOf } from '../aws/step-driver';
import type { Dependencies } from '../../../activities/dependencies';
import { compareRowsImplementation } from '../../../activities/hosts/compare-rows';
import { batches, countLostPushesImplementation } from '../../../activities/hosts/count-lost-pushes';
import { mountHomeImplementation } from '../../../activities/hosts/mount-home';
import { SCHEMA } from '../../../lab/bitbucket/schema';
import { VirtualClock } from '../../../lab/clock/virtual-clock';
import type { Gateway } from '../../../lab/gateway/gateway';
import { startBareGateway } from '../../support/bare-gateway';
import { queryReply } from '../../../lab/gateway/reply';
import { systemsManager } from '../../../lab/hosts/systems-manager/systems-manager';
import type { Verified } from '../../../workflows/runbook/step';
import type { ComparedRows } from '../../../workflows/steps/verify';
import { PostgresServer } from '../../lab/bitbucket/postgres-server';
import { CONTEXT, FileServerWorld, REGION } from './file-server-world';

const DATABASE = 'bitbucket';
const NOTHING = '0'.repeat(40);
const GONE = 'deadbeef'.repeat(5);

let postgres: PostgresServer;
let world: FileServerWorld;
let gateway: Gateway;
let dependencies: Dependencies;

beforeAll(async () => {
  postgres = await PostgresServer.start();
  await postgres.createDatabase(DATABASE);
  world = await FileServerWorld.start({ withStore: true });
  const clock = new VirtualClock(100);
  gateway = await startBareGateway(clock);
  gateway.use(systemsManager(world.fleet, clock));
  gateway.use({
    service: 'rds',
    handlers: {
      DescribeDBInstances: async (call) =>
        queryReply(call, {
          DBInstances: {
            DBInstance: [
              { DBInstanceIdentifier: 'standby-db', Endpoint: { Address: '127.0.0.1', Port: postgres.port } },
            ],
          },
        }),
    },
  });
  const aws = clientsOf(gateway.url);
  dependencies = { ...world.dependencies, aws };
  await mountHomeImplementation(dependencies).parts.run!(
    { region: REGION, fileServer: world.fileServer },
    CONTEXT,
  );
});
afterAll(async () => {
  dependencies.aws.destroy();
  await Promise.all([world.stop(), gateway.stop(), postgres.remove()]);
});

const input = (since: string) => ({
  region: REGION,
  databaseId: 'standby-db',
  databaseName: DATABASE,
  credentials: { username: 'owner', password: 'env:DB' },
  fileServer: world.fileServer,
  since,
});
const look = (since: string) => countLostPushesImplementation(dependencies).look(input(since), CONTEXT);

async function push(id: number, repository: number, at: string, ...commits: string[]): Promise<void> {
  const refs = commits.map((commit, n) => `(${id}, 'refs/heads/b${n}', 0, '${NOTHING}', '${commit}')`);
  await postgres.query(
    DATABASE,
    `insert into sta_activity (id, activity_type, created_timestamp, user_id) values (${id}, 5, '${at}', 1);
     insert into sta_repo_activity values (${id}, ${repository});
     insert into sta_repo_push_activity values (${id}, 'push');
     insert into sta_repo_push_ref values ${refs.join(',')};`,
  );
}

it('a database without Bitbucket in it is named', async () => {
  await expect(look('2026-01-01T00:00:00Z')).rejects.toMatchObject({
    type: 'Terminal',
    message: expect.stringContaining('42P01'),
  });
});

it('counts pushes with a missing commit by repository, of those since the time only', async () => {
  await postgres.query(
    DATABASE,
    `${SCHEMA};
     insert into app_user (name, permission, salt, password_hash) values ('u', 'LICENSED_USER', '', '');
     insert into project (project_key, name) values ('PROJ', 'P');
     insert into repository (project_id, slug, name) values (1, 'one', 'one'), (1, 'two', 'two'), (1, 'never-copied', 'n');`,
  );
  const [one = '', two = ''] = world.commits;
  await push(1, 1, '2026-01-01T09:00:00Z', GONE);
  await push(2, 1, '2026-01-01T10:00:00Z', one);
  await push(3, 1, '2026-01-01T10:01:00Z', one, GONE);
  await push(4, 2, '2026-01-01T10:02:00Z', two);
  await push(5, 2, '2026-01-01T10:03:00Z', NOTHING);
  await push(6, 3, '2026-01-01T10:04:00Z', one);
  await push(7, 3, '2026-01-01T10:05:00Z', two);
  expect(await look('2026-01-01T10:00:00.000Z')).toEqual({
    compared: 5,
    lostPushes: [
      { repository: 'PROJ/never-copied', count: 2 },
      { repository: 'PROJ/one', count: 1 },
    ],
  });
  expect(await look('2026-02-01T00:00:00Z')).toEqual({ compared: 0, lostPushes: [] });
});

it('finds the commits that a fork borrows by the path that nodes see', async () => {
  const [one = ''] = world.commits;
  await postgres.query(
    DATABASE,
    `insert into repository (id, project_id, slug, name) values (2000, 1, 'fork', 'fork')`,
  );
  const fork = world.repository(2000);
  mkdirSync(join(fork, 'refs'), { recursive: true });
  mkdirSync(join(fork, 'objects', 'info'), { recursive: true });
  writeFileSync(join(fork, 'HEAD'), 'ref: refs/heads/main\n');
  const nodes = '/var/atlassian/application-data/bitbucket/shared/data/repositories/1/objects';
  writeFileSync(join(fork, 'objects', 'info', 'alternates'), `${nodes}\n`);
  await push(8, 2000, '2026-03-01T10:00:00Z', one);
  try {
    expect(await look('2026-03-01T00:00:00Z')).toEqual({ compared: 1, lostPushes: [] });
  } finally {
    rmSync(fork, { recursive: true });
  }
});

describe('repositories on a data store', () => {
  const compare = () =>
    compareRowsImplementation(dependencies).parts.verify(
      { ...input(''), capturedAt: '2026-01-01T10:02:30Z', sample: 10, seed: 'x' },
      undefined,
      CONTEXT,
    ) as Promise<Verified<ComparedRows>>;

  it('are found by their id, wherever they are', async () => {
    const three = world.commits[2] ?? '';
    await push(9, 3, '2026-04-01T10:00:00Z', three);
    await push(10, 3, '2026-04-01T10:01:00Z', GONE);
    // A fork beside it borrows by the path that nodes see.
    const fork = join(dirname(world.stored), '4');
    mkdirSync(join(fork, 'refs'), { recursive: true });
    mkdirSync(join(fork, 'objects', 'info'), { recursive: true });
    writeFileSync(join(fork, 'HEAD'), 'ref: refs/heads/main\n');
    writeFileSync(join(fork, 'objects', 'info', 'alternates'), '/nodes/one/a1/b2c3/3/objects\n');
    await postgres.query(
      DATABASE,
      `insert into repository (id, project_id, slug, name) values (4, 1, 'forked', 'f'), (5, 1, 'lost', 'l')`,
    );
    await push(11, 4, '2026-04-01T10:02:00Z', three);
    expect(await look('2026-04-01T00:00:00Z')).toEqual({
      compared: 3,
      lostPushes: [{ repository: 'PROJ/never-copied', count: 1 }],
    });
    const { output, degraded } = await compare();
    expect(output.missing).toEqual([
      'PROJ/lost (5) has no directory',
      'PROJ/fork (2000) has no directory',
      expect.stringContaining('PROJ/one (1) lacks deadbeef'),
    ]);
    expect(output.sample.map(({ id }) => id).sort()).toEqual([1, 2, 3, 4]);
    expect(degraded).toBeUndefined();
  });

  it('are told as not checked where the names there are no ids, never as missing', async () => {
    mkdirSync(join(world.store, 'odd'));
    execFileSync('cp', ['-r', world.stored, join(world.store, 'odd', 'name.git')]);
    expect(await look('2026-04-01T00:00:00Z')).toEqual({ compared: 0, lostPushes: [], notChecked: 3 });
    const { output, degraded } = await compare();
    expect(output.missing).toEqual([expect.stringContaining('PROJ/one (1) lacks deadbeef')]);
    expect(degraded).toEqual([expect.stringMatching(/^not checked: PROJ\/never-copied \(3\), .*\(2000\): /)]);
  });
});

it('a database that does not answer is transient', async () => {
  await postgres.halt();
  await expect(look('2026-01-01T00:00:00Z')).rejects.toMatchObject({ name: 'DatabaseUnreachable' });
});

it('splits many commits into commands that fit, losing none', () => {
  const all = [
    { repositoryId: 1, commits: ['a', 'b', 'c'] },
    { repositoryId: 2, commits: ['d'] },
    { repositoryId: 3, commits: [] },
  ];
  expect(batches(all, 2)).toEqual([
    [{ repositoryId: 1, commits: ['a', 'b'] }],
    [
      { repositoryId: 1, commits: ['c'] },
      { repositoryId: 2, commits: ['d'] },
    ],
  ]);
});
