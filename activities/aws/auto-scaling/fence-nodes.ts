import {
  SetInstanceProtectionCommand,
  TerminateInstanceInAutoScalingGroupCommand,
} from '@aws-sdk/client-auto-scaling';
import type { AutoScalingGroup, Instance } from '@aws-sdk/client-auto-scaling';

import type { PlannedCall, StepContext, Verified } from '../../../workflows/runbook/step';
import { fenceNodes } from '../../../workflows/steps/fence';
import type { FenceNodes, FenceResult } from '../../../workflows/steps/fence';
import type { Dependencies } from '../../dependencies';
import { terminal } from '../../errors';
import { implementStep } from '../../implement';
import type { StepImplementation } from '../../implement';
import { askAws } from '../errors';
import {
  checkFence,
  missing,
  missingCheck,
  givenUp,
  PROVEN,
  unproven,
  unprovenIfUnreachable,
} from '../fence-answer';
import { lookAgain, mayBeStale } from '../pace';
import { lookTwice } from '../unsettled';
import type { GroupName } from './group';
import { formerNumbers, readFormer, rememberFormer } from './former-numbers';
import {
  about,
  findGroup,
  launchesOf,
  NONE,
  numbersOf,
  resume,
  sameNumbers,
  setNumbers,
  showInstances,
  showNumbers,
  suspend,
  suspendedOf,
} from './group';

/** [B §13.1 #3] Numbers to 0, wait until nothing is left, then suspend Launch. */
export function fenceNodesImplementation(dependencies: Dependencies): StepImplementation {
  return implementStep<FenceNodes, FenceResult>(fenceNodes, {
    actions: [
      'autoscaling:DescribeAutoScalingGroups',
      'autoscaling:CreateOrUpdateTags',
      'autoscaling:UpdateAutoScalingGroup',
      'autoscaling:SetInstanceProtection',
      'autoscaling:TerminateInstanceInAutoScalingGroup',
      'autoscaling:SuspendProcesses',
      'autoscaling:ResumeProcesses',
    ],

    check: (input, context) =>
      checkFence(
        { what: `nodes of ${input.site} run`, region: input.region, context, calls: callsOf(input) },
        async () => {
          const group = await findGroup(dependencies, input);
          if (group === undefined) return missingCheck('groupNotFound', groupOf(input), input.region);
          const before = formerNumbers(group);
          const done = isFenced(group);
          const running = group.Instances?.length ?? 0;
          return {
            state: done ? 'done' : 'needed',
            before: { ...before, instances: running },
            calls: done ? [] : callsOf(input),
            problems: [],
            output: PROVEN,
            undo: `resume Launch and set ${showNumbers(before)}`,
          };
        },
      ),

    run: (input, context) =>
      unprovenIfUnreachable(
        async () => {
          const group = await findGroup(dependencies, input);
          if (group === undefined) return unproven(missing(groupOf(input), input.region));
          if (isFenced(group)) return PROVEN;
          const name = { ...input, pace: context.pace };
          await rememberFormer(dependencies, name, group, context);
          if (!sameNumbers(numbersOf(group), NONE)) await setNumbers(dependencies, name, NONE);
          await letGo(dependencies, name, group, context);
          const now = await existing(dependencies, input);
          if ((now.Instances?.length ?? 0) > 0) throw stillThere(now, context);
          if (!suspendedOf(now).includes('Launch')) await suspend(dependencies, name, ['Launch']);
          return PROVEN;
        },
        (result) => result,
      ),

    verify: (input, output, context) =>
      unprovenIfUnreachable<Verified<FenceResult>>(
        async () => {
          const group = await findGroup(dependencies, input);
          if (group === undefined) {
            const reason = missing(groupOf(input), input.region);
            return { output: unproven(reason), facts: { proven: false, reason } };
          }
          if (output?.proven === false && !isFenced(group)) return givenUp(output);
          if ((group.Instances?.length ?? 0) > 0) throw stillThere(group, context);
          const found = launchesOf(group);
          if (found !== null) {
            const state = `the nodes of ${input.site} are not fenced: ${input.autoScalingGroup} in ${input.region} has ${found}`;
            if (mayBeStale()) throw lookAgain(state, context);
            throw terminal(
              `${state}. Somebody or something changed it after the fence was set; find out who, then retry.`,
            );
          }
          return {
            output: PROVEN,
            facts: { ...numbersOf(group), instances: 0, launchSuspended: true },
          };
        },
        (result) => ({ output: result, facts: { proven: false, reason: result.reason } }),
      ),

    async undo(input, { before, output }, context) {
      const group = await existing(dependencies, input);
      const former = readFormer(group, before, context);
      if (former === undefined || !sameNumbers(numbersOf(group), NONE)) {
        if (output === undefined) lookTwice(dependencies.aws, `a change of ${input.autoScalingGroup}`);
        return { changed: false, facts: { ...numbersOf(group) } };
      }
      const numbers = { minimum: former.minimum, maximum: former.maximum, desired: former.desired };
      const launches = suspendedOf(group).includes('Launch') && !former.launchSuspended;
      const name = { ...input, pace: context.pace };
      if (launches) await resume(dependencies, name, ['Launch']);
      const differs = !sameNumbers(numbersOf(group), numbers);
      if (differs) await setNumbers(dependencies, name, numbers);
      const changed = launches || differs;
      return {
        changed,
        facts: numbers,
        ...(changed && numbers.desired > 0 ? { followUp: lookAfter(input) } : {}),
      };
    },
  });
}

