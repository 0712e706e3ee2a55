import fc from 'fast-check';
import { judgeBackups } from '../../../../client/judge-backups';
import { freshnessOf, judgeAge } from '../../../../workflows/plan/backup/freshness';
import type { RestorePoint } from '../../../../workflows/plan/backup/restore-point';

const NOW = '2026-11-21T12:00:00.000Z';
const HOUR = 3600;

function point(hoursAgo: number, more: Partial<RestorePoint> = {}): RestorePoint {
  const capturedAt = new Date(Date.parse(NOW) - hoursAgo * HOUR * 1000).toISOString();
  return {
    ...{ backup: `b-${hoursAgo}`, capturedAt, state: 'complete', verification: null },
    ...more,
  } as RestorePoint;
}

const passed = { result: 'passed', at: NOW } as const;
const failed = { result: 'failed', at: NOW } as const;

test('the newest whole one that has not failed a verification counts, and the newest that was proven', () => {
  const found = freshnessOf(
    [
      point(50, { verification: passed }),
      point(30),
      point(20, { verification: failed }),
      point(10, { state: 'incomplete' }),
      point(5, { state: 'deleting' }),
      point(-1),
    ],
    NOW,
  );
  expect([found.complete?.backup, found.verified?.backup]).toEqual(['b-30', 'b-50']);
  expect(freshnessOf([], NOW)).toEqual({ complete: null, verified: null });
});

test('unknown is not fresh: while something is silent only what was seen and is young enough is', () => {
  const newest = freshnessOf([point(10)], NOW).complete;
  expect(judgeAge(newest, NOW, 26 * HOUR, true)).toBe('fresh');
  expect(judgeAge(newest, NOW, 26 * HOUR, false)).toBe('fresh');
  expect(judgeAge(newest, NOW, 9 * HOUR, true)).toBe('old');
  expect(judgeAge(newest, NOW, 9 * HOUR, false)).toBe('unknown');
  expect(judgeAge(null, NOW, 26 * HOUR, true)).toBe('none');
  expect(judgeAge(null, NOW, 26 * HOUR, false)).toBe('unknown');
});

test('fresh is exactly what was seen and is no older than asked for', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 100 }),
      fc.integer({ min: 1, max: 100 }),
      fc.boolean(),
      (age, limit, allSeen) => {
        const { complete } = freshnessOf([point(age)], NOW);
        expect(judgeAge(complete, NOW, limit * HOUR, allSeen) === 'fresh').toBe(age <= limit);
      },
    ),
  );
});

test('an instance is good when every age that was asked for is; what could not be looked at is not', () => {
  const report = (...points: readonly RestorePoint[]) => ({
    asOf: NOW,
    silent: [],
    decisions: points.map((one) => ({ point: one, action: 'keep' as const, reasons: [] })),
  });
  const limits = { complete: 26 * HOUR, verified: 8 * 24 * HOUR };
  const good = judgeBackups('a', report(point(2), point(100, { verification: passed })), limits);
  expect([good.good, good.complete.ageSeconds, good.verified.verdict]).toEqual([true, 2 * HOUR, 'fresh']);
  const unproven = judgeBackups('a', report(point(2)), limits);
  expect([unproven.good, unproven.verified.verdict]).toEqual([false, 'none']);
  expect(judgeBackups('a', report(point(2)), { ...limits, verified: null }).good).toBe(true);
  expect(judgeBackups('a', { why: 'no worker' }, limits)).toMatchObject({
    good: false,
    complete: { verdict: 'unknown' },
    silent: ['no worker'],
  });
});
