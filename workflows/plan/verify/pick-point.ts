import { isAt } from '../backup/restore-point';
import type { RestorePoint } from '../backup/restore-point';
import type { DrillSite } from '../instance';
import { choosePoint } from '../restore/choose-point';
import type { PointChoice } from '../restore/choose-point';
import { hash } from './hash';

/** `random`: any of the complete ones, each as likely. */
export type Pick = 'newest' | 'oldest' | 'random';

interface Wish {
  /** Name of a backup; it goes before `pick`. */
  readonly backup?: string | undefined;
  readonly pick: Pick;
  /** Decides for `random`: the same for both passes of a run, another one for the next run. */
  readonly seed: string;
  /** What is complete later than this is not taken, so that a plan stays the same; ISO 8601. */
  readonly asOf: string;
}

/** The backup that is tried, in the region of the drill site, or why there is none. */
export function pickPoint(points: readonly RestorePoint[], drill: DrillSite, wish: Wish): PointChoice {
  const place = { ...drill, name: 'the drill site' };
  if (wish.backup !== undefined) return choosePoint(points, wish.backup, place);
  const oldestFirst = points
    .filter((point) => isAt(point, drill.region) && point.state === 'complete')
    .filter(({ capturedAt, since }) => capturedAt <= wish.asOf && (since === null || since <= wish.asOf))
    .sort((one, other) => one.capturedAt.localeCompare(other.capturedAt));
  const index = {
    newest: oldestFirst.length - 1,
    oldest: 0,
    random: hash(wish.seed) % Math.max(1, oldestFirst.length),
  }[wish.pick];
  const chosen = oldestFirst[index];
  if (chosen !== undefined) return choosePoint(points, chosen.backup, place);
  return {
    problem: {
      code: 'nothingToVerify',
      message: `No complete backup is in ${drill.region}, where the drill site is.`,
      remedy: 'Copy backups there (backup.copies of the estate), or move the drill site to where they are.',
    },
  };
}
