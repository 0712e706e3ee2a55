import type { RestorePoint } from './restore-point';

/** The newest backup of a kind, wherever it is. */
export interface NewestBackup {
  readonly backup: string;
  /** ISO 8601; what the backup is worth. */
  readonly capturedAt: string;
}

export interface Freshness {
  /** Complete in some place, and not failed by a verification there; null = none was seen. */
  readonly complete: NewestBackup | null;
  /** Proven by an isolated restore; null = none was seen. */
  readonly verified: NewestBackup | null;
}

/** The newest good backups by the moments that they hold; what lies ahead of `asOf` is no backup but a wrong clock. Pure. */
export function freshnessOf(points: readonly RestorePoint[], asOf: string): Freshness {
  const good = points.filter(
    ({ state, capturedAt, verification }) =>
      state === 'complete' &&
      !Number.isNaN(Date.parse(capturedAt)) &&
      capturedAt <= asOf &&
      verification?.result !== 'failed',
  );
  return {
    complete: newest(good),
    verified: newest(good.filter(({ verification }) => verification?.result === 'passed')),
  };
}

function newest(points: readonly RestorePoint[]): NewestBackup | null {
  const [first] = [...points].sort((one, other) => other.capturedAt.localeCompare(one.capturedAt));
  return first === undefined ? null : { backup: first.backup, capturedAt: first.capturedAt };
}

/**
 * `fresh`: young enough. `old`: too old. `none`: everything was seen, and there is none. `unknown`: none that is young
 * enough was seen, and not everything answered.
 */
export type AgeVerdict = 'fresh' | 'old' | 'none' | 'unknown';

/** @param allSeen false while a region or the store is silent: what was not seen may be newer, but is not known to be */
export function judgeAge(
  newestOne: NewestBackup | null,
  asOf: string,
  maxAgeSeconds: number,
  allSeen: boolean,
): AgeVerdict {
  if (newestOne !== null && ageSeconds(newestOne, asOf) <= maxAgeSeconds) return 'fresh';
  if (!allSeen) return 'unknown';
  return newestOne === null ? 'none' : 'old';
}

export function ageSeconds({ capturedAt }: NewestBackup, asOf: string): number {
  return Math.round((Date.parse(asOf) - Date.parse(capturedAt)) / 1000);
}
