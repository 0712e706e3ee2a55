import { disableAutomationImplementation } from '../../../activities/aws/auto-scaling/disable-automation';
import { VirtualClock } from '../../../lab/clock/virtual-clock';
import type { Gateway } from '../../../lab/gateway/gateway';
import type { AwsCall, AwsReply, Handler } from '../../../lab/gateway/overlay';
import { protocolOf } from '../../../lab/gateway/parse-call';
import { cborReply, jsonReply, queryReply } from '../../../lab/gateway/reply';
import type { DisableAutomation, FenceResult } from '../../../workflows/steps/fence';
import { startBareGateway } from '../../support/bare-gateway';
import { STANDBY } from './aws-lab';
import { inCallScope } from '../../../activities/runbook/call-scope';
import { clientsOf, context, dependenciesOf, soon, StepDriver } from './step-driver';

const PROCESSES = ['AlarmNotification', 'ScheduledActions', 'AZRebalance', 'ReplaceUnhealthy'];

let gateway: Gateway;
let suspended: readonly string[];
/** Composite alarms by name: whether their actions are enabled. The emulator has none. */
let composite: Map<string, boolean>;

beforeEach(async () => {
  composite = new Map([['whole', true]]);
  suspended = PROCESSES;
  gateway = await startBareGateway(new VirtualClock(100), [
    {
      service: 'autoscaling',
      handlers: {
        DescribeAutoScalingGroups: async (call) => {
          const SuspendedProcesses = { member: suspended.map((ProcessName) => ({ ProcessName })) };
          return queryReply(call, {
            AutoScalingGroups: { member: [{ AutoScalingGroupName: 'nodes', SuspendedProcesses }] },
          });
        },
      },
    },
    {
      service: 'monitoring',
      handlers: {
        // "If you omit this parameter, only metric alarms are returned, even if composite alarms exist" (DescribeAlarms).
        DescribeAlarms: async (call) => {
          const { AlarmNames = [], AlarmTypes = ['MetricAlarm'] } = call.parameters as {
            AlarmNames?: string[];
            AlarmTypes?: string[];
          };
          const told = AlarmTypes.includes('CompositeAlarm') ? AlarmNames : [];
          return answer(call, {
            MetricAlarms: [],
            CompositeAlarms: told
              .filter((name) => composite.has(name))
              .map((AlarmName) => ({ AlarmName, ActionsEnabled: composite.get(AlarmName) })),
          });
        },
        DisableAlarmActions: switching(false),
        EnableAlarmActions: switching(true),
      },
    },
  ]);
});
afterEach(() => gateway.stop());

test('a composite alarm of the estate is disabled, and enabled again by the undo', async () => {
  const aws = clientsOf(gateway.url);
  const driver = new StepDriver<DisableAutomation, FenceResult>(
    disableAutomationImplementation(dependenciesOf(aws)),
    context('disableAutomation'),
  );
  const input = { site: 'old', region: STANDBY, autoScalingGroup: 'nodes', alarms: ['whole'] };
  const { check, first } = await driver.twice(input);
  expect(check).toMatchObject({ state: 'needed', before: { alarms: 'whole' }, notes: [] });
  expect([first.output.proven, composite.get('whole')]).toEqual([true, false]);
  expect(await driver.undo(input, check.before)).toMatchObject({ changed: true });
  expect(composite.get('whole')).toBe(true);
  aws.destroy();
});

test('what was on before a look without an answer is not known: the undo says what is off, and enables nothing', async () => {
  composite.set('whole', false);
  const aws = clientsOf(gateway.url);
  const driver = new StepDriver<DisableAutomation, FenceResult>(
    disableAutomationImplementation(dependenciesOf(aws)),
    context('disableAutomation'),
  );
  const input = { site: 'old', region: STANDBY, autoScalingGroup: 'nodes', alarms: ['whole'] };
  const undone = await driver.undo(input, {});
  expect(undone).toMatchObject({
    changed: false,
    followUp: expect.stringMatching(/^Look whether AlarmNotification, .+, whole of nodes in .+ are to be on/),
  });
  expect(await driver.undo(input, { processes: '', alarms: '' })).not.toHaveProperty('followUp');
  aws.destroy();
});

test('automation that is on right after it was switched off may be a stale answer; later somebody switched it on', async () => {
  suspended = PROCESSES.slice(1);
  const aws = clientsOf(gateway.url);
  const { parts } = disableAutomationImplementation(dependenciesOf(aws));
  const input = { site: 'old', region: STANDBY, autoScalingGroup: 'nodes', alarms: [] };
  const look = (after: number) =>
    soon(after, async () =>
      parts.verify(input, { proven: true, reason: null }, context('disableAutomation')),
    );
  await expect(look(1)).rejects.toMatchObject({ type: 'NotYet' });
  await expect(look(61)).rejects.toMatchObject({
    type: 'Terminal',
    message: expect.stringContaining('Find out who enabled it'),
  });
  aws.destroy();
});

test('Auto Scaling that stays silent while CloudWatch answers is given up at the third attempt, and asks nobody', async () => {
  gateway.faults.add({ match: { service: 'autoscaling' }, effect: { kind: 'dropBefore' } });
  const aws = clientsOf(gateway.url);
  const { parts } = disableAutomationImplementation(dependenciesOf(aws));
  const input = { site: 'old', region: STANDBY, autoScalingGroup: 'nodes', alarms: ['whole'] };
  const notes = {};
  const attempt = () =>
    inCallScope(
      {
        signal: new AbortController().signal,
        count: () => undefined,
        confirmLease: async () => undefined,
        notes,
      },
      () => parts.run!(input, context('disableAutomation')),
    );
  await expect(attempt()).rejects.toMatchObject({ name: 'AwsUnreachable' });
  await expect(attempt()).rejects.toMatchObject({ name: 'AwsUnreachable' });
  expect(await attempt()).toMatchObject({
    proven: false,
    reason: expect.stringContaining('Auto Scaling group'),
  });
  aws.destroy();
});

function switching(enabled: boolean): Handler {
  return async (call) => {
    const { AlarmNames = [] } = call.parameters as { AlarmNames?: string[] };
    for (const name of AlarmNames) composite.set(name, enabled);
    return answer(call, {});
  };
}

function answer(call: AwsCall, value: object): AwsReply {
  return protocolOf(call) === 'cbor' ? cborReply(value) : jsonReply(value);
}
