import { MockActivityEnvironment } from '@temporalio/testing';
import { firstAnswer } from '../../../activities/bitbucket/first-answer';
import { lockBitbucketImplementation } from '../../../activities/bitbucket/lock-bitbucket';
import { unlockBitbucketImplementation } from '../../../activities/bitbucket/unlock-bitbucket';
import { attempt } from '../../../activities/runbook/attempt';
import type { LeaseKeeper } from '../../../activities/runbook/lease';
import { AwsClients } from '../../../activities/aws/clients';
import { context, dependenciesOf } from '../aws/step-driver';
import { WebServer } from './web-server';
import type { Answer } from './web-server';

const LOCK = '/mvc/maintenance/lock';
const TOKEN = 'token';
const aws = new AwsClients();
const dependencies = dependenciesOf(aws);
let first: WebServer;
let second: WebServer;

beforeEach(async () => {
  [first, second] = await Promise.all([WebServer.start(), WebServer.start()]);
});
afterEach(() => Promise.all([first.stop(), second.stop()]));
afterAll(() => aws.destroy());

const asked = () => ({
  nodes: [first.url, second.url],
  administrator: { username: 'admin', password: 'env:ADMIN' },
});
const about = context('lockBitbucket');
const lockStep = lockBitbucketImplementation(dependencies).parts;
const unlockStep = unlockBitbucketImplementation(dependencies).parts;
const undo = (output?: object) => lockStep.undo!(asked(), { before: {}, output }, about);
const deleted = (node: WebServer) => node.seen.some(({ method }) => method === 'DELETE');

/** Every path of the node answers like this. */
function answers(node: WebServer, answer: Answer): void {
  for (const request of [
    'GET /status',
    ...['GET', 'POST', 'DELETE'].map((method) => `${method} ${LOCK}`),
    'GET /mvc/maintenance',
  ])
    node.routes[request] = answer;
}

/** A healthy node of an instance that is locked until it is unlocked. */
function locked(node: WebServer): void {
  let isLocked = true;
  node.routes = {
    'GET /status': () => ({ body: { state: isLocked ? 'MAINTENANCE' : 'RUNNING' } }),
    [`GET ${LOCK}`]: () => (isLocked ? { body: { owner: { name: 'admin' } } } : { status: 404 }),
    'GET /mvc/maintenance': { body: {} },
    [`DELETE ${LOCK}`]: () => {
      const answer = { status: isLocked ? 202 : 404 };
      isLocked = false;
      return answer;
    },
  };
}

/** A healthy node of an instance that is not locked. */
function free(node: WebServer): void {
  node.routes = { 'GET /status': { body: { state: 'RUNNING' } } };
}

const BROKEN: readonly (readonly [string, Answer])[] = [
  ['is starting', { status: 503, body: { state: 'STARTING' } }],
  ['has failed', { status: 500, body: { state: 'ERROR' } }],
  ['redirects', { status: 302, headers: { location: 'https://elsewhere.example.com' } }],
  ['shows a page', { body: '<html>back soon</html>' }],
  ['has no web application', { status: 404 }],
  ['cuts the connection', { cut: true }],
];

describe.each(BROKEN)('where the first node %s', (_what, answer) => {
  beforeEach(() => answers(first, answer));

  it('the undo of the lock unlocks at the next', async () => {
    locked(second);
    expect(await undo({ unlockToken: TOKEN })).toEqual({ changed: true, facts: { unlocked: true } });
  });

  it('the unlock, and its proof, go by the next', async () => {
    locked(second);
    const input = { ...asked(), unlockToken: TOKEN };
    await expect(unlockStep.verify(input, undefined, about)).rejects.toMatchObject({ type: 'NotYet' });
    expect(await unlockStep.run!(input, about)).toEqual({ unlocked: true });
    expect(deleted(second)).toBe(true);
    expect((await unlockStep.verify(input, undefined, about)).facts).toEqual({ locked: false });
  });

  it('a lock whose token was lost is seen at the next', async () => {
    locked(second);
    await expect(undo()).rejects.toMatchObject({ type: 'NeedsPerson' });
    expect((await lockStep.check(asked(), about)).problems).toMatchObject([{ code: 'lockedBySomebody' }]);
  });

  it('nothing has to be undone where the next one serves users without a lock', async () => {
    free(second);
    expect(await undo()).toMatchObject({ changed: false });
  });
});

