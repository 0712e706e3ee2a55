import {
  DescribeAlarmsCommand,
  DisableAlarmActionsCommand,
  EnableAlarmActionsCommand,
} from '@aws-sdk/client-cloudwatch';

import type { Facts, PlannedCall, Verified } from '../../../workflows/runbook/step';
import { disableAutomation } from '../../../workflows/steps/fence';
import type { DisableAutomation, FenceResult } from '../../../workflows/steps/fence';
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
import { findGroup, resume, suspend, suspendedOf } from './group';

/** What would start, stop or replace nodes by itself. Launch and Terminate belong to `fenceNodes`. */
const PROCESSES = ['AlarmNotification', 'ScheduledActions', 'AZRebalance', 'ReplaceUnhealthy'] as const;

interface Automation {
  readonly found: boolean;
  /** Of ours, those that run. */
  readonly processes: readonly string[];
  /** Named alarms whose actions are enabled. */
  readonly alarms: readonly string[];
  readonly missing: readonly string[];
}

/** [B §13.1 #4] */
export function disableAutomationImplementation(dependencies: Dependencies): StepImplementation {
  return implementStep<DisableAutomation, FenceResult>(disableAutomation, {
    actions: [
      'autoscaling:DescribeAutoScalingGroups',
      'autoscaling:SuspendProcesses',
      'autoscaling:ResumeProcesses',
      'cloudwatch:DescribeAlarms',
      'cloudwatch:DisableAlarmActions',
      'cloudwatch:EnableAlarmActions',
    ],

    check: (input, context) =>
      checkFence(
        {
          what: `the automation of ${input.site} is off`,
          region: input.region,
          context,
          calls: callsOf(input, PROCESSES, input.alarms),
        },
        async () => {
          const active = await look(dependencies, input);
          if (!active.found) return missingCheck('groupNotFound', groupOf(input), input.region);
          const calls = callsOf(input, active.processes, active.alarms);
          return {
            state: calls.length === 0 ? 'done' : 'needed',
            before: { processes: active.processes.join(','), alarms: active.alarms.join(',') },
            calls,
            problems: [],
            output: PROVEN,
            undo: 'resume the processes and enable the alarm actions that this step stopped',
            notes: active.missing.map((name) => `there is no alarm ${name} in ${input.region}`),
          };
        },
      ),

    run: (input, context) =>
      unprovenIfUnreachable(
        async () => {
          const active = await look(dependencies, input);
          if (active.processes.length > 0)
            await suspend(dependencies, { ...input, pace: context.pace }, active.processes);
          if (active.alarms.length > 0) await switchAlarms(dependencies, input, active.alarms, false);
          return active.found ? PROVEN : unproven(missing(groupOf(input), input.region));
        },
        (result) => result,
      ),

    verify: (input, output, context) =>
      unprovenIfUnreachable<Verified<FenceResult>>(
        async () => {
          const active = await look(dependencies, input);
          const left = [...active.processes, ...active.alarms];
          if (left.length > 0 && output?.proven === false) return givenUp(output);
          if (left.length > 0) {
            const state = `automation of ${input.autoScalingGroup} in ${input.region} is active`;
            if (mayBeStale()) throw lookAgain(`${state}: ${left.join(', ')}`, context);
            throw terminal(`${state} again: ${left.join(', ')}. Find out who enabled it, then retry.`);
          }
          if (!active.found) {
            const reason = missing(groupOf(input), input.region);
            return { output: unproven(reason), facts: { proven: false, reason } };
          }
          return { output: PROVEN, facts: { suspended: PROCESSES.join(','), alarms: input.alarms.length } };
        },
        (result) => ({ output: result, facts: { proven: false, reason: result.reason } }),
      ),

    async undo(input, { before }, context) {
      const active = await look(dependencies, input);
      const processes = listed(before.processes).filter((one) => !active.processes.includes(one));
      const alarms = listed(before.alarms).filter(
        (one) => !active.alarms.includes(one) && !active.missing.includes(one),
      );
      if (processes.length > 0) await resume(dependencies, { ...input, pace: context.pace }, processes);
      if (alarms.length > 0) await switchAlarms(dependencies, input, alarms, true);
      const followUp = unseen(input, before, active);
      return {
        changed: processes.length + alarms.length > 0,
        facts: { resumed: processes.join(','), enabled: alarms.join(',') },
        ...(followUp === undefined ? {} : { followUp }),
      };
    },
  });
}