function isFenced(group: AutoScalingGroup): boolean {
  return launchesOf(group) === null && (group.Instances?.length ?? 0) === 0;
}

/**
 * Where the scale-in protection can be lifted. One instance in another state refuses the call for all: "The instance i-… is
 * not in InService or EnteringStandby or Standby" (github.com/guardian/riff-raff, pull request 510; Pending:Wait:
 * infrahouse/infrahouse-toolkit, issue 223).
 */
const LIFTABLE: readonly (string | undefined)[] = ['InService', 'EnteringStandby', 'Standby'];

/** Whose protection keeps it alive, and can be lifted now. What starts or ends is left to the next look. */
function isGuarded({ ProtectedFromScaleIn, LifecycleState }: Instance): boolean {
  return ProtectedFromScaleIn === true && LIFTABLE.includes(LifecycleState);
}

/** What keeps instances alive although 0 are wanted: suspended Terminate, scale-in protection, standby. */
async function letGo(
  dependencies: Dependencies,
  input: GroupName,
  group: AutoScalingGroup,
  context: StepContext,
): Promise<void> {
  if (suspendedOf(group).includes('Terminate')) await resume(dependencies, input, ['Terminate']);
  const client = dependencies.aws.autoScaling(input.region);
  const guarded = (group.Instances ?? []).filter(isGuarded);
  if (guarded.length > 0) {
    await askAws(
      about('lift the scale-in protection in', input),
      async () => {
        await client.send(
          new SetInstanceProtectionCommand({
            AutoScalingGroupName: input.autoScalingGroup,
            InstanceIds: guarded.map((one) => one.InstanceId ?? ''),
            ProtectedFromScaleIn: false,
          }),
        );
      },
      {
        // One of them has left its state since the look.
        invalid: ({ message }) => {
          throw lookAgain(`the scale-in protection stays on for now: ${message}`, context);
        },
      },
    );
  }
  for (const one of group.Instances ?? []) {
    if (one.LifecycleState !== 'Standby' || one.InstanceId === undefined) continue;
    const id = one.InstanceId;
    await askAws(
      {
        ...about('terminate a standby instance of', input),
        resource: `standby instance ${id}`,
        doing: 'terminate',
      },
      () =>
        client.send(
          new TerminateInstanceInAutoScalingGroupCommand({
            InstanceId: id,
            ShouldDecrementDesiredCapacity: false,
          }),
        ),
    );
  }
}

function stillThere(group: AutoScalingGroup, context: StepContext): Error {
  const count = group.Instances?.length ?? 0;
  return lookAgain(
    `${count} ${count === 1 ? 'node is' : 'nodes are'} left: ${showInstances(group)}`,
    context,
  );
}

/** They boot into whatever the disaster left; the database may still be down. */
function lookAfter({ site, region, autoScalingGroup }: FenceNodes): string {
  return (
    `Look in some minutes whether the nodes of ${site} serve (${autoScalingGroup} in ${region}). One that boots without ` +
    'its database or its home stays in state ERROR, and a group that asks EC2 alone keeps it. Once they are back, end ' +
    'such a node and the group starts another: aws autoscaling terminate-instance-in-auto-scaling-group ' +
    `--region ${region} --no-should-decrement-desired-capacity --instance-id ID`
  );
}

function groupOf({ autoScalingGroup }: FenceNodes): string {
  return `Auto Scaling group ${autoScalingGroup}`;
}

async function existing(dependencies: Dependencies, input: FenceNodes): Promise<AutoScalingGroup> {
  const group = await findGroup(dependencies, input);
  if (group !== undefined) return group;
  throw terminal(
    `there is no Auto Scaling group ${input.autoScalingGroup} in ${input.region}: correct the estate, or skip this ` +
      'step if the site has no nodes.',
  );
}

function callsOf(input: FenceNodes): PlannedCall[] {
  const call = { service: 'autoscaling', region: input.region, target: input.autoScalingGroup };
  return [
    { ...call, action: 'CreateOrUpdateTags', parameters: { 'runbooks:former': 'the numbers of before' } },
    { ...call, action: 'UpdateAutoScalingGroup', parameters: { MinSize: 0, MaxSize: 0, DesiredCapacity: 0 } },
    { ...call, action: 'SuspendProcesses', parameters: { ScalingProcesses: 'Launch' } },
  ];
}
