import { awaitRegionImplementation } from '../../../activities/aws/site/await-region';
import { inCallScope } from '../../../activities/runbook/call-scope';
import { VirtualClock } from '../../../lab/clock/virtual-clock';
import type { Gateway } from '../../../lab/gateway/gateway';
import { ec2Reply, queryReply } from '../../../lab/gateway/reply';
import type { AwaitRegion, Enough } from '../../../workflows/steps/await-region';
import { startBareGateway } from '../../support/bare-gateway';
import { PRIMARY } from './aws-lab';
import { clientsOf, context, dependenciesOf } from './step-driver';

let gateway: Gateway;
/** What an attempt leaves for the next one. */
let notes: Record<string, unknown>;

beforeEach(async () => {
  notes = {};
  gateway = await startBareGateway(new VirtualClock(100), [
    {
      service: 'autoscaling',
      handlers: {
        DescribeAutoScalingGroups: async (call) => queryReply(call, { AutoScalingGroups: { member: [] } }),
      },
    },
    {
      service: 'rds',
      handlers: {
        DescribeDBInstances: async (call) => queryReply(call, { DBInstances: { DBInstance: [] } }),
      },
    },
    {
      service: 'ec2',
      handlers: { DescribeInstances: async (call) => ec2Reply(call, { reservationSet: { item: [] } }) },
    },
  ]);
});
afterEach(() => gateway.stop());

const SITE = { site: 'old', region: PRIMARY, autoScalingGroup: 'nodes' };
const WHOLE: AwaitRegion = { ...SITE, databaseId: 'old-db', fileServerId: 'i-1' };

async function look(input: AwaitRegion) {
  const aws = clientsOf(gateway.url, 1);
  const { parts } = awaitRegionImplementation(dependenciesOf(aws));
  const scope = {
    signal: new AbortController().signal,
    count: () => undefined,
    confirmLease: async () => undefined,
    notes,
  };
  try {
    return await inCallScope(scope, () => parts.verify(input, undefined, context('awaitRegion')));
  } finally {
    aws.destroy();
  }
}

const seen = (enough: Enough) =>
  look({ ...WHOLE, enough }).then(
    () => true,
    () => false,
  );

function silence(...services: readonly string[]): void {
  for (const service of services)
    gateway.faults.add({
      match: { service },
      effect: { kind: 'error', code: 'ServiceUnavailable', status: 503 },
    });
}

test('a region of which nothing answers is waited for', async () => {
  silence('autoscaling', 'rds', 'ec2');
  await expect(look(WHOLE)).rejects.toMatchObject({ type: 'NotYet', message: `${PRIMARY} does not answer` });
  expect(await seen('settled')).toBe(false);
});

test.each(['autoscaling', 'rds', 'ec2'])(
  '%s alone is a sign of life, and not the whole region',
  async (one) => {
    silence(...['autoscaling', 'rds', 'ec2'].filter((service) => service !== one));
    expect(await seen('any')).toBe(true);
    expect(await seen('all')).toBe(false);
    expect(await seen('settled')).toBe(false);
  },
);

test('a region that answers whole is back for everybody, also when it knows none of what was lost', async () => {
  for (const enough of ['any', 'settled', 'all'] as const) expect(await seen(enough)).toBe(true);
});

test('a refusal is an answer, an error of AWS itself is none', async () => {
  silence('rds', 'ec2');
  const match = { service: 'autoscaling' };
  const refusal = gateway.faults.add({ match, effect: { kind: 'error', code: 'AccessDenied', status: 403 } });
  expect(await seen('any')).toBe(true);
  gateway.faults.remove(refusal);
  gateway.faults.add({ match, effect: { kind: 'error', code: 'InternalFailure', status: 500 } });
  expect(await seen('any')).toBe(false);
});

test('a part that has answered for ten minutes settles it, one that was away in between does not', async () => {
  silence('autoscaling');
  const minutes = 60_000;
  // The pace of these tests is 1 s at its fastest where that of an estate is 3 s.
  const settledAfter = (10 * minutes) / 3;
  jest.useFakeTimers({ doNotFake: ['setTimeout', 'setImmediate', 'nextTick', 'queueMicrotask'], now: 0 });
  try {
    expect(await seen('settled')).toBe(false);
    jest.setSystemTime(settledAfter - 1000);
    expect(await seen('settled')).toBe(false);
    silence('rds', 'ec2');
    expect(await seen('settled')).toBe(false);
    gateway.faults.clear();
    silence('autoscaling');
    jest.setSystemTime(settledAfter + 1000);
    expect(await seen('settled')).toBe(false);
    jest.setSystemTime(2 * settledAfter + 2000);
    expect(await seen('settled')).toBe(true);
  } finally {
    jest.useRealTimers();
  }
});

test('what was begun by an earlier version asks for the group alone', async () => {
  silence('rds', 'ec2');
  expect(await look(SITE)).toMatchObject({ output: { answeredAt: expect.stringContaining('T') } });
});
