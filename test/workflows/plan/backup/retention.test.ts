import fc from 'fast-check';
import { planRetention } from '../../../../workflows/plan/backup/retention';
import type { Decision, Retention } from '../../../../workflows/plan/backup/retention';
import { placeKey } from '../../../../workflows/plan/backup/restore-point';
import type { RestorePoint } from '../../../../workflows/plan/backup/restore-point';
import { HERE, point, THERE } from './points';

const NOW = '2026-11-21T12:00:00.000Z';
const POLICY: Retention = {
  hourly: 3,
  daily: 2,
  weekly: 2,
  monthly: 2,
  yearly: 1,
  keepVerified: 1,
  timeZone: 'UTC',
};
const NOTHING: Retention = {
  ...POLICY,
  hourly: 0,
  daily: 0,
  weekly: 0,
  monthly: 0,
  yearly: 0,
  keepVerified: 0,
};

function kept(decisions: readonly Decision[]): readonly string[] {
  return decisions.filter(({ action }) => action === 'keep').map(({ point: { capturedAt } }) => capturedAt);
}

test('sons, fathers and grandfathers are kept, and it is said as what', () => {
  const points = ['2026-11-21T11:00Z', '2026-11-21T10:00Z', '2026-11-21T09:00Z', '2026-11-20T23:00Z'].map(
    (at) => point(at),
  );
  const decisions = planRetention(points, { ...POLICY, hourly: 1, weekly: 1, monthly: 0, yearly: 0 }, NOW);
  expect(decisions.map(({ action, reasons }) => [action, reasons])).toEqual([
    [
      'keep',
      [
        'newest of hour 2026-11-21T11+00:00',
        'newest of day 2026-11-21',
        'newest of week 2026-W47',
        'last complete one in this place',
        'last complete one in this place that has not failed a verification',
      ],
    ],
    [
      'delete',
      [
        'hour 2026-11-21T10+00:00 is before the last 1 kept',
        'day 2026-11-21 has bitbucket-20261121T110000Z',
        'week 2026-W47 has bitbucket-20261121T110000Z',
      ],
    ],
    ['delete', expect.anything()],
    ['keep', ['newest of day 2026-11-20']],
  ]);
});

test('after a month without backups nothing is lost to the calendar', () => {
  const points = ['2026-09-01T11:00Z', '2026-09-01T10:00Z', '2026-08-31T10:00Z'].map((at) => point(at));
  expect(kept(planRetention(points, POLICY, NOW))).toHaveLength(3);
});

test('one that failed its verification takes nobody’s place', () => {
  const good = point('2026-11-21T10:00Z');
  const bad = point('2026-11-21T10:30Z', { verification: { result: 'failed', at: NOW } });
  const decisions = planRetention([good, bad], { ...NOTHING, daily: 1 }, NOW);
  expect(kept(decisions)).toEqual([bad.capturedAt, good.capturedAt]);
});

test('the floor of verified ones holds however old they are', () => {
  const proven = ['2025-01-01T00:00Z', '2025-01-02T00:00Z', '2025-01-03T00:00Z'].map((at) =>
    point(at, { verification: { result: 'passed', at } }),
  );
  const decisions = planRetention(
    [point('2026-11-21T11:00Z'), ...proven],
    { ...NOTHING, keepVerified: 2 },
    NOW,
  );
  expect(kept(decisions)).toEqual([
    '2026-11-21T11:00:00.000Z',
    '2025-01-03T00:00:00.000Z',
    '2025-01-02T00:00:00.000Z',
  ]);
});

test('orphans are removed only when they are a day old, and what is broken or unclear is left to people', () => {
  const of = (state: RestorePoint['state'], at: string) =>
    planRetention([point(at, { state })], NOTHING, NOW)[0]!.action;
  expect(of('orphan', '2026-11-21T11:00Z')).toBe('keep');
  expect(of('orphan', '2026-11-20T11:00Z')).toBe('remove');
  expect(of('deleting', '2026-11-20T11:00Z')).toBe('delete');
  for (const state of ['incomplete', 'broken', 'unclear', 'pending'] as const)
    expect(of(state, '2020-01-01T00:00Z')).toBe('keep');
});

