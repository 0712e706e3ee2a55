import {
  CreateAutoScalingGroupCommand,
  CreateLaunchConfigurationCommand,
  DescribeAutoScalingGroupsCommand,
  SetInstanceProtectionCommand,
  SuspendProcessesCommand,
  UpdateAutoScalingGroupCommand,
} from '@aws-sdk/client-auto-scaling';
import type { AutoScalingGroup } from '@aws-sdk/client-auto-scaling';
import { DescribeAlarmsCommand } from '@aws-sdk/client-cloudwatch';
import { MockActivityEnvironment } from '@temporalio/testing';
import { disableAutomationImplementation } from '../../../activities/aws/auto-scaling/disable-automation';
import { fenceNodesImplementation } from '../../../activities/aws/auto-scaling/fence-nodes';
import { findGroup } from '../../../activities/aws/auto-scaling/group';
import { startNodeImplementation } from '../../../activities/aws/auto-scaling/start-node';
import { findInstances } from '../../../activities/aws/ec2/find-instances';
import type { Dependencies } from '../../../activities/dependencies';
import { inCallScope } from '../../../activities/runbook/call-scope';
import type { DisableAutomation, FenceNodes, FenceResult } from '../../../workflows/steps/fence';
import type { RunningNodes, StartNode } from '../../../workflows/steps/nodes';
import type { Check } from '../../../workflows/runbook/step';
import { isFinding } from '../../../workflows/plan/verify/finding';
import { until } from '../../support/until';
import { ADMIN, AwsLab, STANDBY, ZONE } from './aws-lab';
import { putCpuAlarm } from './cpu-alarm';
import { codes, context, StepDriver } from './step-driver';

let lab: AwsLab;
let serial = 0;
let group: string;

beforeAll(async () => {
  lab = await AwsLab.start();
  await scaling().send(
    new CreateLaunchConfigurationCommand({
      LaunchConfigurationName: 'nodes',
      ImageId: 'ami-0bb1bb1bb1bb1bb10',
      InstanceType: 'm5.xlarge',
    }),
  );
});
afterAll(() => lab.stop());
afterEach(async () => {
  lab.gateway.faults.clear();
  lab.nodes.state = 'RUNNING';
  lab.nodes.sees = undefined;
  await scaling().send(
    new UpdateAutoScalingGroupCommand({
      AutoScalingGroupName: group,
      MinSize: 0,
      MaxSize: 0,
      DesiredCapacity: 0,
    }),
  );
  await until('an empty group', async () => ((await look()).Instances ?? []).length === 0 || undefined);
});

const scaling = () => lab.clients.autoScaling(STANDBY);

async function createGroup(count: number): Promise<void> {
  serial += 1;
  group = `nodes-${serial}`;
  await scaling().send(
    new CreateAutoScalingGroupCommand({
      AutoScalingGroupName: group,
      LaunchConfigurationName: 'nodes',
      MinSize: count,
      MaxSize: Math.max(count, 2),
      DesiredCapacity: count,
      AvailabilityZones: [ZONE],
    }),
  );
  await until('instances', async () => {
    const instances = (await look()).Instances ?? [];
    return (
      (instances.length === count && instances.every((one) => one.LifecycleState === 'InService')) ||
      undefined
    );
  });
}

async function look(): Promise<AutoScalingGroup> {
  const reply = await scaling().send(
    new DescribeAutoScalingGroupsCommand({ AutoScalingGroupNames: [group] }),
  );
  return reply.AutoScalingGroups![0]!;
}

const lookAtGroup = (dependencies: Dependencies) =>
  findGroup(dependencies, { region: STANDBY, autoScalingGroup: group });
const lookAtInstances = (dependencies: Dependencies) => findInstances(dependencies, STANDBY, 'instances', {});
const suspended = async () => (await look()).SuspendedProcesses!.map((one) => one.ProcessName).sort();
const numbers = (now: AutoScalingGroup) => [now.MinSize, now.MaxSize, now.DesiredCapacity];

