import { describeOverlap } from '../../lab/world/watch-writers';
import type { Overlap } from '../../lab/world/watch-writers';
import type { RunState } from '../../workflows/runbook/state';

/** So long a site that comes back unfenced may write beside its successor, seconds: docs/safety.md promises no less. */
const LIMIT_SECONDS = 30;
const SLACK_MS = 1000;

/** What became of a fence that nobody could prove. */
export interface Exposure {
  /** From the first overlap to the end of the last, seconds; null when no two sites wrote, or none of it is excused. */
  readonly seconds: number | null;
  /** Until when pushes to the site that came back may be lost, epoch milliseconds. */
  readonly until: number | null;
  /** Overlaps that are no breach, as the invariants tell of them. */
  readonly excused: readonly string[];
}

/**
 * Nobody can fence a region that does not answer. Where a person has consented to go on without the fence, and the site
 * then comes back by itself, two sites may write until the run has noticed and fenced it: that is allowed, for a short
 * time, which is measured. Anything else is a breach.
 * @param returnedAt when the primary began to come back by itself, epoch milliseconds; null: never
 */
export function exposureOf(
  overlaps: readonly Overlap[],
  { asks }: Pick<RunState, 'asks'>,
  returnedAt: number | null,
): Exposure {
  const consented = asks.some(({ id, result }) => /^unprovenFence\b/.test(id) && result === 'approve');
  const found = overlaps.flatMap((overlap) => {
    const { from, until } = overlap;
    const excused =
      consented &&
      returnedAt !== null &&
      until !== null &&
      from >= returnedAt - SLACK_MS &&
      until - from <= LIMIT_SECONDS * 1000;
    return excused ? [{ from, until, line: describeOverlap(overlap) }] : [];
  });
  if (found.length === 0) return { seconds: null, until: null, excused: [] };
  const until = Math.max(...found.map((one) => one.until));
  const from = Math.min(...found.map((one) => one.from));
  return { seconds: (until - from) / 1000, until, excused: found.map(({ line }) => line) };
}
