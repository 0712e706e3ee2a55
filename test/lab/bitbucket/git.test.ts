import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Client } from 'pg';
import { Calendar } from '../../../lab/clock/calendar';
import { CHANGE_TYPE, NO_COMMIT } from '../../../lab/bitbucket/schema';
import { readRefs } from '../../../lab/bitbucket/git/refs';
import { GIT_ENVIRONMENT } from '../../../lab/bitbucket/git/run';
import { eventually } from './eventually';
import { PostgresServer } from './postgres-server';
import { DEVELOPER, Site } from './site';
import type { Node } from './site';

let server: PostgresServer;
let site: Site;
let work: string;

beforeAll(async () => {
  server = await PostgresServer.start();
});
afterAll(() => server.remove());
beforeEach(async () => {
  site = await Site.seed(server, ['one']);
  work = mkdtempSync(join(tmpdir(), 'bitbucket-test-work-'));
});
afterEach(async () => {
  await site.remove();
  rmSync(work, { recursive: true, force: true });
});

const git = async (...args: string[]): Promise<string> =>
  (await promisify(execFile)('git', args, { cwd: work, env: GIT_ENVIRONMENT })).stdout.trim();

const remote = (node: Node, user = DEVELOPER): string =>
  `${node.url.replace('//', `//${user.username}:${user.password}@`)}/scm/PROJ/one.git`;

async function commit(clone: string, message: string): Promise<string> {
  await git('-C', clone, 'commit', '--quiet', '--allow-empty', '-m', message);
  return git('-C', clone, 'rev-parse', 'HEAD');
}

interface Row {
  project_key: string;
  slug: string;
  ref_id: string;
  change_type: number;
  from_hash: string;
  to_hash: string;
  trigger_id: string;
}

const recorded = (): Promise<Row[]> =>
  server.query<Row>(
    site.database.name,
    `select p.project_key, r.slug, f.ref_id, f.change_type, f.from_hash, f.to_hash, t.trigger_id
     from sta_activity a join sta_repo_activity ra on ra.activity_id = a.id
     join sta_repo_push_activity t on t.activity_id = a.id join sta_repo_push_ref f on f.activity_id = a.id
     join repository r on r.id = ra.repository_id join project p on p.id = r.project_id order by a.id, f.ref_id`,
  );

const refs = (): ReturnType<typeof readRefs> =>
  readRefs(join(site.sharedHome, 'data', 'repositories', String(site.repositories[0]!.id)));

async function running(): Promise<Node> {
  const node = await site.start();
  await node.reaches('RUNNING');
  return node;
}

test('what was pushed can be cloned, and every changed ref is a row of the database', async () => {
  const node = await running();
  await git('clone', '--quiet', remote(node), 'a');
  const first = await git('-C', 'a', 'rev-parse', 'HEAD');
  expect(first).toBe(site.repositories[0]!.commit);
  const second = await commit('a', 'second');
  await git('-C', 'a', 'push', '--quiet', 'origin', 'main', 'main:refs/heads/branch');
  const common = { project_key: 'PROJ', slug: 'one', trigger_id: 'push', to_hash: second };
  expect(await recorded()).toEqual([
    { ...common, ref_id: 'refs/heads/branch', change_type: CHANGE_TYPE.ADD, from_hash: NO_COMMIT },
    { ...common, ref_id: 'refs/heads/main', change_type: CHANGE_TYPE.UPDATE, from_hash: first },
  ]);
  await git('clone', '--quiet', '--bare', remote(node), 'b.git');
  expect(await git('-C', 'b.git', 'rev-parse', 'main')).toBe(second);
});

test('a push is recorded with the time of the calendar', async () => {
  const calendar = new Calendar(join(site.directory, 'calendar'));
  calendar.move(-86_400_000);
  const node = await site.start({ calendarFile: join(site.directory, 'calendar') });
  await node.reaches('RUNNING');
  await git('clone', '--quiet', remote(node), 'a');
  await git('-C', 'a', 'push', '--quiet', 'origin', 'main:refs/heads/branch');
  const [row] = await server.query<{ days: number }>(
    site.database.name,
    'select round(extract(epoch from now() - max(created_timestamp)) / 86400)::int as days from sta_activity',
  );
  expect(row?.days).toBe(1);
});

test('deleting a branch over REST removes the ref and records it; repeating it is no error', async () => {
  const node = await running();
  await git('clone', '--quiet', remote(node), 'a');
  await git('-C', 'a', 'push', '--quiet', 'origin', 'main:refs/heads/probe');
  const path = '/rest/branch-utils/latest/projects/PROJ/repos/one/branches';
  const remove = (): Promise<{ status: number }> =>
    node.call('DELETE', path, { body: { name: 'probe' }, as: DEVELOPER });
  expect((await remove()).status).toBe(204);
  expect((await refs()).has('refs/heads/probe')).toBe(false);
  expect((await recorded()).at(-1)).toMatchObject({
    ref_id: 'refs/heads/probe',
    change_type: CHANGE_TYPE.DELETE,
    to_hash: NO_COMMIT,
    trigger_id: 'branch-delete',
  });
  expect((await remove()).status).toBe(204);
  const branches = await node.call('GET', '/rest/api/latest/projects/PROJ/repos/one/branches');
  expect(branches.body.values.map((branch) => branch.displayId)).toEqual(['main']);
});

