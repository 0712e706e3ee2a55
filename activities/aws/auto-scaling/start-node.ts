import { DescribeScalingActivitiesCommand } from '@aws-sdk/client-auto-scaling';
import type { AutoScalingGroup, Instance } from '@aws-sdk/client-auto-scaling';

import type { PlannedCall, Problem, StepContext } from '../../../workflows/runbook/step';
import { startNode } from '../../../workflows/steps/nodes';
import type { RunningNodes, StartNode } from '../../../workflows/steps/nodes';
import type { Dependencies } from '../../dependencies';
import { needsPeople, terminal } from '../../errors';
import { implementStep } from '../../implement';
import type { StepImplementation } from '../../implement';
import { findInstances } from '../ec2/find-instances';
import { askAws } from '../errors';
import { isOurs, ownerTags } from '../ownership';
import { isRepeated, lookAgain } from '../pace';
import { lookTwice, noteMet } from '../unsettled';
import { formerNumbers } from './former-numbers';
import {
  about,
  findGroup,
  numbersOf,
  resume,
  sameNumbers,
  setNumbers,
  showInstances,
  showNumbers,
  suspend,
  suspendedOf,
  tagGroup,
} from './group';
import type { Numbers } from './group';
import { askStates, askViews } from './node-views';
import type { Node, NodeView } from './node-views';

/** [B §13.1 #10–#11, §13.8] */
export function startNodeImplementation(dependencies: Dependencies): StepImplementation {
  return implementStep<StartNode, RunningNodes>(startNode, {
    actions: [
      'autoscaling:DescribeAutoScalingGroups',
      'autoscaling:DescribeScalingActivities',
      'autoscaling:CreateOrUpdateTags',
      'autoscaling:ResumeProcesses',
      'autoscaling:SuspendProcesses',
      'autoscaling:UpdateAutoScalingGroup',
      'ec2:DescribeInstances',
    ],

    async check(input, context) {
      const group = await findGroup(dependencies, input);
      const done = group !== undefined && isSet(group, input) && isOurs(group.Tags, context);
      return {
        state: done ? 'done' : 'needed',
        before: group === undefined ? {} : { ...formerNumbers(group) },
        calls: group === undefined || done ? [] : callsOf(input, group),
        problems: problemsOf(input, group, context),
        output: { nodes: [] },
        ...(group === undefined ? {} : { undo: `set ${showNumbers(numbersOf(group))}` }),
        material: { count: input.count },
      };
    },

    async run(input, context) {
      const group = await existing(dependencies, input);
      const [problem] = problemsOf(input, group, context);
      if (problem !== undefined) throw terminal(`${problem.message} ${problem.remedy}`);
      // First of all: from here on the instances are known as this run's, whatever answer is lost.
      const name = { ...input, pace: context.pace };
      if (!isOurs(group.Tags, context)) await tagGroup(dependencies, name, ownerTags(context));
      // The numbers first: resumed with higher ones, the group would start all at once [B §9.2 #10].
      const wanted = wantedNumbers(input, group);
      if (!sameNumbers(numbersOf(group), wanted)) await setNumbers(dependencies, name, wanted);
      if (suspendedOf(group).includes('Launch')) await resume(dependencies, name, ['Launch']);
      return { nodes: [] };
    },

    async verify(input, _output, context) {
      const nodes = await inService(dependencies, input, context);
      await allRunning(input, nodes, context);
      const views = await viewsOf(dependencies, input, nodes);
      if (typeof views === 'string') {
        return {
          output: { nodes: nodes.map(({ id, address }) => ({ id, address, version: '' })) },
          facts: { nodes: nodes.length, version: null, state: 'RUNNING' },
          degraded: [`the node runs, what it says of its cluster was not seen: ${views}`],
        };
      }
      const sets = new Set(views.map((view) => view.sees.join(' ')));
      const whole = sets.size === 1 && views.every((view) => view.sees.length === input.count);
      if (!whole) {
        const seen = views.map((view) => `${view.id} sees ${view.sees.length}`).join(', ');
        throw lookAgain(`all ${input.count} nodes run; not one cluster yet: ${seen}`, context);
      }
      return {
        output: { nodes: views.map(({ id, address, version }) => ({ id, address, version })) },
        facts: { nodes: views.length, version: views[0]?.version ?? null, state: 'RUNNING' },
      };
    },

    async undo(input, { before, output }, context) {
      const group = await findGroup(dependencies, input);
      const { minimum, maximum, desired, launchSuspended } = before;
      if (
        group === undefined ||
        typeof minimum !== 'number' ||
        typeof maximum !== 'number' ||
        typeof desired !== 'number'
      ) {
        return { changed: false, facts: {} };
      }
      const former = { minimum, maximum, desired };
      const name = { ...input, pace: context.pace };
      const differs = !sameNumbers(numbersOf(group), former);
      if (differs) await setNumbers(dependencies, name, former);
      const left = await existing(dependencies, input);
      if ((left.Instances?.length ?? 0) > desired) {
        throw lookAgain(`stopping down to ${desired}: ${showInstances(left)}`, context);
      }
      const suspends = launchSuspended === true && !suspendedOf(left).includes('Launch');
      if (suspends) await suspend(dependencies, name, ['Launch']);
      if (differs || suspends) noteMet();
      else if (output === undefined) lookTwice(dependencies.aws, `a change of ${input.autoScalingGroup}`);
      return { changed: differs || suspends || isRepeated(), facts: { ...former } };
    },
  });
}

