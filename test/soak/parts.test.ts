import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { periodsOf } from '../../workflows/plan/backup/periods';
import { planRetention } from '../../workflows/plan/backup/retention';
import { point } from '../workflows/plan/backup/points';
import { berlinTime } from './berlin';
import { differences, expectedPoints, RETENTION } from './expected-points';
import type { HeldPoint } from './expected-points';
import { cronOf, dueIn, hoursBefore, SCHEDULES } from './hours';
import { judgePushes } from './judged-pushes';
import { brokenLinksIn } from './manifest-chain';
import { dayBefore } from './recoveries';

const at = (text: string): number => Date.parse(text);
const held = (text: string, proven = false): HeldPoint => ({
  ...{ backup: text, capturedAt: at(text), proven },
});

describe('the reckoning of its own', () => {
  test('keeps the newest of each of so many periods, the newest, and the newest proven one', () => {
    const hours = Array.from({ length: 30 }, (_, hour) =>
      new Date(at('2026-11-23T10:05Z') + hour * 3_600_000).toISOString(),
    );
    const points = hours.map((one) => held(one, one.startsWith('2026-11-23T13')));
    expect(expectedPoints(points)).toEqual([
      '2026-11-23T13:05:00.000Z',
      // The day ends at midnight in Berlin.
      '2026-11-23T22:05:00.000Z',
      ...hours.slice(-6),
    ]);
  });

  test('finds the same as the planner of the product, whatever there is, over clock changes too', () => {
    const policy = { ...RETENTION, timeZone: 'Europe/Berlin' };
    const [from, to] = [at('2026-03-01T00:00Z'), at('2026-11-20T00:00Z')];
    const moment = fc.oneof(
      fc.integer({ min: from / 60_000, max: to / 60_000 }),
      fc.integer({ min: at('2026-10-24T20:00Z') / 60_000, max: at('2026-10-25T06:00Z') / 60_000 }),
      fc.integer({ min: at('2026-03-28T20:00Z') / 60_000, max: at('2026-03-29T06:00Z') / 60_000 }),
    );
    const some = fc.uniqueArray(fc.tuple(moment, fc.boolean()), { selector: ([one]) => one, maxLength: 40 });
    fc.assert(
      fc.property(some, (all) => {
        const points = all.map(([minute, proven]) => {
          const verification = proven
            ? ({ result: 'passed', at: '2026-11-20T00:00:00.000Z' } as const)
            : null;
          return point(new Date(minute * 60_000).toISOString(), { verification }, policy.timeZone);
        });
        const kept = planRetention(points, policy, '2026-11-21T00:00:00.000Z')
          .filter(({ action }) => action === 'keep')
          .map(({ point: one }) => one.backup);
        const own = points.map(({ backup, capturedAt, verification }) => ({
          ...{ backup, capturedAt: at(capturedAt), proven: verification !== null },
        }));
        expect(expectedPoints(own)).toEqual([...kept].sort());
      }),
    );
  });

  test('reads clocks in Berlin as the time zones of Node do', () => {
    fc.assert(
      fc.property(fc.integer({ min: at('1996-01-01T00:00Z'), max: at('2035-12-31T00:00Z') }), (time) => {
        const { hourOfDay, year } = berlinTime(time);
        const { hour, year: expected } = periodsOf(new Date(time).toISOString(), 'Europe/Berlin');
        expect([hour.slice(11, 13), String(year)]).toEqual([String(hourOfDay).padStart(2, '0'), expected]);
      }),
    );
  });

  test('says what is missing and what is left', () => {
    expect(differences('standby', ['a', 'b'], ['b', 'c'])).toEqual([
      'standby: a is gone',
      'standby: c is still there',
    ]);
  });
});

test('two days are 47 hours and the backup that follows them', () => {
  const hours = hoursBefore(at('2026-11-25T18:05Z'), 2);
  expect(hours).toHaveLength(47);
  expect([hours[0], hours.at(-1)]).toEqual([at('2026-11-23T20:00Z'), at('2026-11-25T18:00Z')]);
  expect(hoursBefore(at('2026-11-25T18:04Z'), 2).at(-1)).toBe(at('2026-11-25T17:00Z'));
});

test('a schedule is due by the clocks of Berlin, in summer and in winter', () => {
  expect([cronOf(SCHEDULES.hourly), cronOf(SCHEDULES.prune)]).toEqual(['5 * * * *', '30 4,16 * * *']);
  expect(dueIn(at('2026-10-25T00:00Z'), SCHEDULES.hourly)).toBe(at('2026-10-25T00:05Z'));
  expect(dueIn(at('2026-10-24T02:00Z'), SCHEDULES.prune)).toBe(at('2026-10-24T02:30Z'));
  expect(dueIn(at('2026-10-25T02:00Z'), SCHEDULES.prune)).toBeNull();
  expect(dueIn(at('2026-10-25T03:00Z'), SCHEDULES.prune)).toBe(at('2026-10-25T03:30Z'));
});

test('a manifest that does not name the bytes of the one before it breaks the chain', () => {
  const first = JSON.stringify({ backup: 'a', previous: null });
  const sha256 = createHash('sha256').update(first).digest('hex');
  const second = JSON.stringify({ backup: 'b', previous: { backup: 'a', sha256 } });
  expect(brokenLinksIn([first, second])).toEqual([]);
  expect(brokenLinksIn([`${first} `, second])).toEqual([
    'the manifest of b names a before it, not a as it is',
  ]);
  expect(brokenLinksIn([second])).toEqual(['the manifest of b names a before it, not none as it is']);
});

test('pushes are judged by when they were acknowledged', () => {
  const push = (commit: string, time: string) => ({ repository: 'A/b', commit, at: time });
  const all = [
    push('1', '2026-11-25T10:00:00Z'),
    push('2', '2026-11-25T10:00:01Z'),
    // Within the slack after the capture: may be there or not.
    push('3', '2026-11-25T10:00:03Z'),
    push('4', '2026-11-25T10:00:09Z'),
    push('5', '2026-11-25T10:00:10Z'),
    push('6', '2026-11-25T11:00:00Z'),
  ];
  const window = { capturedAt: at('2026-11-25T10:00:02Z'), replacedAt: at('2026-11-25T10:30:00Z') };
  expect(judgePushes(all, [all[1]!, all[2]!, all[3]!], window)).toEqual({
    ...{ acknowledgedBefore: 2, missing: 1, acknowledgedAfter: 2, surviving: 1 },
  });
});

test('the restore goes back to the newest backup of the day before', () => {
  const points = ['2026-11-24T21:05Z', '2026-11-24T22:05Z', '2026-11-24T23:05Z', '2026-11-25T10:05Z'];
  expect(dayBefore(points.map((one) => held(one))).backup).toBe('2026-11-24T22:05Z');
  expect(() => dayBefore([held('2026-11-25T10:05Z')])).toThrow('no such backup');
});
