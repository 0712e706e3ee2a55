import { BitbucketClient } from '../../../activities/bitbucket/client';
import { inCallScope } from '../../../activities/runbook/call-scope';
import type { OutgoingCall } from '../../../activities/runbook/call-scope';
import { WebServer } from './web-server';

const CREDENTIALS = { username: 'admin', password: 'pass:word' };
let server: WebServer;
const client = () =>
  new BitbucketClient({ baseUrl: `${server.url}/`, credentials: CREDENTIALS, timeoutSeconds: 1 });

beforeEach(async () => {
  server = await WebServer.start();
});
afterEach(() => server.stop());

describe('status', () => {
  it.each([
    ['RUNNING', { body: { state: 'RUNNING' } }, 'RUNNING', 200],
    ['FIRST_RUN with HTTP 200', { body: { state: 'FIRST_RUN' } }, 'FIRST_RUN', 200],
    ['MAINTENANCE with HTTP 200', { body: { state: 'MAINTENANCE' } }, 'MAINTENANCE', 200],
    ['STARTING', { status: 503, body: { state: 'STARTING' } }, 'STARTING', 503],
    ['ERROR', { status: 500, body: { state: 'ERROR' } }, 'ERROR', 500],
    ['a page with HTTP 200', { body: '<html><h1>RUNNING</h1></html>' }, 'other', 200],
    ['an empty 404', { status: 404 }, 'other', 404],
    ['RUNNING without HTTP 200', { status: 502, body: { state: 'RUNNING' } }, 'other', 502],
    ['JSON of something else', { body: { status: 'ok' } }, 'other', 200],
    ['a cut connection', { cut: true }, 'none', null],
    ['silence', { silent: true }, 'none', null],
  ])('reads %s by the body', async (_what, answer, state, httpStatus) => {
    server.routes['GET /status'] = answer;
    expect(await client().status()).toMatchObject({ state, httpStatus });
  });

  it('is none where nobody listens', async () => {
    const { url } = server;
    await server.stop();
    const status = await new BitbucketClient({ baseUrl: url }).status();
    expect(status).toMatchObject({
      state: 'none',
      httpStatus: null,
      detail: expect.stringContaining('ECONNREFUSED'),
    });
    server = await WebServer.start();
  });
});

it('asks an address directly under the public name', async () => {
  server.routes['GET /context/status'] = { body: { state: 'RUNNING' } };
  const options = { baseUrl: `http://git.bitbucket.lab:${server.port}/context`, timeoutSeconds: 1 };
  expect(await new BitbucketClient({ ...options, address: '127.0.0.1' }).status()).toMatchObject({
    state: 'RUNNING',
  });
  const resolved = new BitbucketClient({ ...options, address: async () => '127.0.0.1' });
  expect(await resolved.status()).toMatchObject({ state: 'RUNNING' });
  expect(server.seen.map((request) => request.headers.host)).toEqual(
    Array(2).fill(`git.bitbucket.lab:${server.port}`),
  );
});

it.each(['address', 'hostName'])('lists the cluster with the nodes spelled by %s', async (spelling) => {
  const node = { id: 'a', name: 'n', address: { [spelling]: '10.0.0.1', port: 5701 }, buildVersion: '9.2.0' };
  server.routes['GET /rest/api/latest/admin/cluster'] = {
    body: { localNode: node, nodes: [node], running: true },
  };
  expect(await client().cluster()).toEqual({
    localId: 'a',
    nodes: [{ id: 'a', name: 'n', address: '10.0.0.1', version: '9.2.0' }],
    running: true,
  });
  const [request] = server.seen;
  expect(request?.headers.authorization).toBe(`Basic ${Buffer.from('admin:pass:word').toString('base64')}`);
});

it('follows pages by nextPageStart, never by start + limit', async () => {
  const mirror = (id: string) => ({
    id,
    name: id,
    baseUrl: `http://${id}`,
    enabled: id !== 'b',
    lastSeenDate: 0,
  });
  server.routes['GET /rest/mirroring/latest/mirrorServers'] = ({ url }) => ({
    body: url.includes('start=7')
      ? { values: [mirror('b')], isLastPage: true, nextPageStart: null }
      : { values: [mirror('a')], isLastPage: false, nextPageStart: 7 },
  });
  expect(await client().mirrorServers()).toEqual([
    { id: 'a', name: 'a', url: 'http://a', enabled: true, lastSeenAt: '1970-01-01T00:00:00.000Z' },
    { id: 'b', name: 'b', url: 'http://b', enabled: false, lastSeenAt: '1970-01-01T00:00:00.000Z' },
  ]);
});

it('reads the license', async () => {
  server.routes['GET /rest/api/latest/admin/license'] = {
    body: {
      expiryDate: 0,
      daysBeforeExpiry: 3,
      maximumNumberOfUsers: 50,
      status: { currentNumberOfUsers: 7 },
    },
  };
  expect(await client().license()).toEqual({
    expiresAt: '1970-01-01T00:00:00.000Z',
    daysLeft: 3,
    users: 7,
    usersAllowed: 50,
  });
});