/** The nodes when as many as wanted are in service. */
async function inService(
  dependencies: Dependencies,
  input: StartNode,
  context: StepContext,
): Promise<readonly Node[]> {
  const group = await existing(dependencies, input);
  const ready = (group.Instances ?? []).filter((one) => one.LifecycleState === 'InService');
  if (ready.length < input.count) {
    // A launch that fails leaves no instance; where all are on their way the group's activities tell nothing.
    const onTheirWay = (group.Instances ?? []).filter(isComing).length;
    const trouble = onTheirWay < input.count ? await lastFailure(dependencies, input) : '';
    const instances = showInstances(group) || 'no instance yet';
    throw lookAgain(`${ready.length} of ${input.count} nodes in service: ${instances}${trouble}`, context);
  }
  const ids = ready.map((one) => one.InstanceId ?? '');
  const instances = await findInstances(
    dependencies,
    input.region,
    `instances of ${input.autoScalingGroup}`,
    {
      InstanceIds: ids,
    },
  );
  return instances.map((one) => ({ id: one.InstanceId ?? '', address: one.PrivateIpAddress ?? '' }));
}

function isComing({ LifecycleState: state }: Instance): boolean {
  return state === 'InService' || state?.startsWith('Pending') === true;
}

/**
 * What the nodes say of their cluster. One node alone needs no such proof: where the worker cannot sign in, the reason is
 * given instead. Two that do not see each other would write beside each other.
 */
async function viewsOf(
  { secrets }: Dependencies,
  input: StartNode,
  nodes: readonly Node[],
): Promise<readonly NodeView[] | string> {
  try {
    return await askViews(secrets, nodes, input.port, input.administrator);
  } catch (error) {
    if (input.count > 1 || !needsPeople(error)) throw error;
    return error instanceof Error ? error.message : String(error);
  }
}

async function allRunning(input: StartNode, nodes: readonly Node[], context: StepContext): Promise<void> {
  const states = await askStates(nodes, input.port);
  const wrong = states.find((one) => WRONG[one.state] !== undefined);
  if (wrong !== undefined) {
    throw terminal(
      `node ${wrong.id} (${wrong.address}) in ${input.region} says ${wrong.state}: ${WRONG[wrong.state] ?? ''}`,
    );
  }
  if (states.length < input.count || states.some((one) => one.state !== 'RUNNING')) {
    throw lookAgain(states.map((one) => `${one.id} ${one.state}`).join(', '), context);
  }
}

