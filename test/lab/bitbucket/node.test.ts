import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { eventually } from './eventually';
import { PostgresServer } from './postgres-server';
import { Site } from './site';

let server: PostgresServer;
let site: Site;

beforeAll(async () => {
  server = await PostgresServer.start();
});
afterAll(() => server.remove());
beforeEach(async () => {
  site = await Site.seed(server, ['one']);
});
afterEach(() => site.remove());

test('a node answers STARTING with 503 while it boots, then RUNNING with 200', async () => {
  const node = await site.start({ startupSeconds: 1 });
  expect(await eventually(() => node.status())).toEqual({ code: 503, state: 'STARTING' });
  expect((await node.call('GET', '/rest/api/latest/projects')).status).toBe(503);
  expect(await node.reaches('RUNNING')).toEqual({ code: 200, state: 'RUNNING' });
});

test('an empty database leads to the setup wizard, which answers 200 and serves nothing', async () => {
  const database = await server.createDatabase('empty');
  const node = await site.start({ database });
  expect(await node.reaches('FIRST_RUN')).toEqual({ code: 200, state: 'FIRST_RUN' });
  expect((await node.call('GET', '/rest/api/latest/projects')).status).toBe(503);
});

test('a node that cannot use its database, its export or its home ends up in ERROR with 500', async () => {
  const unreachable = await site.start({ database: { ...site.database, port: 9 } });
  expect(await unreachable.reaches('ERROR')).toEqual({ code: 500, state: 'ERROR' });

  site.export(false);
  await (await site.start()).reaches('ERROR');
  site.export(true);

  rmSync(join(site.sharedHome, 'bitbucket.properties'));
  await (await site.start()).reaches('ERROR');
});

test('a running node fails requests while the export is withdrawn and serves again afterwards', async () => {
  const node = await site.start();
  await node.reaches('RUNNING');
  site.export(false);
  await node.reaches('ERROR');
  expect((await node.call('GET', '/rest/api/latest/projects')).status).toBe(503);
  site.export(true);
  await node.reaches('RUNNING');
  expect((await node.call('GET', '/rest/api/latest/projects')).status).toBe(200);
});

test('a running node is in ERROR while its database is gone', async () => {
  const node = await site.start();
  await node.reaches('RUNNING');
  await server.halt();
  try {
    await node.reaches('ERROR');
  } finally {
    await server.run();
  }
  await node.reaches('RUNNING');
});

test('SIGTERM ends a node with 0 and takes it off the cluster', async () => {
  const [first, second] = [await site.start(), await site.start()];
  await first.reaches('RUNNING');
  await second.reaches('RUNNING');
  const ids = async (): Promise<string[]> =>
    (await first.call('GET', '/rest/api/latest/admin/cluster')).body.nodes.map((node) => node.id);
  expect(await eventually(async () => (await ids()).length === 2 && ids())).toEqual([first.id, second.id]);
  second.process.signal('SIGTERM');
  expect(await second.process.exited).toBe(0);
  expect(await ids()).toEqual([first.id]);
});

test('a second cluster on the same home is recorded as a violation', async () => {
  const first = await site.start();
  await first.reaches('RUNNING');
  await (await site.start({ cluster: 'standby' })).reaches('RUNNING');
  await eventually(async () => existsSync(site.violationsFile));
  expect(readFileSync(site.violationsFile, 'utf8')).toContain('two clusters on one home');
});

test('young heartbeat files in a restored home are not mistaken for a living cluster', async () => {
  const ghost = { nodeId: 'i-ghost', cluster: 'gone', address: '127.0.0.1', port: 7990, version: '8.19.4' };
  const first = await site.start();
  await first.reaches('RUNNING');
  writeFileSync(
    join(site.sharedHome, '.cluster', 'i-ghost.json'),
    JSON.stringify({ ...ghost, state: 'ACTIVE', at: Date.now(), drainedFor: null }),
  );
  await (await site.start()).reaches('RUNNING');
  expect(existsSync(site.violationsFile)).toBe(false);
});

test('only what is in the stack parameter survives the boot of a node, and disaster.recovery runs the checks', async () => {
  const file = join(site.sharedHome, 'bitbucket.properties');
  writeFileSync(file, 'by.hand=1\n');
  const node = await site.start({ stackProperties: 'feature.x=1 disaster.recovery=true' });
  await node.reaches('RUNNING');
  expect(readFileSync(file, 'utf8')).toMatch(/feature\.x=1\ndisaster\.recovery=true/);
  expect(readFileSync(file, 'utf8')).not.toContain('by.hand');
  await eventually(async () => site.output().includes('Integrity checks have finished'));
});

test('a node of another version does not join while upgrade mode is off', async () => {
  await (await site.start()).reaches('RUNNING');
  await (await site.start({ version: '8.19.5' })).reaches('ERROR');
});
