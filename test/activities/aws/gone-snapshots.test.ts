import { lookAtMembers } from '../../../activities/aws/backup/part-kinds';
import type { AwsClients } from '../../../activities/aws/clients';
import { tagSnapshot } from '../../../activities/aws/ec2/snapshot-sets';
import { inCallScope } from '../../../activities/runbook/call-scope';
import { VirtualClock } from '../../../lab/clock/virtual-clock';
import type { Gateway } from '../../../lab/gateway/gateway';
import { AwsFault } from '../../../lab/gateway/overlay';
import { ec2Reply } from '../../../lab/gateway/reply';
import { startBareGateway } from '../../support/bare-gateway';
import { STANDBY } from './aws-lab';
import { clientsOf, dependenciesOf, soon } from './step-driver';

const MEMBERS = [{ kind: 'ebs', name: 'home', id: 'snap-1' }] as const;

let gateway: Gateway;
let aws: AwsClients;
let isThere: boolean;

beforeEach(async () => {
  isThere = false;
  gateway = await startBareGateway(new VirtualClock(100), [
    {
      service: 'ec2',
      handlers: {
        DescribeSnapshots: async (call) =>
          ec2Reply(call, {
            snapshotSet: { item: isThere ? [{ snapshotId: 'snap-1', status: 'pending' }] : [] },
          }),
        CreateTags: async () => {
          throw new AwsFault('InvalidSnapshot.NotFound', "The snapshot 'snap-1' does not exist.");
        },
      },
    },
  ]);
  aws = clientsOf(gateway.url);
});
afterEach(async () => {
  aws.destroy();
  await gateway.stop();
});

/** One look after the other of one wait, so long after its begin. */
function looks(secondsAgo: number) {
  const scope = {
    signal: new AbortController().signal,
    count: () => undefined,
    confirmLease: async () => undefined,
    notes: {},
  };
  return (): ReturnType<typeof lookAtMembers> =>
    soon(secondsAgo, () => inCallScope(scope, () => lookAtMembers(dependenciesOf(aws), STANDBY, MEMBERS)));
}

test('a snapshot that three looks in a row do not find is gone; one look may be a slip', async () => {
  const look = looks(600);
  const pending = { failed: {}, pending: ['home snap-1 is not visible'] };
  expect(await look()).toMatchObject(pending);
  expect(await look()).toMatchObject(pending);
  isThere = true;
  expect(await look()).toMatchObject({ failed: {}, pending: ['home pending'] });
  isThere = false;
  expect(await look()).toMatchObject(pending);
  expect(await look()).toMatchObject(pending);
  expect((await look()).failed).toEqual({ 'snap-1': 'home snap-1 is gone: somebody has deleted it' });
});

test('one that was made a moment ago may not be seen yet, however often it is looked for', async () => {
  const look = looks(5);
  for (let time = 0; time < 5; time += 1) expect((await look()).failed).toEqual({});
});

test('its tags are set again later when it is not found right after it was made', async () => {
  const tag = () => tagSnapshot(dependenciesOf(aws), STANDBY, 'snap-1', [{ Key: 'a', Value: 'b' }]);
  await expect(soon(1, tag)).rejects.toMatchObject({ type: 'NotYet' });
  await expect(soon(61, tag)).rejects.toMatchObject({ type: 'Terminal' });
});
