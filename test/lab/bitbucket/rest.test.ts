import { eventually } from './eventually';
import { PostgresServer } from './postgres-server';
import { DEVELOPER, Site } from './site';
import type { Body, Node } from './site';

let server: PostgresServer;
let site: Site;
let node: Node;

beforeAll(async () => {
  server = await PostgresServer.start();
});
afterAll(() => server.remove());
beforeEach(async () => {
  site = await Site.seed(server);
  node = await site.start();
  await node.reaches('RUNNING');
});
afterEach(() => site.remove());

test('refusals have the documented shape and codes', async () => {
  const shape = {
    errors: [{ context: null, message: expect.any(String), exceptionName: expect.any(String) }],
  };
  expect(await node.call('GET', '/rest/api/latest/admin/cluster', { as: null })).toEqual({
    status: 401,
    body: shape,
  });
  expect((await node.call('GET', '/rest/api/latest/admin/cluster', { as: DEVELOPER })).status).toBe(401);
  expect((await node.call('GET', '/rest/zdu/cluster', { as: DEVELOPER })).status).toBe(403);
  expect((await node.call('POST', '/mvc/maintenance/lock', { as: DEVELOPER })).status).toBe(403);
  const bearer = await node.call('GET', '/rest/zdu/cluster', {
    as: null,
    headers: { authorization: 'Bearer t' },
  });
  expect(bearer.status).toBe(401);
  expect(await node.call('GET', '/rest/nowhere')).toEqual({ status: 404, body: shape });
});

test('both spellings of the version answer', async () => {
  for (const version of ['latest', '1.0'])
    expect(
      (await node.call('GET', `/rest/api/${version}/application-properties`, { as: null })).body,
    ).toMatchObject({ version: '8.19.4', buildNumber: '8019004', displayName: 'Bitbucket' });
});

test('administration: cluster, license, banner, mail server, mesh', async () => {
  const base = '/rest/api/latest/admin';
  const self = { id: node.id, name: node.id, buildVersion: '8.19.4', local: true };
  expect((await node.call('GET', `${base}/cluster`)).body).toMatchObject({
    localNode: self,
    nodes: [self],
    running: true,
  });
  expect((await node.call('GET', `${base}/license`)).body).toMatchObject({
    daysBeforeExpiry: 364,
    status: { currentNumberOfUsers: 2 },
  });
  expect((await node.call('GET', `${base}/banner`)).status).toBe(204);
  expect((await node.call('PUT', `${base}/banner`, { body: { audience: 'ME', message: 'x' } })).status).toBe(
    400,
  );
  expect((await node.call('PUT', `${base}/banner`, { body: { audience: 'ALL', message: 'x' } })).status).toBe(
    204,
  );
  expect((await node.call('GET', `${base}/banner`)).body).toEqual({
    audience: 'ALL',
    enabled: true,
    message: 'x',
  });
  expect((await node.call('DELETE', `${base}/banner`)).status).toBe(204);
  expect((await node.call('GET', `${base}/mail-server`)).status).toBe(404);
  await node.call('PUT', `${base}/mail-server`, { body: { hostname: 'mail.lab', password: 'p' } });
  expect((await node.call('GET', `${base}/mail-server`)).body).toEqual({ hostname: 'mail.lab' });
  expect((await node.call('DELETE', `${base}/mail-server`)).status).toBe(204);
  expect((await node.call('GET', `${base}/git/mesh/nodes`)).body).toEqual([]);
});

test('projects and repositories are created once and listed page by page', async () => {
  const base = '/rest/api/latest/projects';
  expect((await node.call('POST', base, { body: { key: 'NEW', name: 'New' } })).status).toBe(201);
  expect((await node.call('POST', base, { body: { key: 'NEW' } })).status).toBe(409);
  expect((await node.call('POST', base, { body: { key: 'X1' }, as: DEVELOPER })).status).toBe(401);
  expect((await node.call('POST', `${base}/NEW/repos`, { body: { name: 'Some Thing' } })).body).toMatchObject(
    {
      slug: 'some-thing',
      project: { key: 'NEW' },
    },
  );
  const first = (await node.call('GET', `${base}/PROJ/repos?limit=1`, { as: DEVELOPER })).body;
  expect(first).toMatchObject({ size: 1, isLastPage: false, nextPageStart: 1, values: [{ slug: 'one' }] });
  const last = (await node.call('GET', `${base}/PROJ/repos?limit=1&start=1`)).body;
  expect(last).toMatchObject({ isLastPage: true, values: [{ slug: 'two' }] });
  expect((await node.call('GET', `${base}/NONE/repos`)).status).toBe(404);
});