describe('that Bitbucket is not locked is believed', () => {
  it.each([
    ['of no node without its web application', { status: 404 }],
    ['of no node that starts', { status: 503, body: { state: 'STARTING' } }],
  ])('%s', async (_what, status) => {
    // Only the lock is answered as if there were none.
    for (const node of [first, second]) node.routes = { 'GET /status': status };
    for (const output of [undefined, { unlockToken: TOKEN }])
      await expect(undo(output)).rejects.toMatchObject({ type: 'NotYet' });
    await expect(
      unlockStep.verify({ ...asked(), unlockToken: TOKEN }, undefined, about),
    ).rejects.toMatchObject({ type: 'NotYet' });
    // A restart of all nodes has ended it.
    for (const node of [first, second]) free(node);
    for (const output of [undefined, { unlockToken: TOKEN }])
      expect(await undo(output)).toMatchObject({ changed: false });
  });

  it('of no node that came back without it, while another is in maintenance', async () => {
    free(first);
    answers(second, { status: 503 });
    second.routes['GET /status'] = { body: { state: 'MAINTENANCE' } };
    await expect(undo({ unlockToken: TOKEN })).rejects.toMatchObject({
      type: 'NotYet',
      message: expect.stringContaining(`${second.url} is in maintenance`),
    });
  });
});

describe('where every node fails', () => {
  it.each([
    [{ status: 503 }, undefined],
    [{ status: 302, headers: { location: 'https://elsewhere.example.com' } }, 'NeedsPerson'],
    [{ body: '<html>proxy</html>' }, undefined],
    [{ cut: true }, undefined],
  ])('%j of the last one is what it counts as', async (answer, type) => {
    answers(first, { status: 503 });
    answers(second, answer);
    const ask = () => firstAnswer(dependencies, asked(), (client) => client.maintenanceLock());
    for (const work of [ask, undo]) {
      const failure = await work().catch((caught: unknown) => caught);
      expect(failure).toBeInstanceOf(Error);
      expect((failure as { type?: string }).type).toBe(type);
      expect(String(failure)).toContain(new URL(second.url).host);
    }
  });

  it('an undo comes to its end: people are asked, as for any other that fails', async () => {
    for (const node of [first, second]) answers(node, { cut: true });
    const lease = { confirm: () => Promise.resolve() } as unknown as LeaseKeeper;
    const heartbeatDetails = { calls: { total: 0, mutating: 0, byRegion: {} }, faults: 7 };
    const environment = new MockActivityEnvironment({ heartbeatDetails });
    const last = environment.run(() => attempt(lease, about, 'bounded', () => undo({ unlockToken: TOKEN })));
    await expect(last).rejects.toMatchObject({
      type: 'NeedsPerson',
      message: expect.stringMatching(/failed 8 times, at last: .*no answer from/),
    });
  });
});

it('a wrong password is tried at one node only', async () => {
  for (const node of [first, second]) {
    answers(node, { status: 401 });
    node.routes['GET /status'] = { body: { state: 'RUNNING' } };
  }
  await expect(undo({ unlockToken: TOKEN })).rejects.toMatchObject({ type: 'NeedsPerson' });
  expect(second.seen.filter(({ headers }) => headers.authorization !== undefined)).toEqual([]);
});

describe('the token', () => {
  const lease = { confirm: () => Promise.resolve() } as unknown as LeaseKeeper;
  const lock = (environment: MockActivityEnvironment) =>
    environment.run(() => attempt(lease, about, 'bounded', () => lockStep.run!(asked(), about)));
  const budget = (milliseconds: number) => ({
    startToCloseTimeoutMs: milliseconds,
    scheduleToCloseTimeoutMs: milliseconds,
  });
  beforeEach(() => [first, second].forEach(free));

  it('of a lock that was being set gets into the history when the run is cancelled', async () => {
    const environment = new MockActivityEnvironment(budget(60_000));
    first.routes[`POST ${LOCK}`] = () => {
      environment.cancel();
      return { status: 202, body: { unlockToken: TOKEN }, afterSeconds: 0.3 };
    };
    expect(await lock(environment)).toMatchObject({ value: { unlockToken: TOKEN } });
  });

  it('is waited for until shortly before the attempt is given up, and not beyond', async () => {
    first.routes[`POST ${LOCK}`] = { silent: true };
    const startedAt = performance.now();
    await expect(lock(new MockActivityEnvironment(budget(2000)))).rejects.toMatchObject({
      name: 'NoAnswer',
    });
    const took = performance.now() - startedAt;
    expect(took).toBeGreaterThan(1500);
    expect(took).toBeLessThan(2000);
  });
});
