import { PERIODS } from './periods';
import type { Period } from './periods';
import { placeKey } from './restore-point';
import type { RestorePoint } from './restore-point';

/** How many restore points are kept, in each place for itself. */
export interface Retention {
  /** Of so many of the newest hours that have a restore point, the newest one is kept; the same for the others. */
  readonly hourly: number;
  readonly daily: number;
  readonly weekly: number;
  readonly monthly: number;
  readonly yearly: number;
  /** So many of the newest that a restore has proven are kept, however old; never less than one. */
  readonly keepVerified: number;
  /** By its clocks days begin, e.g. `Europe/Berlin`. */
  readonly timeZone: string;
}

/** `remove`: no restore point, but what is left of one; goes only with a consent of its own. */
type RetentionAction = 'keep' | 'delete' | 'remove';

export interface Decision {
  readonly point: RestorePoint;
  readonly action: RetentionAction;
  /** In words; at least one. */
  readonly reasons: readonly string[];
}

/** What people may still be at work on is left alone for so long. */
const YOUNG_SECONDS = 24 * 3600;
/** Clocks may differ by so much. */
const SKEW_SECONDS = 300;

const COUNTS: Readonly<Record<Period, keyof Omit<Retention, 'keepVerified' | 'timeZone'>>> = {
  hour: 'hourly',
  day: 'daily',
  week: 'weekly',
  month: 'monthly',
  year: 'yearly',
};

/**
 * Says of every restore point whether it is kept or deleted, and why, by grandfather, father and son. A period counts
 * when it has a restore point, not by the calendar: after weeks without backups nothing is deleted because of its age.
 * One whose verification failed takes nobody's place. What is captured, completed or verified after `asOf` is kept and
 * counts for nothing, so that a plan stays the same while people think about it.
 * @param asOf ISO 8601
 */
export function planRetention(
  points: readonly RestorePoint[],
  policy: Retention,
  asOf: string,
): readonly Decision[] {
  const places = [...new Set(points.map(({ place }) => placeKey(place)))].sort();
  return places.flatMap((key) =>
    planPlace(
      points.filter(({ place }) => placeKey(place) === key),
      policy,
      asOf,
    ),
  );
}

function planPlace(points: readonly RestorePoint[], policy: Retention, asOf: string): readonly Decision[] {
  const newestFirst = [...points].sort(
    (one, other) => other.capturedAt.localeCompare(one.capturedAt) || other.backup.localeCompare(one.backup),
  );
  const usable = newestFirst.filter((point) => isUsable(point, asOf));
  const kept = new Map<RestorePoint, string[]>();
  const keep = (point: RestorePoint | undefined, why: string): void => {
    if (point !== undefined) kept.set(point, [...(kept.get(point) ?? []), why]);
  };
  const proper = usable.filter((point) => resultBy(point, asOf) !== 'failed');
  for (const period of PERIODS) {
    const count = policy[COUNTS[period]];
    for (const point of newestOfEach(proper, period, count))
      keep(point, `newest of ${period} ${point.periods[period]}`);
    for (const point of newestOfEach(usable, period, count)) {
      if (resultBy(point, asOf) === 'failed')
        keep(point, `newest of ${period} ${point.periods[period]}, though its verification failed`);
    }
  }
  keep(usable[0], 'last complete one in this place');
  // One that failed its verification is no last resort.
  keep(proper[0], 'last complete one in this place that has not failed a verification');
  const verified = usable.filter((point) => resultBy(point, asOf) === 'passed');
  const floor = Math.max(1, policy.keepVerified);
  verified
    .slice(0, floor)
    .forEach((point, index) =>
      keep(point, index === 0 ? 'last verified' : `one of the last ${floor} verified`),
    );
  return newestFirst.map((point) => decide(point, { kept, usable, policy, asOf }));
}

interface Frame {
  readonly kept: ReadonlyMap<RestorePoint, readonly string[]>;
  readonly usable: readonly RestorePoint[];
  readonly policy: Retention;
  readonly asOf: string;
}

function decide(point: RestorePoint, frame: Frame): Decision {
  const { kept, usable, policy, asOf } = frame;
  const ahead = (Date.parse(point.capturedAt) - Date.parse(asOf)) / 1000;
  const protectedBy = [...point.locks, ...point.uses];
  const keep = (...reasons: readonly string[]): Decision => ({ point, action: 'keep', reasons });
  if (Number.isNaN(ahead)) return keep('nobody knows when it was captured');
  const reasons = [...unique(kept.get(point) ?? []), ...protectedBy];
  if (reasons.length > 0) return keep(...reasons);
  if (ahead > SKEW_SECONDS) return keep('captured in the future: a clock is wrong');
  if (ahead > 0) return keep('captured after this plan was begun');
  if (point.since !== null && point.since > asOf) return keep('completed after this plan was begun');
  if (point.verification !== null && point.verification.at > asOf)
    return keep(`its verification ${point.verification.result} after this plan was begun`);
  switch (point.state) {
    case 'complete':
      return { point, action: 'delete', reasons: notKept(point, usable, policy) };
    case 'deleting':
      return { point, action: 'delete', reasons: ['its deletion was begun and not finished'] };
    case 'orphan':
      return -ahead < YOUNG_SECONDS
        ? keep('belongs to no backup, but is less than a day old')
        : { point, action: 'remove', reasons: ['belongs to no backup', ...point.detail] };
    case 'pending':
      return keep('not complete yet', ...point.detail);
    case 'incomplete':
    case 'broken':
    case 'unclear':
      return keep(`${point.state}, and left to people`, ...point.detail);
  }
}

/** Complete, and that already when the plan was begun. */
function isUsable({ state, capturedAt, since }: RestorePoint, asOf: string): boolean {
  return state === 'complete' && capturedAt <= asOf && (since === null || since <= asOf);
}

/** How its verification had ended by then. */
function resultBy({ verification }: RestorePoint, asOf: string): 'passed' | 'failed' | null {
  return verification !== null && verification.at <= asOf ? verification.result : null;
}

function newestOfEach(
  newestFirst: readonly RestorePoint[],
  period: Period,
  count: number,
): readonly RestorePoint[] {
  const seen = new Map<string, RestorePoint>();
  for (const point of newestFirst) {
    const name = point.periods[period];
    if (seen.has(name)) continue;
    if (seen.size >= count) break;
    seen.set(name, point);
  }
  return [...seen.values()];
}

/** Of every rule in force, why it does not keep this one. */
function notKept(point: RestorePoint, usable: readonly RestorePoint[], policy: Retention): readonly string[] {
  const inForce = PERIODS.filter((period) => policy[COUNTS[period]] > 0);
  if (inForce.length === 0) return ['no rule keeps any but the last'];
  return inForce.map((period) => {
    const name = point.periods[period];
    const kept = newestOfEach(usable, period, policy[COUNTS[period]]).find(
      (other) => other.periods[period] === name,
    );
    return kept === undefined || kept === point
      ? `${period} ${name} is before the last ${policy[COUNTS[period]]} kept`
      : `${period} ${name} has ${kept.backup}`;
  });
}

function unique(texts: readonly string[]): readonly string[] {
  return [...new Set(texts)];
}