describe('failures', () => {
  const path = '/rest/api/latest/projects';
  const error = { errors: [{ context: null, message: 'You are not permitted', exceptionName: 'X' }] };

  it.each([
    [{ status: 401, body: error }, 'NeedsPerson', /admin.*HTTP 401|HTTP 401.*admin/],
    [{ status: 403, body: error }, 'NeedsPerson', /You are not permitted/],
    [
      {
        status: 401,
        headers: { 'x-authentication-denied-reason': 'CAPTCHA_CHALLENGE; login-url=…'.replace('…', 'x') },
      },
      'NeedsPerson',
      /CAPTCHA/,
    ],
    [{ status: 302, headers: { location: 'https://sso.example.com' } }, 'NeedsPerson', /sso\.example\.com/],
    [{ status: 404, body: error }, 'Terminal', /HTTP 404/],
    [{ status: 429, headers: { 'retry-after': '3' } }, 'NotYet', /rate limited/],
    [
      { status: 200, headers: { 'x-ausername': 'other' }, body: { values: [], isLastPage: true } },
      'NeedsPerson',
      /answered as other/,
    ],
  ])('%j is classified and worded', async (answer, type, message) => {
    server.routes[`GET ${path}`] = answer;
    await expect(client().projects()).rejects.toMatchObject({
      type,
      message: expect.stringMatching(message),
    });
    await expect(client().projects()).rejects.toMatchObject({
      message: expect.stringContaining(`GET ${server.url}${path}`),
    });
  });

  it.each([
    [{ status: 503, body: '<html>busy</html>' }, /HTTP 503 \(busy\)/],
    [{ status: 200, body: '<html>proxy</html>' }, /not as Bitbucket does/],
    [{ cut: true }, /no answer from/],
  ])('%j is transient', async (answer, message) => {
    server.routes[`GET ${path}`] = answer;
    const failure = await client()
      .projects()
      .catch((caught: unknown) => caught);
    expect(failure).toBeInstanceOf(Error);
    expect(failure).not.toHaveProperty('nonRetryable');
    expect(String(failure)).toMatch(message);
  });

  it('never shows the password', async () => {
    server.routes[`GET ${path}`] = { status: 401 };
    const failure = await client()
      .projects()
      .catch((caught: unknown) => caught);
    const basic = Buffer.from('admin:pass:word').toString('base64');
    expect(JSON.stringify(failure) + String(failure)).not.toMatch(new RegExp(`pass:word|${basic}`));
  });
});

it('announces each request, and sends no change without the lease', async () => {
  const calls: OutgoingCall[] = [];
  const scope = {
    signal: new AbortController().signal,
    count: (call: OutgoingCall) => void calls.push(call),
    confirmLease: () => Promise.reject(new Error('lease lost')),
  };
  server.routes['GET /rest/indexing/latest/status'] = { body: { status: 'IDLE' } };
  await inCallScope(scope, async () => {
    expect(await client().indexingStatus()).toBe('IDLE');
    await expect(client().startIndexing()).rejects.toThrow('lease lost');
  });
  expect(calls).toEqual([
    { service: 'bitbucket', action: 'GET /rest/indexing/latest/status', mutating: false },
  ]);
  expect(server.seen.map((request) => request.method)).toEqual(['GET']);
});

it('waits for the token of a lock beyond the time limit of a request, and through a cancel', async () => {
  const lock = 'POST /mvc/maintenance/lock';
  server.routes[lock] = { status: 202, body: { unlockToken: 'token' }, afterSeconds: 0.4 };
  const abort = new AbortController();
  const scope = { signal: abort.signal, count: () => undefined, confirmLease: async () => undefined };
  const hasty = new BitbucketClient({ baseUrl: server.url, timeoutSeconds: 0.1 });
  const locked = inCallScope(scope, () => hasty.lockForMaintenance(5));
  setTimeout(() => abort.abort(new Error('cancelled')), 50);
  expect(await locked).toBe('token');
  // What is cancelled before it is sent, is not sent.
  await expect(inCallScope(scope, () => hasty.lockForMaintenance(5))).rejects.toThrow('cancelled');
  expect(server.seen).toHaveLength(1);
});

it('ends at once when the activity is cancelled', async () => {
  server.routes['GET /status'] = { silent: true };
  const abort = new AbortController();
  const scope = { signal: abort.signal, count: () => undefined, confirmLease: async () => undefined };
  const slow = new BitbucketClient({ baseUrl: server.url, timeoutSeconds: 60 });
  const asked = inCallScope(scope, () => slow.status());
  const reason = new Error('cancelled');
  setTimeout(() => abort.abort(reason), 50);
  await expect(asked).rejects.toBe(reason);
});