describe('fenceNodes', () => {
  const input = (): FenceNodes => ({ site: 'old', region: STANDBY, autoScalingGroup: group });
  const fencer = (dependencies = lab.dependencies) =>
    new StepDriver<FenceNodes, FenceResult>(fenceNodesImplementation(dependencies), context('fenceNodes'));

  test('no instance is left, protected ones included, and only then Launch is suspended', async () => {
    await createGroup(2);
    await scaling().send(
      new SetInstanceProtectionCommand({
        AutoScalingGroupName: group,
        InstanceIds: (await look()).Instances!.map((one) => one.InstanceId!),
        ProtectedFromScaleIn: true,
      }),
    );
    await scaling().send(
      new SuspendProcessesCommand({ AutoScalingGroupName: group, ScalingProcesses: ['Terminate'] }),
    );
    const from = lab.ledgerLength;
    const driver = fencer();
    const check = await driver.check(input());
    expect(check).toMatchObject({
      state: 'needed',
      problems: [],
      before: { minimum: 2, maximum: 2, desired: 2, launchSuspended: false, instances: 2 },
    });
    lab.loseAnswers('UpdateAutoScalingGroup');
    const output = await lab.slowly(() => driver.run(input()));
    const proof = await driver.verify(input(), output);
    expect(proof).toMatchObject({ output: { proven: true }, facts: { instances: 0, launchSuspended: true } });
    expect(driver.progress.join('\n')).toMatch(/2 nodes are left: i-\w+ Terminating/);
    const changes = lab.changes(from);
    expect(changes.filter((one) => one === 'UpdateAutoScalingGroup')).toHaveLength(1);
    expect(changes.at(-1)).toBe('SuspendProcesses');
    const before = lab.ledgerLength;
    await driver.verify(input(), await driver.run(input()));
    expect(lab.changes(before)).toEqual([]);
    expect(await driver.check(input())).toMatchObject({ state: 'done', calls: [] });

    expect(await driver.undo(input(), check.before, output)).toMatchObject({ changed: true });
    expect(numbers(await look())).toEqual([2, 2, 2]);
    expect(await suspended()).not.toContain('Launch');
    expect(await driver.undo(input(), check.before, output)).toMatchObject({ changed: false });
  });

  test.each(['timeout', '503'] as const)(
    'an unreachable region (%s) is unproven within seconds',
    async (mode) => {
      await createGroup(0);
      lab.gateway.faults.regionDown(STANDBY, mode);
      const { dependencies, destroy } = lab.impatient();
      const driver = fencer(dependencies);
      const check = await driver.check(input());
      expect(check.problems).toMatchObject([{ code: 'fenceUnproven', consent: 'unprovenFence' }]);
      const output = await driver.runOnce(input());
      expect(output).toMatchObject({ proven: false, reason: expect.stringContaining(STANDBY) });
      expect((await driver.verifyOnce(input(), output)).output.proven).toBe(false);
      destroy();
      lab.gateway.faults.regionUp(STANDBY);
      // Nobody has set it, so that nobody needs to wait for it.
      expect((await fencer().verifyOnce(input(), output)).output).toEqual(output);
    },
  );

  test('the numbers of before are given back although the check could not see them', async () => {
    await createGroup(1);
    const driver = fencer();
    await driver.run(input());
    expect(await driver.undo(input(), {})).toMatchObject({ changed: true });
    expect(numbers(await look())).toEqual([1, 2, 1]);
  });

  test('a group that does not exist, mistyped or lost, passes with consent only and is never proven', async () => {
    await createGroup(0);
    const nobody = { ...input(), autoScalingGroup: 'nobody' };
    const check = await fencer().check(nobody);
    expect(check.problems).toMatchObject([{ code: 'groupNotFound', consent: 'unprovenFence' }]);
    const unproven = { proven: false, reason: `there is no Auto Scaling group nobody in ${STANDBY}` };
    expect(check.output).toEqual(unproven);
    expect(await fencer().run(nobody)).toEqual(unproven);
    expect((await fencer().verify(nobody)).output).toEqual(unproven);
  });

  test.each([
    ['a region that does not answer', 'ServiceUnavailable', 503, 'does not answer'],
    ['a role that may not look', 'AccessDenied', 403, 'does not let us look'],
  ])('%s is told in one line, the raw reason is a note', async (_what, code, status, words) => {
    await createGroup(0);
    lab.gateway.faults.add({
      match: { service: 'autoscaling', region: STANDBY },
      effect: { kind: 'error', code, status },
    });
    const { problems, notes } = await fencer().check(input());
    expect(problems).toMatchObject([
      {
        message: `${STANDBY} ${words}: it is unknown whether nodes of old run.`,
        remedy: expect.stringMatching(/^[^.]{1,110}\.$/),
        consent: 'unprovenFence',
      },
    ]);
    expect(notes).toEqual([expect.stringContaining(code)]);
    lab.gateway.faults.clear();
  });

  test('the plan believes the silence of a moment ago, the execution asks again', async () => {
    await createGroup(0);
    const { dependencies, destroy } = lab.impatient();
    lab.gateway.faults.regionDown(STANDBY, 'timeout');
    const silent = [lookAtGroup(dependencies), lookAtInstances(dependencies)];
    for (const look of silent) await expect(look).rejects.toMatchObject({ name: 'AwsUnreachable' });
    lab.gateway.faults.regionUp(STANDBY);
    // Another worker may have heard it answer meanwhile; this one has not.
    const step = fenceNodesImplementation(dependencies).parts;
    const from = lab.ledgerLength;
    const planned = await step.check(input(), { ...context('fenceNodes'), token: null });
    expect(planned.problems).toMatchObject([{ code: 'fenceUnproven' }]);
    expect(planned.notes).toEqual([expect.stringContaining('not asked again')]);
    expect(lab.ledgerLength).toBe(from);
    expect((await step.check(input(), context('fenceNodes'))).problems).toEqual([]);
    destroy();
  });

  test('an answer that is lost among others does not make the region unreachable: the attempt is repeated', async () => {
    await createGroup(1);
    const driver = fencer();
    await driver.check(input());
    const inAttempt = (): Promise<FenceResult> =>
      inCallScope(
        { signal: new AbortController().signal, count: () => undefined, confirmLease: async () => undefined },
        () => driver.runOnce(input()),
      );
    // The SDK sends twice by itself.
    lab.gateway.faults.add({
      match: { action: 'UpdateAutoScalingGroup' },
      times: 2,
      effect: { kind: 'dropBefore' },
    });
    await expect(inAttempt()).rejects.toMatchObject({ name: 'AwsUnreachable' });
    expect(await driver.verify(input(), await driver.run(input()))).toMatchObject({
      output: { proven: true },
    });
    const silence = lab.gateway.faults.add({
      match: { service: 'autoscaling' },
      effect: { kind: 'dropBefore' },
    });
    expect(await inAttempt()).toMatchObject({ proven: false });
    lab.gateway.faults.remove(silence);
  });

  test('a region that only answers with errors leaves the fence unproven at the third attempt', async () => {
    await createGroup(0);
    lab.gateway.faults.add({
      match: { service: 'autoscaling', region: STANDBY },
      effect: { kind: 'error', code: 'InternalFailure', status: 500 },
    });
    const attempt = (number: number) =>
      new MockActivityEnvironment({ attempt: number }).run((): Promise<Check<FenceResult>> =>
        fencer().check(input()),
      );
    await expect(attempt(2)).rejects.toMatchObject({ name: 'AwsTransient' });
    expect(await attempt(3)).toMatchObject({
      problems: [{ code: 'fenceUnproven', message: expect.stringContaining('answers with errors') }],
    });
    lab.gateway.faults.clear();
  });

  test('a change that is refused because another one is going on is repeated at the pace of the step', async () => {
    await createGroup(1);
    lab.gateway.faults.add({
      match: { action: 'UpdateAutoScalingGroup' },
      times: 1,
      effect: { kind: 'error', code: 'ScalingActivityInProgress', status: 400 },
    });
    const failure: unknown = await fencer()
      .runOnce(input())
      .catch((error: unknown) => error);
    expect(failure).toMatchObject({ type: 'NotYet' });
    // The pace of these tests allows 5 s at the most; without it the wait would be 15 s.
    expect((failure as { nextRetryDelay: number }).nextRetryDelay).toBeLessThanOrEqual(5500);
  });
});

