/** One measured value; `at` in epoch milliseconds. */
export interface Sample {
  readonly at: number;
  readonly value: number;
}

export type Statistic = 'Average' | 'Maximum' | 'Minimum' | 'Sum' | 'SampleCount';

export const STATISTICS: readonly Statistic[] = ['Average', 'Maximum', 'Minimum', 'Sum', 'SampleCount'];

export interface Window {
  /** Epoch milliseconds; start inclusive, end exclusive, as CloudWatch has it. */
  readonly start: number;
  readonly end: number;
  readonly periodSeconds: number;
}

export interface Bucket {
  readonly at: number;
  readonly values: readonly number[];
}

/** Groups samples into periods, each named by its start, oldest first. Periods without a sample give no point. */
export function bucketsOf(samples: readonly Sample[], window: Window): readonly Bucket[] {
  const period = window.periodSeconds * 1000;
  const buckets = new Map<number, number[]>();
  for (const { at, value } of samples) {
    const start = Math.floor(at / period) * period;
    // A window is widened to whole periods: a caller asks up to now and wants the period that is running.
    if (start + period <= window.start || start >= window.end) continue;
    const values = buckets.get(start);
    if (values === undefined) buckets.set(start, [value]);
    else values.push(value);
  }
  return [...buckets].sort(([a], [b]) => a - b).map(([at, values]) => ({ at, values }));
}

export function statisticOf(values: readonly number[], statistic: Statistic): number {
  const sum = values.reduce((total, value) => total + value, 0);
  switch (statistic) {
    case 'Average':
      return sum / values.length;
    case 'Maximum':
      return Math.max(...values);
    case 'Minimum':
      return Math.min(...values);
    case 'Sum':
      return sum;
    case 'SampleCount':
      return values.length;
  }
}