/** Nobody knows what to enable again where the look before the run got no answer. */
function unseen(input: DisableAutomation, before: Facts, now: Automation): string | undefined {
  if (typeof before.processes === 'string' || !now.found) return undefined;
  const off = [...PROCESSES, ...input.alarms].filter(
    (name) => ![...now.processes, ...now.alarms, ...now.missing].includes(name),
  );
  return off.length === 0
    ? undefined
    : `Look whether ${off.join(', ')} of ${input.autoScalingGroup} in ${input.region} are to be on: they are off, and what was before could not be seen.`;
}

function groupOf({ autoScalingGroup }: DisableAutomation): string {
  return `Auto Scaling group ${autoScalingGroup}`;
}

async function look(dependencies: Dependencies, input: DisableAutomation): Promise<Automation> {
  const [group, alarms] = await Promise.all([
    findGroup(dependencies, input),
    describeAlarms(dependencies, input),
  ]);
  const suspended = group === undefined ? PROCESSES : suspendedOf(group);
  return {
    found: group !== undefined,
    processes: PROCESSES.filter((one) => !suspended.includes(one)),
    alarms: input.alarms.filter((name) => alarms.get(name) === true),
    missing: input.alarms.filter((name) => !alarms.has(name)),
  };
}

/** Alarm name → whether its actions are enabled. Without `AlarmTypes` CloudWatch tells of metric alarms only. */
async function describeAlarms(
  dependencies: Dependencies,
  input: DisableAutomation,
): Promise<ReadonlyMap<string, boolean>> {
  if (input.alarms.length === 0) return new Map();
  const reply = await askAws(
    { doing: 'describe', resource: `alarms ${input.alarms.join(', ')}`, region: input.region },
    () =>
      dependencies.aws.cloudWatch(input.region).send(
        new DescribeAlarmsCommand({
          AlarmNames: [...input.alarms],
          AlarmTypes: ['MetricAlarm', 'CompositeAlarm'],
          MaxRecords: 100,
        }),
      ),
  );
  const all = [...(reply.MetricAlarms ?? []), ...(reply.CompositeAlarms ?? [])];
  return new Map(all.map((alarm) => [alarm.AlarmName ?? '', alarm.ActionsEnabled ?? true]));
}

async function switchAlarms(
  dependencies: Dependencies,
  input: DisableAutomation,
  names: readonly string[],
  enable: boolean,
): Promise<void> {
  const client = dependencies.aws.cloudWatch(input.region);
  const alarms = { AlarmNames: [...names] };
  await askAws(
    {
      doing: `${enable ? 'enable' : 'disable'} the actions of`,
      resource: `alarms ${names.join(', ')}`,
      region: input.region,
    },
    async () => {
      if (enable) await client.send(new EnableAlarmActionsCommand(alarms));
      else await client.send(new DisableAlarmActionsCommand(alarms));
    },
  );
}

function callsOf(
  input: DisableAutomation,
  processes: readonly string[],
  alarms: readonly string[],
): PlannedCall[] {
  const { region } = input;
  return [
    ...(processes.length === 0
      ? []
      : [
          {
            service: 'autoscaling',
            action: 'SuspendProcesses',
            region,
            target: input.autoScalingGroup,
            parameters: { ScalingProcesses: processes.join(',') },
          },
        ]),
    ...(alarms.length === 0
      ? []
      : [{ service: 'cloudwatch', action: 'DisableAlarmActions', region, target: alarms.join(',') }]),
  ];
}

function listed(value: unknown): readonly string[] {
  return typeof value === 'string' && value !== '' ? value.split(',') : [];
}