describe('disableAutomation', () => {
  const input = (alarms: readonly string[]): DisableAutomation => ({
    site: 'old',
    region: STANDBY,
    autoScalingGroup: group,
    alarms,
  });
  const driver = (dependencies = lab.dependencies) =>
    new StepDriver<DisableAutomation, FenceResult>(
      disableAutomationImplementation(dependencies),
      context('disableAutomation'),
    );
  const putAlarm = (name: string, enabled: boolean) => putCpuAlarm(lab.clients, name, enabled);
  async function enabled(): Promise<Record<string, boolean>> {
    const { MetricAlarms } = await lab.clients.cloudWatch(STANDBY).send(new DescribeAlarmsCommand({}));
    return Object.fromEntries(MetricAlarms!.map((one) => [one.AlarmName!, one.ActionsEnabled!]));
  }

  test('disables what is enabled, and undo enables only that', async () => {
    await createGroup(0);
    await putAlarm('cpu-high', true);
    await putAlarm('cpu-low', false);
    await scaling().send(
      new SuspendProcessesCommand({ AutoScalingGroupName: group, ScalingProcesses: ['AZRebalance'] }),
    );
    const { check, first } = await driver().twice(input(['cpu-high', 'cpu-low', 'gone']));
    expect(check).toMatchObject({
      state: 'needed',
      before: { processes: 'AlarmNotification,ScheduledActions,ReplaceUnhealthy', alarms: 'cpu-high' },
      notes: [expect.stringContaining('gone')],
    });
    expect(first.output.proven).toBe(true);
    expect(await suspended()).toEqual([
      'AZRebalance',
      'AlarmNotification',
      'ReplaceUnhealthy',
      'ScheduledActions',
    ]);
    expect(await enabled()).toMatchObject({ 'cpu-high': false, 'cpu-low': false });
    const undo = () => driver().undo(input(['cpu-high', 'cpu-low', 'gone']), check.before);
    expect(await undo()).toMatchObject({ changed: true });
    expect(await suspended()).toEqual(['AZRebalance']);
    expect(await enabled()).toMatchObject({ 'cpu-high': true, 'cpu-low': false });
    expect(await undo()).toMatchObject({ changed: false });
  });

  test('an unreachable region is unproven', async () => {
    await createGroup(0);
    lab.gateway.faults.regionDown(STANDBY, '503');
    const check = await driver().check(input(['cpu-high']));
    expect(codes(check)).toEqual(['fenceUnproven']);
    expect((await driver().runOnce(input(['cpu-high']))).proven).toBe(false);
    lab.gateway.faults.regionUp(STANDBY);
  });
});

