import type { StepCall } from '../../workflows/runbook/step';
import type { Implementation, StepImplementation } from '../implement';
import { terminal } from '../errors';
import { attempt } from './attempt';
import type { LeaseKeeper } from './lease';

export type Activity = (call: StepCall<unknown, unknown>) => Promise<unknown>;

/** The activities of all implementations under the names by which the kit calls them, `<step>.<part>`. */
export function registerImplementations(
  implementations: readonly Implementation[],
  lease: LeaseKeeper,
): Record<string, Activity> {
  const activities: Record<string, Activity> = {};
  for (const implementation of implementations) {
    for (const [name, activity] of activitiesOf(implementation, lease)) {
      if (name in activities) throw new Error(`activity ${name} is implemented twice`);
      activities[name] = activity;
    }
  }
  return activities;
}

function activitiesOf(
  implementation: Implementation,
  lease: LeaseKeeper,
): readonly (readonly [string, Activity])[] {
  const { name } = implementation.contract;
  if (implementation.kind === 'observation') {
    const { look } = implementation;
    return [
      [
        `${name}.look`,
        ({ input, context }) => attempt(lease, context, 'bounded', () => look(input, context)),
      ],
    ];
  }
  return stepActivities(implementation).map(
    ([part, work]) =>
      [
        `${name}.${part}`,
        (call: StepCall<unknown, unknown>) =>
          attempt(lease, call.context, part === 'verify' ? 'untilDeadline' : 'bounded', () => work(call)),
      ] as const,
  );
}

function stepActivities({ contract, parts }: StepImplementation): readonly (readonly [string, Activity])[] {
  const run = parts.run?.bind(parts);
  const undo = parts.undo?.bind(parts);
  const activities: [string, Activity][] = [
    ['check', ({ input, context }) => parts.check(input, context)],
    ['verify', ({ input, output, context }) => parts.verify(input, output, context)],
  ];
  if (run !== undefined) activities.push(['run', ({ input, context }) => run(input, context)]);
  if (undo !== undefined) {
    activities.push([
      'undo',
      ({ input, before, output, context }) => {
        if (before === undefined) throw terminal(`undo of ${contract.name} was given no state to go back to`);
        return undo(input, { before, output }, context);
      },
    ]);
  }
  return activities;
}
