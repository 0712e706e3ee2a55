import { berlinTime } from './berlin';
import type { BerlinTime } from './berlin';

/** One backup in one place, as far as retention is concerned. */
export interface HeldPoint {
  readonly backup: string;
  /** Epoch milliseconds. */
  readonly capturedAt: number;
  /** A trial there has passed. */
  readonly proven: boolean;
}

/** Every rule of the policy that the soak puts into force, so that each decides about something within two days. */
export const RETENTION = { hourly: 6, daily: 7, weekly: 4, monthly: 3, yearly: 1, keepVerified: 1 } as const;

const RULES: readonly (readonly [keyof BerlinTime, number])[] = [
  ['hour', RETENTION.hourly],
  ['day', RETENTION.daily],
  ['week', RETENTION.weekly],
  ['month', RETENTION.monthly],
  ['year', RETENTION.yearly],
];

/**
 * What a prune may leave of the points of one place, written from docs/retention.md and without the product's planner:
 * of each period the newest point, of so many of the newest periods that have one; the newest; the newest proven ones.
 * @returns names, ascending
 */
export function expectedPoints(points: readonly HeldPoint[]): readonly string[] {
  const newestLast = [...points].sort((one, other) => one.capturedAt - other.capturedAt);
  const kept = new Set<string>();
  for (const [period, count] of RULES) {
    // A later point takes the place of an earlier one of its period.
    const newest = new Map(newestLast.map((point) => [berlinTime(point.capturedAt)[period], point.backup]));
    const periods = [...newest.keys()].sort((one, other) => other - one);
    for (const one of periods.slice(0, count)) kept.add(newest.get(one) ?? '');
  }
  const proven = newestLast.filter((point) => point.proven);
  for (const { backup } of [...newestLast.slice(-1), ...proven.slice(-RETENTION.keepVerified)])
    kept.add(backup);
  return [...kept].sort();
}

/** How two lists of names differ, in words; empty when they do not. */
export function differences(
  place: string,
  expected: readonly string[],
  found: readonly string[],
): readonly string[] {
  return [
    ...expected.filter((name) => !found.includes(name)).map((name) => `${place}: ${name} is gone`),
    ...found.filter((name) => !expected.includes(name)).map((name) => `${place}: ${name} is still there`),
  ];
}