describe('startNode', () => {
  const input = (count: number): StartNode => ({
    region: STANDBY,
    autoScalingGroup: group,
    count,
    port: 7990,
    administrator: ADMIN,
  });
  const starter = (step = 'startNode.1', workflow?: string) =>
    new StepDriver<StartNode, RunningNodes>(
      startNodeImplementation(lab.dependencies),
      context(step, workflow),
    );

  test('starts one node, then a second one, and stops them again', async () => {
    await createGroup(0);
    await scaling().send(
      new SuspendProcessesCommand({ AutoScalingGroupName: group, ScalingProcesses: ['Launch'] }),
    );
    lab.loseAnswers('UpdateAutoScalingGroup');
    const from = lab.ledgerLength;
    const one = starter();
    const { check, first, second } = await one.twice(input(1));
    expect(check).toMatchObject({
      state: 'needed',
      problems: [],
      before: { desired: 0, launchSuspended: true },
    });
    expect(first.output.nodes).toMatchObject([{ id: expect.stringMatching(/^i-/), version: '9.4.1' }]);
    expect(second).toEqual(first);
    expect(lab.changes(from)).toEqual(['CreateOrUpdateTags', 'UpdateAutoScalingGroup', 'ResumeProcesses']);
    expect(one.progress.join('\n')).toMatch(/0 of 1 nodes in service: (no instance yet|i-\w+ Pending)/);

    const two = starter('startNode.2');
    const before = (await two.check(input(2))).before;
    expect(before).toMatchObject({ minimum: 1, desired: 1 });
    const both = await two.verify(input(2), await two.run(input(2)));
    expect(both.output.nodes).toHaveLength(2);
    expect(await two.undo(input(2), before)).toMatchObject({ changed: true });
    expect((await look()).Instances).toHaveLength(1);
    expect(await two.undo(input(2), before)).toMatchObject({ changed: false });
    expect(await one.undo(input(1), check.before)).toMatchObject({ changed: true });
    expect(await suspended()).toEqual(['Launch']);
  });

  test('nodes that this run did not start are in the way of the first one', async () => {
    await createGroup(1);
    const check = await starter('startNode.1', 'other/2').check(input(1));
    expect(codes(check)).toEqual(['standbyHasRunningNodes']);
    await expect(starter('startNode.1', 'other/2').run(input(1))).rejects.toMatchObject({ type: 'Terminal' });
    expect(codes(await starter().check({ ...input(1), autoScalingGroup: 'nobody' }))).toEqual([
      'groupNotFound',
    ]);
  });

  test('more nodes than wanted are a problem', async () => {
    await createGroup(3);
    expect(codes(await starter('startNode.2').check(input(2)))).toEqual(['moreNodesThanWanted']);
  });

  test.each(['FIRST_RUN', 'MAINTENANCE', 'ERROR'])('a node that says %s ends the wait', async (state) => {
    await createGroup(0);
    lab.nodes.state = state;
    const driver = starter();
    const output = await driver.run(input(1));
    const failure = (await driver.verify(input(1), output).catch((error: unknown) => error)) as Error;
    expect(failure).toMatchObject({ type: 'Terminal', message: expect.stringContaining(state) });
    // Of these a trial takes two for the backup's fault.
    expect(isFinding('startNode.1', failure.message)).toBe(state !== 'MAINTENANCE');
  });

  test('one node whose cluster nobody can be asked about is good enough; two are not', async () => {
    await createGroup(0);
    const blind = (count: number): StartNode => ({
      ...input(count),
      administrator: { username: 'admin', password: 'env:NOT_THERE' },
    });
    const driver = starter();
    await driver.run(blind(1));
    expect(await driver.verify(blind(1))).toMatchObject({
      output: { nodes: [{ id: expect.stringMatching(/^i-/), version: '' }] },
      degraded: [expect.stringContaining('cannot sign in as admin')],
    });
    const second = starter('startNode.2');
    await second.run(blind(2));
    await expect(second.verify(blind(2))).rejects.toMatchObject({ type: 'NeedsPerson' });
  });

  test('nodes that do not see each other are no cluster', async () => {
    await createGroup(0);
    lab.nodes.sees = () => 1;
    const driver = starter();
    await driver.run(input(2));
    await until('two running nodes', async () => {
      const failure = await driver.verifyOnce(input(2)).catch((error: Error) => error.message);
      return typeof failure === 'string' && failure.includes('not one cluster yet') ? true : undefined;
    });
    lab.nodes.sees = undefined;
    expect((await driver.verify(input(2))).output.nodes).toHaveLength(2);
  });
});
