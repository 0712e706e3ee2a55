import { ScheduleNotFoundError } from '@temporalio/client';
import type { Estate } from '../../estate/schema';
import type { Session } from '../connection';
import { FINGERPRINT, OWN, wantedSchedules } from './wanted';

/** What became of a schedule. `stray`: the estate does not name it any more, and it goes on. */
export interface AppliedSchedule {
  readonly id: string;
  readonly result: 'created' | 'changed' | 'unchanged' | 'removed' | 'stray';
}

/** The results for people. */
export const APPLIED_WORDS = {
  created: 'created',
  changed: 'changed as the estate says',
  unchanged: 'as the estate says',
  removed: 'removed',
  stray: 'not in the estate any more, and goes on; to remove it: runbooks schedules apply --remove',
} as const;

/**
 * Makes the schedules of the server those of the estate. Repeatable. A pause that people made stays, whatever else changes.
 * @param remove also those of ours that the estate does not name any more
 */
export async function applySchedules(
  session: Session,
  estate: Estate,
  { remove }: { readonly remove: boolean },
): Promise<readonly AppliedSchedule[]> {
  const wanted = wantedSchedules(estate, session.taskQueue);
  const applied: AppliedSchedule[] = [];
  for (const one of wanted) applied.push({ id: one.scheduleId, result: await applyOne(session, one) });
  const { schedule } = session.client;
  await session.call('listing the schedules', async () => {
    for await (const { scheduleId: id } of schedule.list()) {
      if (!id.startsWith(OWN) || wanted.some(({ scheduleId }) => scheduleId === id)) continue;
      if (remove) await schedule.getHandle(id).delete();
      applied.push({ id, result: remove ? 'removed' : 'stray' });
    }
  });
  return applied;
}

async function applyOne(
  session: Session,
  wanted: ReturnType<typeof wantedSchedules>[number],
): Promise<AppliedSchedule['result']> {
  const handle = session.client.schedule.getHandle(wanted.scheduleId);
  return session.call(`applying ${wanted.scheduleId}`, async () => {
    try {
      const { action } = await handle.describe();
      if (action.memo?.[FINGERPRINT] === wanted.action.memo[FINGERPRINT]) return 'unchanged';
      const { scheduleId: _id, ...rest } = wanted;
      await handle.update(({ state }) => ({ ...rest, state }));
      return 'changed';
    } catch (error) {
      if (!(error instanceof ScheduleNotFoundError)) throw error;
      await session.client.schedule.create(wanted);
      return 'created';
    }
  });
}
