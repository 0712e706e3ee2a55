import {
  CreateOrUpdateTagsCommand,
  DescribeAutoScalingGroupsCommand,
  ResumeProcessesCommand,
  SuspendProcessesCommand,
  UpdateAutoScalingGroupCommand,
} from '@aws-sdk/client-auto-scaling';
import type { AutoScalingClient, AutoScalingGroup } from '@aws-sdk/client-auto-scaling';

import type { Pace } from '../../../workflows/runbook/step';
import type { Dependencies } from '../../dependencies';
import { askTogether } from '../coalesce';
import { askAws } from '../errors';
import type { Undertaking } from '../errors';
import type { Tag } from '../ownership';
import { allPages } from '../pages';

export interface GroupName {
  readonly region: string;
  readonly autoScalingGroup: string;
  /** Paces the repetition of a change that is refused because another one is going on. */
  readonly pace?: Pace;
}

/** Minimum, maximum and desired number of instances. */
export interface Numbers {
  readonly minimum: number;
  readonly maximum: number;
  readonly desired: number;
}

/** The group; undefined when there is none of that name. Asked together with others' questions. */
export function findGroup(
  dependencies: Dependencies,
  name: GroupName,
): Promise<AutoScalingGroup | undefined> {
  const client = dependencies.aws.autoScaling(name.region);
  return askAws(about('describe', name), () =>
    askTogether(client, 'groups', name.autoScalingGroup, (names) => describeGroups(client, names)),
  );
}

async function describeGroups(
  client: AutoScalingClient,
  names: readonly string[],
): Promise<ReadonlyMap<string, AutoScalingGroup>> {
  const found = await allPages(async (NextToken) => {
    const reply = await client.send(
      new DescribeAutoScalingGroupsCommand({
        AutoScalingGroupNames: [...names],
        ...(NextToken === undefined ? {} : { NextToken }),
      }),
    );
    return { items: reply.AutoScalingGroups, next: reply.NextToken };
  });
  return new Map(found.map((group) => [group.AutoScalingGroupName ?? '', group]));
}

export function numbersOf(group: AutoScalingGroup): Numbers {
  return {
    minimum: group.MinSize ?? 0,
    maximum: group.MaxSize ?? 0,
    desired: group.DesiredCapacity ?? 0,
  };
}

export function showNumbers(numbers: Numbers): string {
  return `minimum ${numbers.minimum}, maximum ${numbers.maximum}, desired ${numbers.desired}`;
}

export function sameNumbers(a: Numbers, b: Numbers): boolean {
  return a.minimum === b.minimum && a.maximum === b.maximum && a.desired === b.desired;
}

/** Names of the suspended processes, sorted. */
export function suspendedOf(group: AutoScalingGroup): readonly string[] {
  return (group.SuspendedProcesses ?? []).map((one) => one.ProcessName ?? '').sort();
}

export const NONE: Numbers = { minimum: 0, maximum: 0, desired: 0 };

/** By what the group may start an instance, in words; null where it will start none, as the fence leaves it. */
export function launchesOf(group: AutoScalingGroup): string | null {
  const numbers = numbersOf(group);
  const suspended = suspendedOf(group);
  if (sameNumbers(numbers, NONE) && suspended.includes('Launch')) return null;
  return `${showNumbers(numbers)}, suspended: ${suspended.join(', ') || 'nothing'}`;
}

/** `i-1 Pending, i-2 InService`, for progress lines. */
export function showInstances(group: AutoScalingGroup): string {
  return (group.Instances ?? [])
    .map((one) => `${one.InstanceId ?? '?'} ${one.LifecycleState ?? '?'}`)
    .join(', ');
}

export async function setNumbers(
  dependencies: Dependencies,
  name: GroupName,
  numbers: Numbers,
): Promise<void> {
  await askAws(about(`set ${showNumbers(numbers)} of`, name), () =>
    dependencies.aws.autoScaling(name.region).send(
      new UpdateAutoScalingGroupCommand({
        AutoScalingGroupName: name.autoScalingGroup,
        MinSize: numbers.minimum,
        MaxSize: numbers.maximum,
        DesiredCapacity: numbers.desired,
      }),
    ),
  );
}

export async function suspend(
  dependencies: Dependencies,
  name: GroupName,
  processes: readonly string[],
): Promise<void> {
  await askAws(about(`suspend ${processes.join(', ')} of`, name), () =>
    dependencies.aws.autoScaling(name.region).send(
      new SuspendProcessesCommand({
        AutoScalingGroupName: name.autoScalingGroup,
        ScalingProcesses: [...processes],
      }),
    ),
  );
}

export async function resume(
  dependencies: Dependencies,
  name: GroupName,
  processes: readonly string[],
): Promise<void> {
  await askAws(about(`resume ${processes.join(', ')} of`, name), () =>
    dependencies.aws.autoScaling(name.region).send(
      new ResumeProcessesCommand({
        AutoScalingGroupName: name.autoScalingGroup,
        ScalingProcesses: [...processes],
      }),
    ),
  );
}

/** Tags of the group itself; its instances do not get them. */
export async function tagGroup(
  dependencies: Dependencies,
  name: GroupName,
  tags: readonly Tag[],
): Promise<void> {
  await askAws(about('tag', name), () =>
    dependencies.aws.autoScaling(name.region).send(
      new CreateOrUpdateTagsCommand({
        Tags: tags.map((tag) => ({
          ...tag,
          ResourceId: name.autoScalingGroup,
          ResourceType: 'auto-scaling-group',
          PropagateAtLaunch: false,
        })),
      }),
    ),
  );
}

export function about(doing: string, name: GroupName): Undertaking {
  return {
    doing,
    resource: `Auto Scaling group ${name.autoScalingGroup}`,
    region: name.region,
    ...(name.pace === undefined ? {} : { pace: name.pace }),
  };
}
