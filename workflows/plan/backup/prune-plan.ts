import { placeKey, placeName } from './restore-point';
import type { RestorePoint } from './restore-point';
import type { Decision } from './retention';

/** A restore point that is to go, and what must stand for that. */
export interface Deletion {
  readonly point: RestorePoint;
  readonly orphan: boolean;
  readonly reason: string;
  /** Backups of the same place that are kept. */
  readonly anchors: readonly string[];
}

export interface PrunePlan {
  readonly deletions: readonly Deletion[];
  /** Would go as well, in another run. */
  readonly postponed: number;
  /** What is left of backups, and stays because nobody asked for its removal. */
  readonly orphans: readonly RestorePoint[];
}

/**
 * The deletions of one run, the oldest first, so that whatever stops it has cost the least.
 * @param atMost one run does not delete more: its history is limited, and so is what people can look through
 */
export function planPrune(
  decisions: readonly Decision[],
  options: { readonly removeOrphans: boolean; readonly atMost: number },
): PrunePlan {
  const orphans = decisions.filter(({ action }) => action === 'remove');
  const going = decisions
    .filter(({ action }) => action === 'delete' || (action === 'remove' && options.removeOrphans))
    .sort((one, other) => order(one).localeCompare(order(other)));
  const deletions = going.slice(0, options.atMost).map(({ point, action, reasons }) => ({
    point,
    orphan: action === 'remove',
    reason: reasons.join('; '),
    anchors: action === 'delete' ? anchorsOf(point, decisions) : [],
  }));
  return {
    deletions,
    postponed: going.length - deletions.length,
    orphans: options.removeOrphans ? [] : orphans.map(({ point }) => point),
  };
}

/** How the places stand, one line each: `14 restore points: 12 kept, 2 deleted, …`. */
export function summarize(decisions: readonly Decision[]): readonly (readonly [string, string])[] {
  const places = new Map(decisions.map(({ point }) => [placeKey(point.place), point.place]));
  return [...places].map(([key, place]) => {
    const here = decisions.filter(({ point }) => placeKey(point.place) === key);
    const count = (holds: (decision: Decision) => boolean): number => here.filter(holds).length;
    const complete = here.filter(({ point }) => point.state === 'complete');
    const parts = [
      `${complete.length} restore points`,
      `${complete.filter(({ action }) => action === 'keep').length} kept`,
      `${count(({ action }) => action === 'delete')} to delete`,
      ...told(
        count(({ action }) => action === 'remove'),
        'left over',
      ),
      ...told(
        count(({ point, action }) => point.state !== 'complete' && action === 'keep'),
        'left alone',
      ),
    ];
    return [placeName(place), parts.join(', ')] as const;
  });
}

/** What is kept instead: the newest complete one, and the newest that was verified. */
function anchorsOf({ place, state }: RestorePoint, decisions: readonly Decision[]): readonly string[] {
  if (state !== 'complete') return [];
  const kept = decisions
    .filter(({ point, action }) => action === 'keep' && placeKey(point.place) === placeKey(place))
    .map(({ point }) => point)
    .filter((point) => point.state === 'complete');
  const newest = (points: readonly RestorePoint[]): readonly string[] =>
    [...points]
      .sort((one, other) => other.capturedAt.localeCompare(one.capturedAt))
      .slice(0, 1)
      .map(({ backup }) => backup);
  const proven = kept.filter(({ verification }) => verification?.result === 'passed');
  return [...new Set([...newest(kept), ...newest(proven)])];
}

function order({ point }: Decision): string {
  return `${point.capturedAt} ${point.backup} ${placeKey(point.place)}`;
}

function told(count: number, what: string): readonly string[] {
  return count === 0 ? [] : [`${count} ${what}`];
}