/** States that do not become RUNNING by waiting [B §2.1, §13.1 #11]. */
const WRONG: Readonly<Record<string, string>> = {
  FIRST_RUN:
    'it sees an empty database or home and offers its setup. Do not complete it: check which database and which ' +
    'shared home the node got.',
  MAINTENANCE: 'it is locked for maintenance. Lift the lock, then retry.',
  ERROR:
    'it could not start. Read its log; usual reasons are a read-only database, grants, the form of the JDBC address, NFS.',
};

function problemsOf(input: StartNode, group: AutoScalingGroup | undefined, context: StepContext): Problem[] {
  const what = `Auto Scaling group ${input.autoScalingGroup} in ${input.region}`;
  if (group === undefined) {
    return [
      {
        code: 'groupNotFound',
        message: `${what} does not exist.`,
        remedy: 'Correct the estate, or build the site.',
      },
    ];
  }
  const running = group.Instances?.length ?? 0;
  if (running === 0 || isOurs(group.Tags, context)) return [];
  if (input.afterStop === true && context.token === null) return [];
  if (input.count === 1) {
    return [
      {
        code: 'standbyHasRunningNodes',
        message: `${what} has ${running} instances that this run did not start: ${showInstances(group)}.`,
        remedy:
          'Find out who started them. Nodes of a standby must not run before the failover: stop them (desired 0), then retry.',
      },
    ];
  }
  if (running <= input.count) return [];
  return [
    {
      code: 'moreNodesThanWanted',
      message: `${what} has ${running} instances, wanted are ${input.count}.`,
      remedy: 'Start no more nodes, or stop the surplus ones first.',
    },
  ];
}

function isSet(group: AutoScalingGroup, input: StartNode): boolean {
  return (
    sameNumbers(numbersOf(group), wantedNumbers(input, group)) &&
    !suspendedOf(group).includes('Launch') &&
    (group.Instances ?? []).filter((one) => one.LifecycleState === 'InService').length >= input.count
  );
}

function wantedNumbers(input: StartNode, group: AutoScalingGroup): Numbers {
  return {
    minimum: input.count,
    maximum: Math.max(numbersOf(group).maximum, input.count),
    desired: input.count,
  };
}

async function existing(dependencies: Dependencies, input: StartNode): Promise<AutoScalingGroup> {
  const group = await findGroup(dependencies, input);
  if (group !== undefined) return group;
  throw terminal(
    `there is no Auto Scaling group ${input.autoScalingGroup} in ${input.region}. Correct the estate.`,
  );
}

/** Why the last launch failed, for the progress line: lack of capacity looks like slowness otherwise. */
async function lastFailure(dependencies: Dependencies, input: StartNode): Promise<string> {
  const reply = await askAws(about('read the activities of', input), () =>
    dependencies.aws
      .autoScaling(input.region)
      .send(
        new DescribeScalingActivitiesCommand({ AutoScalingGroupName: input.autoScalingGroup, MaxRecords: 1 }),
      ),
  );
  const [last] = reply.Activities ?? [];
  if (last === undefined || (last.StatusCode !== 'Failed' && last.StatusCode !== 'Cancelled')) return '';
  return `; the last launch failed: ${last.StatusMessage ?? last.Description ?? 'no reason given'}`;
}

function callsOf(input: StartNode, group: AutoScalingGroup): PlannedCall[] {
  const call = { service: 'autoscaling', region: input.region, target: input.autoScalingGroup };
  const wanted = wantedNumbers(input, group);
  return [
    { ...call, action: 'CreateOrUpdateTags' },
    {
      ...call,
      action: 'UpdateAutoScalingGroup',
      parameters: { MinSize: wanted.minimum, MaxSize: wanted.maximum, DesiredCapacity: wanted.desired },
    },
    ...(input.afterStop === true || suspendedOf(group).includes('Launch')
      ? [{ ...call, action: 'ResumeProcesses', parameters: { ScalingProcesses: 'Launch' } }]
      : []),
  ];
}
