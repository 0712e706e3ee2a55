import type { Finding } from './check';
import { nearest } from './nearest';
import { ESTATE_RUNBOOKS, INSTANCE_RUNBOOKS } from './runbook-names';
import type { Estate } from './schema';

type Names = readonly string[];

/**
 * A schedule of something that no worker serves: its first run would wait for ever, and with `overlap: skip` none would be
 * started after it.
 */
export function scheduleFindings({ instances, schedules }: Estate): readonly Finding[] {
  return [
    ...Object.entries(instances).flatMap(([name, instance]) =>
      misnamed(instance.schedules, ['instances', name, 'schedules'], {
        ...{ known: INSTANCE_RUNBOOKS, others: ESTATE_RUNBOOKS },
        place: 'is started for the estate: move it to schedules, beside instances',
      }),
    ),
    ...misnamed(schedules, ['schedules'], {
      ...{ known: ESTATE_RUNBOOKS, others: INSTANCE_RUNBOOKS },
      place: 'is started for an instance: move it to the schedules of the instance',
    }),
  ];
}

function misnamed(
  schedules: Estate['schedules'],
  path: Finding['path'],
  { known, others, place }: { readonly known: Names; readonly others: Names; readonly place: string },
): readonly Finding[] {
  return Object.entries(schedules).flatMap(([name, { runbook }]) => {
    if (known.includes(runbook)) return [];
    const message = others.includes(runbook) ? `${runbook} ${place}` : unknown(runbook, known);
    return [{ path: [...path, name, 'runbook'], message }];
  });
}

function unknown(runbook: string, known: Names): string {
  const near = nearest(runbook, known);
  return near === undefined
    ? `no runbook is called ${runbook}: write one of ${known.join(', ')}`
    : `no runbook is called ${runbook}: did you mean ${near}?`;
}