test('a push that the database refuses is not acknowledged and leaves the refs as they were', async () => {
  const node = await running();
  await git('clone', '--quiet', remote(node), 'a');
  const before = await refs();
  await commit('a', 'lost');
  await server.query(
    site.database.name,
    'alter table sta_repo_push_ref add constraint never check (false) not valid',
  );
  await expect(git('-C', 'a', 'push', '--quiet', 'origin', 'main', 'main:refs/heads/x')).rejects.toThrow(
    /503/,
  );
  expect(await refs()).toEqual(before);
  expect(await recorded()).toEqual([]);
  await server.query(site.database.name, 'alter table sta_repo_push_ref drop constraint never');
  await git('-C', 'a', 'push', '--quiet', 'origin', 'main');
  expect(await recorded()).toHaveLength(1);
});

test('no push is accepted while the export is withdrawn, without waiting for the node to notice', async () => {
  const node = await site.start({ heartbeatSeconds: 30 });
  await node.reaches('RUNNING');
  await git('clone', '--quiet', remote(node), 'a');
  await commit('a', 'fenced');
  site.export(false);
  expect((await node.status()).state).toBe('RUNNING');
  await expect(git('-C', 'a', 'push', '--quiet', 'origin', 'main')).rejects.toThrow(/503/);
});

test('pushes to one repository through two nodes at once are all recorded', async () => {
  const nodes = [await running(), await running()];
  await Promise.all(
    nodes.map(async (node, index) => {
      await git('clone', '--quiet', remote(node), `clone-${index}`);
      for (let number = 0; number < 3; number += 1) {
        await commit(`clone-${index}`, `${index} ${number}`);
        await git(
          '-C',
          `clone-${index}`,
          'push',
          '--quiet',
          'origin',
          `HEAD:refs/heads/from-${index}-${number}`,
        );
      }
    }),
  );
  expect((await recorded()).map((row) => row.ref_id).toSorted()).toEqual(
    ['0-0', '0-1', '0-2', '1-0', '1-1', '1-2'].map((name) => `refs/heads/from-${name}`),
  );
});

test('git is refused to those who cannot sign in and for repositories that are not there', async () => {
  const node = await running();
  const wrong = { ...DEVELOPER, password: 'wrong' };
  await expect(git('ls-remote', remote(node, wrong))).rejects.toThrow(/Authentication failed/);
  await expect(git('ls-remote', remote(node).replace('one.git', 'none.git'))).rejects.toThrow(/not found/);
});

test('a node refuses a replica, and serves what was pushed once the replica is promoted', async () => {
  const node = await running();
  await git('clone', '--quiet', remote(node), 'a');
  const pushed = await commit('a', 'replicated');
  await git('-C', 'a', 'push', '--quiet', 'origin', 'main');
  const replica = await server.replicate();
  try {
    const database = { ...site.database, port: replica.port };
    await node.process.stop();
    const early = await site.start({ cluster: 'standby', database });
    await early.reaches('ERROR');
    await early.process.stop();

    await replica.query(database.name, 'select pg_promote()');
    const late = await site.start({ cluster: 'standby', database });
    await late.reaches('RUNNING');
    expect(await git('ls-remote', remote(late), 'main')).toContain(pushed);
    await commit('a', 'after the failover');
    await git('-C', 'a', 'push', '--quiet', remote(late), 'main');
    const rows = await replica.query<{ to_hash: string }>(
      database.name,
      'select to_hash from sta_repo_push_ref order by activity_id',
    );
    expect(rows).toEqual([{ to_hash: pushed }, { to_hash: await git('-C', 'a', 'rev-parse', 'HEAD') }]);
  } finally {
    await replica.remove();
  }
});

test('a push that runs when the node is stopped is finished and acknowledged', async () => {
  const node = await running();
  await git('clone', '--quiet', remote(node), 'a');
  const pushed = await commit('a', 'in flight');
  const holder = new Client({ ...site.database, database: site.database.name });
  await holder.connect();
  // Holds the push between its start and its record.
  await holder.query('begin; lock table sta_activity in exclusive mode');
  const push = git('-C', 'a', 'push', '--quiet', 'origin', 'main');
  await eventually(async () => (await refs()).get('refs/heads/main') === pushed);
  node.process.signal('SIGTERM');
  expect(await node.reaches('STOPPING')).toEqual({ code: 503, state: 'STOPPING' });
  expect((await node.call('GET', '/rest/api/latest/projects')).status).toBe(503);
  await holder.query('rollback');
  await holder.end();
  await push;
  expect(await node.process.exited).toBe(0);
  expect(await recorded()).toMatchObject([{ to_hash: pushed }]);
});
