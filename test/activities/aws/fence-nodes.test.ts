import { fenceNodesImplementation } from '../../../activities/aws/auto-scaling/fence-nodes';
import type { AwsClients } from '../../../activities/aws/clients';
import { VirtualClock } from '../../../lab/clock/virtual-clock';
import type { Gateway } from '../../../lab/gateway/gateway';
import { AwsFault } from '../../../lab/gateway/overlay';
import type { Handler } from '../../../lab/gateway/overlay';
import { listMembers, queryReply } from '../../../lab/gateway/reply';
import type { FenceNodes, FenceResult } from '../../../workflows/steps/fence';
import { startBareGateway } from '../../support/bare-gateway';
import { STANDBY } from './aws-lab';
import { clientsOf, context, dependenciesOf, soon, StepDriver } from './step-driver';

interface Node {
  lifecycle: string;
  guarded: boolean;
}

/** A group whose instances stay in the state that a test gives them. */
let nodes: Record<string, Node>;
let numbers: { MinSize: number; MaxSize: number; DesiredCapacity: number };
let suspended: string[];
let gateway: Gateway;
let aws: AwsClients;

const input: FenceNodes = { site: 'old', region: STANDBY, autoScalingGroup: 'nodes' };
const driver = () =>
  new StepDriver<FenceNodes, FenceResult>(
    fenceNodesImplementation(dependenciesOf(aws)),
    context('fenceNodes'),
  );

const describeGroups: Handler = async (call) => {
  const member = Object.entries(nodes).map(([InstanceId, { lifecycle, guarded }]) => ({
    InstanceId,
    LifecycleState: lifecycle,
    ProtectedFromScaleIn: guarded,
  }));
  const SuspendedProcesses = { member: suspended.map((ProcessName) => ({ ProcessName })) };
  const group = { AutoScalingGroupName: 'nodes', ...numbers, Instances: { member }, SuspendedProcesses };
  return queryReply(call, { AutoScalingGroups: { member: [group] } });
};

/** All or none (github.com/guardian/riff-raff, pull request 510). */
const setProtection: Handler = async (call) => {
  const ids = listMembers(call.parameters, 'InstanceIds');
  const wrong = ids.find((id) => !/^(InService|EnteringStandby|Standby)$/.test(nodes[id]!.lifecycle));
  if (wrong !== undefined)
    throw new AwsFault(
      'ValidationError',
      `The instance ${wrong} is not in InService or EnteringStandby or Standby.`,
    );
  for (const id of ids) nodes[id]!.guarded = false;
  return queryReply(call, {});
};

beforeEach(async () => {
  nodes = {};
  numbers = { MinSize: 0, MaxSize: 0, DesiredCapacity: 0 };
  suspended = [];
  const done: Handler = async (call) => queryReply(call, {});
  const handlers = {
    DescribeAutoScalingGroups: describeGroups,
    SetInstanceProtection: setProtection,
    CreateOrUpdateTags: done,
  };
  gateway = await startBareGateway(new VirtualClock(100), [{ service: 'autoscaling', handlers }]);
  aws = clientsOf(gateway.url);
});
afterEach(async () => {
  aws.destroy();
  await gateway.stop();
});

test.each(['Terminating', 'Terminating:Wait', 'Pending', 'Pending:Wait'])(
  'a protected instance that is %s does not keep the protection of the others on',
  async (lifecycle) => {
    nodes = {
      'i-1': { lifecycle, guarded: true },
      'i-2': { lifecycle: 'InService', guarded: true },
      'i-3': { lifecycle: 'EnteringStandby', guarded: true },
    };
    await expect(driver().runOnce(input)).rejects.toMatchObject({
      type: 'NotYet',
      message: expect.stringContaining('3 nodes are left'),
    });
    expect(Object.values(nodes).map(({ guarded }) => guarded)).toEqual([true, false, false]);
    // What was starting is looked at again.
    nodes['i-1']!.lifecycle = 'InService';
    await expect(driver().runOnce(input)).rejects.toMatchObject({ type: 'NotYet' });
    expect(nodes['i-1']!.guarded).toBe(false);
  },
);

test('an instance that leaves its state right after the look is looked at again, in the words of AWS', async () => {
  nodes = { 'i-1': { lifecycle: 'InService', guarded: true } };
  const message = 'The instance i-1 is not in InService or EnteringStandby or Standby.';
  gateway.faults.add({
    match: { action: 'SetInstanceProtection' },
    times: 1,
    effect: { kind: 'error', code: 'ValidationError', status: 400, message },
  });
  await expect(driver().runOnce(input)).rejects.toMatchObject({
    type: 'NotYet',
    message: expect.stringContaining(message),
  });
});

test('a group that is open right after its fence may be a stale answer; one that stays open was opened', async () => {
  const look = (after: number) =>
    soon(after, () => driver().verifyOnce(input, { proven: true, reason: null }));
  await expect(look(1)).rejects.toMatchObject({ type: 'NotYet' });
  await expect(look(61)).rejects.toMatchObject({
    type: 'Terminal',
    message: expect.stringContaining('suspended: nothing. Somebody or something changed it'),
  });
  suspended = ['Launch'];
  expect(await look(1)).toMatchObject({ output: { proven: true } });
});
