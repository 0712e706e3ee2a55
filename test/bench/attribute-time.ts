/** What a moment of a run was spent on, the first that applies. */
export const USES = ['people', 'emulated', 'application', 'polling', 'calls', 'temporal'] as const;
export type Use = (typeof USES)[number];

/** Epoch milliseconds. */
export interface Interval {
  readonly use: Use;
  readonly from: number;
  readonly to: number;
}

/**
 * Splits the time from `from` to `to` among the uses: of several intervals over one moment the use named first in `USES`
 * counts, and what none covers is Temporal's. Two waits side by side thus count once, as on a critical path.
 * @returns milliseconds per use; their sum is `to - from`
 */
export function attributeTime(
  intervals: readonly Interval[],
  { from, to }: { readonly from: number; readonly to: number },
): Readonly<Record<Use, number>> {
  const spent: Record<Use, number> = {
    people: 0,
    emulated: 0,
    application: 0,
    polling: 0,
    calls: 0,
    temporal: 0,
  };
  const clip = (at: number): number => Math.min(to, Math.max(from, at));
  const edges = [...new Set([from, to, ...intervals.flatMap((one) => [clip(one.from), clip(one.to)])])].sort(
    (one, other) => one - other,
  );
  for (const [index, begin] of edges.entries()) {
    const end = edges[index + 1];
    if (end === undefined) break;
    const uses = intervals.filter((one) => one.from <= begin && one.to >= end).map(({ use }) => use);
    spent[USES.find((use) => uses.includes(use)) ?? 'temporal'] += end - begin;
  }
  return spent;
}