test('all nodes are locked, drained and unlocked together, and the tokens are checked', async () => {
  const other = await site.start();
  await other.reaches('RUNNING');
  expect((await node.call('GET', '/mvc/maintenance/lock')).status).toBe(404);
  const lock = await node.call('POST', '/mvc/maintenance/lock');
  expect(lock.status).toBe(202);
  const token: string = lock.body.unlockToken;
  const headers = { 'x-atlassian-maintenance-token': token };
  expect((await other.call('POST', '/mvc/maintenance/lock')).status).toBe(409);
  expect(await other.reaches('MAINTENANCE')).toEqual({ code: 200, state: 'MAINTENANCE' });
  expect((await other.call('GET', '/rest/api/latest/projects')).status).toBe(503);

  expect((await node.call('POST', '/mvc/admin/backups?external=true')).status).toBe(409);
  const backup = await node.call('POST', '/mvc/admin/backups?external=true', { headers });
  expect(backup.status).toBe(202);
  await eventually(async () => {
    const { body } = await other.call('GET', '/mvc/maintenance', { headers });
    expect(body).toMatchObject({ task: { state: 'RUNNING' }, 'db-state': 'DRAINED', 'scm-state': 'DRAINED' });
  });
  const progress = (percentage: number): Promise<{ status: number }> =>
    node.call('POST', `/mvc/admin/backups/progress/client?token=${token}&percentage=${percentage}`);
  expect((await progress(50)).status).toBe(202);
  expect((await progress(100)).status).toBe(202);
  expect((await node.call('GET', '/mvc/maintenance', { headers })).body.task.state).toBe('SUCCESSFUL');
  expect(await node.status()).toEqual({ code: 200, state: 'MAINTENANCE' });

  expect((await node.call('DELETE', '/mvc/maintenance/lock?token=wrong')).status).toBe(409);
  expect((await other.call('DELETE', `/mvc/maintenance/lock?token=${token}`)).status).toBe(202);
  await node.reaches('RUNNING');
});

test('cancelling the backup task does not unlock', async () => {
  const { body } = await node.call('POST', '/mvc/maintenance/lock');
  const headers = { 'x-atlassian-maintenance-token': body.unlockToken };
  const { cancelToken } = (await node.call('POST', '/mvc/admin/backups?external=true', { headers })).body;
  expect((await node.call('POST', `/mvc/maintenance?token=${cancelToken}`)).status).toBe(202);
  expect((await node.call('GET', '/mvc/maintenance', { headers })).body).toMatchObject({
    task: { state: 'CANCELED' },
    'scm-state': 'AVAILABLE',
  });
  expect((await node.status()).state).toBe('MAINTENANCE');
});

test('a rolling upgrade goes through its states and only forward', async () => {
  const post = (what: string): Promise<{ status: number; body: Body }> =>
    node.call('POST', `/rest/zdu/${what}`);
  const state = async (at: Node): Promise<string> => (await at.call('GET', '/rest/zdu/cluster')).body.state;
  expect(await state(node)).toBe('STABLE');
  expect((await post('approve')).status).toBe(409);
  expect((await post('start')).body).toMatchObject({ upgradeModeEnabled: true, state: 'READY_TO_UPGRADE' });
  expect((await post('start')).status).toBe(409);
  expect((await post('cancel')).body.state).toBe('STABLE');
  await post('start');

  const upgraded = await site.start({ version: '8.19.5' });
  await upgraded.reaches('RUNNING');
  await eventually(async () => (await state(node)) === 'MIXED');
  expect((await post('cancel')).status).toBe(409);
  await node.process.stop();
  const { body } = await upgraded.call('GET', `/rest/zdu/nodes/${node.id}`);
  expect(body).toMatchObject({ state: 'OFFLINE', version: '8.19.4', local: false });
  expect(await state(upgraded)).toBe('READY_TO_RUN_UPGRADE_TASKS');
  expect((await upgraded.call('POST', '/rest/zdu/approve')).body.state).toBe('RUNNING_UPGRADE_TASKS');
  await eventually(async () => (await state(upgraded)) === 'STABLE');
  expect((await upgraded.call('GET', '/rest/zdu/cluster')).body).toMatchObject({
    upgradeModeEnabled: false,
    nodes: [{ id: upgraded.id }],
  });
});

test('mirrors: requests are decided once, accepted ones become mirrors', async () => {
  const base = '/rest/mirroring/latest';
  const ask = (id: string): Promise<{ status: number; body: Body }> =>
    node.call('POST', `${base}/requests`, {
      as: null,
      body: {
        mirrorId: id,
        mirrorName: id,
        mirrorBaseUrl: 'http://m',
        mirrorType: 'FARM',
        productVersion: '8.19.4',
      },
    });
  const request = (await ask('m-2')).body;
  expect((await ask('m-2')).status).toBe(409);
  expect((await node.call('GET', `${base}/requests?state=PENDING`)).body.values).toEqual([request]);
  expect((await node.call('POST', `${base}/requests/${request.id}/accept`)).body).toMatchObject({
    id: 'm-2',
  });
  expect((await node.call('POST', `${base}/requests/${request.id}/reject`)).status).toBe(409);
  expect((await node.call('GET', `${base}/requests/99`)).status).toBe(409);
  const { values } = (await node.call('GET', `${base}/mirrorServers`)).body;
  expect(values).toMatchObject([
    { id: 'mirror-1', name: 'Farm', enabled: true, lastSeenDate: expect.any(Number) },
    { id: 'm-2', mirrorType: 'FARM' },
  ]);
});

test('a rebuild of the index is seen from every node and ends by itself', async () => {
  const other = await site.start();
  await other.reaches('RUNNING');
  const path = '/rest/indexing/latest';
  expect((await node.call('GET', `${path}/status`)).body).toEqual({ status: 'IDLE' });
  expect((await node.call('POST', `${path}/sync`)).body).toEqual({ status: 'INDEXING' });
  expect((await other.call('GET', `${path}/status`)).body).toEqual({ status: 'INDEXING' });
  await eventually(async () => (await other.call('GET', `${path}/status`)).body.status === 'IDLE');
});
