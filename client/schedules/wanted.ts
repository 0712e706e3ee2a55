import { createHash } from 'node:crypto';
import type { ScheduleOptions } from '@temporalio/client';
import { ESTATE } from '../../workflows/plan/fleet/estate';
import type { Estate } from '../../estate/schema';
import { serverTimeZone } from './server-time-zone';

/** Begins the id of every schedule that comes from an estate; others are none of our business. */
export const OWN = 'runbooks/';

/** Member of the action's memo by which a change of the estate is noticed. */
export const FINGERPRINT = 'runbooksSchedule';

type WantedSchedule = ScheduleOptions & {
  readonly action: { readonly type: 'startWorkflow'; readonly memo: Readonly<Record<string, string>> };
};

const OVERLAPS = { skip: 'SKIP', bufferOne: 'BUFFER_ONE' } as const;

/**
 * The schedules of an estate as Temporal takes them: `runbooks/<instance>/<name>`, and `runbooks/estate/<name>` for the
 * estate as a whole. The runs start as `trigger: schedule`,
 * so that a change freeze and the time after a recovery hold for them. Pure; equal estates give equal fingerprints.
 */
export function wantedSchedules(estate: Estate, taskQueue: string): readonly WantedSchedule[] {
  const groups = [
    ...Object.entries(estate.instances).map(([instance, { schedules }]) => [instance, schedules] as const),
    [ESTATE, estate.schedules] as const,
  ];
  return groups.flatMap(([instance, schedules]) =>
    Object.entries(schedules).map(([name, entry]): WantedSchedule => {
      const { runbook, cron, timeZone, jitter, catchUp, overlap, input } = entry;
      const message = { ...input, instance, requestedBy: `schedule ${name}`, trigger: 'schedule' };
      const timezone = serverTimeZone(cron, timeZone);
      const fingerprint = createHash('sha256')
        .update(JSON.stringify([entry, message, taskQueue, ...(timezone === timeZone ? [] : [timezone])]))
        .digest('hex')
        .slice(0, 16);
      return {
        scheduleId: `${OWN}${instance}/${name}`,
        spec: { cronExpressions: [cron], timezone, jitter: jitter * 1000 },
        policies: { overlap: OVERLAPS[overlap], catchupWindow: catchUp * 1000 },
        action: {
          type: 'startWorkflow',
          workflowType: runbook,
          // The server adds the time of the start.
          workflowId: `${runbook}/${instance}/${name}`,
          taskQueue,
          args: [message],
          memo: { [FINGERPRINT]: fingerprint },
          staticSummary: `${runbook} for ${instance}, by the schedule ${name}`.slice(0, 200),
        },
      };
    }),
  );
}
