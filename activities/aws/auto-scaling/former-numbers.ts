import type { AutoScalingGroup } from '@aws-sdk/client-auto-scaling';

import type { Facts, StepContext } from '../../../workflows/runbook/step';
import type { Dependencies } from '../../dependencies';
import { isOurs, ownerTags, tagValue } from '../ownership';
import { numbersOf, suspendedOf, tagGroup } from './group';
import type { GroupName, Numbers } from './group';

export interface FormerNumbers extends Numbers {
  readonly launchSuspended: boolean;
}

const FORMER = 'runbooks:former';

export function formerNumbers(group: AutoScalingGroup): FormerNumbers {
  return { ...numbersOf(group), launchSuspended: suspendedOf(group).includes('Launch') };
}

/**
 * Writes the numbers of before onto the group, once per run, so that they can be given back although the region did
 * not answer when `check` asked, or the worker died between two calls.
 */
export async function rememberFormer(
  dependencies: Dependencies,
  name: GroupName,
  group: AutoScalingGroup,
  context: StepContext,
): Promise<void> {
  if (isOurs(group.Tags, context) && tagValue(group.Tags, FORMER) !== undefined) return;
  const { minimum, maximum, desired, launchSuspended } = formerNumbers(group);
  const value = `${minimum} ${maximum} ${desired} ${launchSuspended}`;
  await tagGroup(dependencies, name, [...ownerTags(context), { Key: FORMER, Value: value }]);
}

/** The numbers of before: as this run wrote them onto the group, else as `check` found them. */
export function readFormer(
  group: AutoScalingGroup,
  before: Facts,
  context: StepContext,
): FormerNumbers | undefined {
  const written = isOurs(group.Tags, context) ? tagValue(group.Tags, FORMER) : undefined;
  const match = /^(\d+) (\d+) (\d+) (true|false)$/.exec(written ?? '');
  if (match !== null) {
    return {
      minimum: Number(match[1]),
      maximum: Number(match[2]),
      desired: Number(match[3]),
      launchSuspended: match[4] === 'true',
    };
  }
  const { minimum, maximum, desired, launchSuspended } = before;
  if (typeof minimum !== 'number' || typeof maximum !== 'number' || typeof desired !== 'number')
    return undefined;
  return { minimum, maximum, desired, launchSuspended: launchSuspended === true };
}
