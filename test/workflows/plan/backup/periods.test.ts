import { periodsOf } from '../../../../workflows/plan/backup/periods';

test('periods are those of the clocks on the wall', () => {
  expect(periodsOf('2026-11-20T23:30:00Z', 'Europe/Berlin')).toEqual({
    hour: '2026-11-21T00+01:00',
    day: '2026-11-21',
    week: '2026-W47',
    month: '2026-11',
    year: '2026',
  });
});

test('the hour that a clock change repeats is two hours of one day', () => {
  const first = periodsOf('2026-10-25T00:30:00Z', 'Europe/Berlin');
  const second = periodsOf('2026-10-25T01:30:00Z', 'Europe/Berlin');
  expect([first.hour, second.hour]).toEqual(['2026-10-25T02+02:00', '2026-10-25T02+01:00']);
  expect(first.day).toBe(second.day);
});

test('the hour that a clock change leaves out is nobody’s', () => {
  const before = periodsOf('2026-03-29T00:59:59Z', 'Europe/Berlin');
  const after = periodsOf('2026-03-29T01:00:00Z', 'Europe/Berlin');
  expect([before.hour, after.hour]).toEqual(['2026-03-29T01+01:00', '2026-03-29T03+02:00']);
});

test('a week belongs to the year of its Thursday', () => {
  expect(periodsOf('2027-01-01T12:00:00Z', 'UTC').week).toBe('2026-W53');
  expect(periodsOf('2024-12-31T12:00:00Z', 'UTC').week).toBe('2025-W01');
});

test('half hours of offset divide the hours where the wall clock does', () => {
  expect(periodsOf('2026-11-21T10:29:00Z', 'Asia/Kolkata').hour).toBe('2026-11-21T15+05:30');
  expect(periodsOf('2026-11-21T10:30:00Z', 'Asia/Kolkata').hour).toBe('2026-11-21T16+05:30');
});