test('what is verified after the plan was begun frees no other one, and fails none either', () => {
  const later = new Date(Date.parse(NOW) + 60_000).toISOString();
  const old = point('2026-01-01T00:00Z', {
    verification: { result: 'passed', at: '2026-01-02T00:00:00.000Z' },
  });
  const newer = (result: 'passed' | 'failed') =>
    planRetention([old, point('2026-02-01T00:00Z', { verification: { result, at: later } })], NOTHING, NOW);
  expect(newer('passed').map(({ reasons }) => reasons.at(-1))).toEqual([
    'last complete one in this place that has not failed a verification',
    'last verified',
  ]);
  expect(kept(newer('failed'))).toHaveLength(2);
});

test('what is captured after the plan was begun is kept, and takes nobody’s place', () => {
  const [old, later] = [point('2026-11-21T11:00Z'), point('2026-11-21T12:01Z', { since: null })];
  expect(planRetention([old, later], NOTHING, NOW).map(({ reasons }) => reasons[0])).toEqual([
    'captured after this plan was begun',
    'last complete one in this place',
  ]);
  const damaged = point('2026-11-21T12:01Z', { state: 'deleting' });
  expect(planRetention([damaged], NOTHING, NOW)[0]).toMatchObject({ action: 'keep' });
});

const STATES = ['complete', 'pending', 'incomplete', 'broken', 'orphan', 'deleting', 'unclear'] as const;

const anyPoint = fc
  .record({
    // From years back to a month ahead of the plan, with many on the same day.
    hours: fc.oneof(fc.integer({ min: -720, max: 30_000 }), fc.integer({ min: 0, max: 100 })),
    place: fc.constantFrom(HERE, THERE),
    state: fc.oneof({ weight: 6, arbitrary: fc.constant('complete' as const) }, fc.constantFrom(...STATES)),
    verified: fc.constantFrom(null, null, 'passed' as const, 'failed' as const),
    locked: fc.integer({ min: 0, max: 9 }).map((die) => (die === 0 ? ['snap is locked'] : [])),
    // Copies take their time: some are there only after the plan was begun.
    copied: fc.integer({ min: 0, max: 48 }),
    used: fc.integer({ min: 0, max: 9 }).map((die) => (die === 0 ? ['being copied'] : [])),
  })
  .map(({ hours, place, state, verified, locked, used, copied }) => {
    const at = new Date(Date.parse(NOW) - hours * 3_600_000).toISOString();
    const since = new Date(Date.parse(at) + copied * 3_600_000).toISOString();
    const verification = verified === null ? null : { result: verified, at };
    return point(at, { place, state, since, verification, locks: locked, uses: used }, 'Europe/Berlin');
  });
const anyPoints = fc.uniqueArray(anyPoint, {
  selector: ({ backup, place }) => `${backup} ${placeKey(place)}`,
  maxLength: 120,
});
const count = fc.integer({ min: 0, max: 8 });
const anyPolicy: fc.Arbitrary<Retention> = fc.record({
  hourly: count,
  daily: count,
  weekly: count,
  monthly: count,
  yearly: count,
  keepVerified: count,
  timeZone: fc.constant('Europe/Berlin'),
});

/** Whatever the policy and the restore points: `holds` is true of the decisions of each place. */
function always(
  holds: (decisions: readonly Decision[], policy: Retention, points: readonly RestorePoint[]) => void,
): void {
  fc.assert(
    fc.property(anyPoints, anyPolicy, (points, policy) => {
      const decisions = planRetention(points, policy, NOW);
      for (const place of [HERE, THERE]) {
        const here = (one: RestorePoint): boolean => one.place === place;
        holds(
          decisions.filter((one) => here(one.point)),
          policy,
          points.filter(here),
        );
      }
    }),
    { numRuns: 300 },
  );
}

const isUsable = ({ state, since }: RestorePoint): boolean => state === 'complete' && since! <= NOW;
const leaves = ({ action }: Decision): boolean => action !== 'keep';

test('every restore point gets exactly one decision, with its reasons', () => {
  always((decisions, _policy, points) => {
    expect(new Set(decisions.map((one) => one.point))).toEqual(new Set(points));
    expect(decisions).toHaveLength(points.length);
    expect(decisions.every(({ reasons }) => reasons.length > 0 && reasons.every(Boolean))).toBe(true);
  });
});

test('the newest complete restore point of a place is never deleted', () => {
  always((decisions) => {
    const newest = decisions.find((one) => isUsable(one.point));
    expect(newest === undefined || newest.action === 'keep').toBe(true);
  });
});

test('the last verified ones are never deleted, at least as many as the policy says', () => {
  always((decisions, policy) => {
    const verified = decisions.filter(
      (one) => isUsable(one.point) && one.point.verification?.result === 'passed',
    );
    expect(verified.slice(0, Math.max(1, policy.keepVerified)).some(leaves)).toBe(false);
  });
});

test('what is locked, in use, on its way, from the future or not understood is never deleted', () => {
  always((decisions) => {
    for (const { point: one, action } of decisions.filter(leaves)) {
      expect([one.locks, one.uses]).toEqual([[], []]);
      expect(one.capturedAt <= NOW).toBe(true);
      expect(action).toBe(one.state === 'orphan' ? 'remove' : 'delete');
      expect(['complete', 'deleting', 'orphan']).toContain(one.state);
    }
  });
});

test('what was planned to be kept is kept by the next plan, which deletes nothing more', () => {
  fc.assert(
    fc.property(anyPoints, anyPolicy, (points, policy) => {
      const left = planRetention(points, policy, NOW)
        .filter(({ action }) => action === 'keep')
        .map((one) => one.point);
      expect(planRetention(left, policy, NOW).filter(leaves)).toEqual([]);
    }),
  );
});

test('what is copied or verified meanwhile makes nothing else deletable', () => {
  fc.assert(
    fc.property(anyPoints, anyPolicy, fc.nat(), (points, policy, nth) => {
      const plan = (all: readonly RestorePoint[]) =>
        planRetention(all, policy, NOW)
          .filter(leaves)
          .map((one) => one.point.backup + placeKey(one.point.place));
      const before = new Set(plan(points));
      const at = new Date(Date.parse(NOW) + 1000).toISOString();
      const later = points.map((one, index): RestorePoint => {
        if (points.length === 0 || index !== nth % points.length) return one;
        if (one.state !== 'complete') return { ...one, state: 'complete', since: at };
        return one.verification === null ? { ...one, verification: { result: 'passed', at } } : one;
      });
      expect(plan(later).filter((one) => !before.has(one))).toEqual([]);
    }),
  );
});

test('neither the order in which they were found nor what comes later changes the plan', () => {
  fc.assert(
    fc.property(anyPoints, anyPolicy, fc.integer({ min: 1, max: 500 }), (points, policy, hours) => {
      const plan = (all: readonly RestorePoint[]) =>
        planRetention(all, policy, NOW)
          .filter(leaves)
          .map(({ point: { backup, place } }) => `${backup} ${placeKey(place)}`)
          .sort();
      const later = point(new Date(Date.parse(NOW) + hours * 3_600_000).toISOString(), {}, 'Europe/Berlin');
      expect(plan([...points].reverse())).toEqual(plan(points));
      expect(plan([...points.filter(({ backup }) => backup !== later.backup), later])).toEqual(
        plan(points.filter(({ backup }) => backup !== later.backup)),
      );
    }),
  );
});

test('a policy that keeps more deletes nothing that a policy that keeps less would keep', () => {
  fc.assert(
    fc.property(anyPoints, anyPolicy, (points, policy) => {
      const more = {
        ...policy,
        hourly: policy.hourly + 1,
        daily: policy.daily + 1,
        weekly: policy.weekly + 1,
        keepVerified: policy.keepVerified + 1,
      };
      const gone = new Set(
        planRetention(points, more, NOW)
          .filter(leaves)
          .map((one) => one.point),
      );
      const keptByLess = planRetention(points, policy, NOW).filter(({ action }) => action === 'keep');
      expect(keptByLess.filter((one) => gone.has(one.point))).toEqual([]);
    }),
  );
});
