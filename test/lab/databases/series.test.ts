import fc from 'fast-check';
import { bucketsOf, statisticOf } from '../../../lab/databases/metrics/series';
import { pageOf } from '../../../lab/databases/page';
import { accessRules } from '../../../lab/databases/postgres/settings';
import { SecurityGroups } from '../../../lab/databases/security-groups';

test('samples of one period make one point, and periods without any make none', () => {
  const samples = [
    { at: 61_000, value: 1 },
    { at: 119_000, value: 3 },
    { at: 240_000, value: 5 },
  ];
  const points = bucketsOf(samples, { start: 0, end: 300_000, periodSeconds: 60 });
  expect(points).toEqual([
    { at: 60_000, values: [1, 3] },
    { at: 240_000, values: [5] },
  ]);
  const statistics = (['Average', 'Maximum', 'Minimum', 'Sum', 'SampleCount'] as const).map((name) =>
    statisticOf([1, 3], name),
  );
  expect(statistics).toEqual([2, 3, 1, 4, 2]);
});

test('no sample inside the window is lost or counted twice, whatever the period', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(1_000_000)), fc.integer({ min: 1, max: 600 }), (times, periodSeconds) => {
      const samples = times.map((at) => ({ at, value: 1 }));
      const points = bucketsOf(samples, { start: 0, end: 1_000_001, periodSeconds });
      expect(points.reduce((sum, point) => sum + point.values.length, 0)).toBe(times.length);
    }),
  );
});

test('pages follow each other without gap or repetition', () => {
  const all = Array.from({ length: 45 }, (_, index) => index);
  const first = pageOf(all, { maxRecords: 20, marker: undefined });
  const second = pageOf(all, { maxRecords: 20, marker: first.marker });
  const third = pageOf(all, { maxRecords: 20, marker: second.marker });
  expect([...first.items, ...second.items, ...third.items]).toEqual(all);
  expect(third.marker).toBeUndefined();
  expect(() => pageOf(all, { maxRecords: 5, marker: undefined })).toThrow('MaxRecords');
});

test('an instance is shut only when all its groups are', () => {
  const groups = new SecurityGroups();
  groups.set('eu-west-1', 'sg-1', false);
  expect(groups.letIn('eu-west-1', ['sg-1'])).toBe(false);
  expect(groups.letIn('eu-west-1', ['sg-1', 'sg-2'])).toBe(true);
  expect(groups.letIn('eu-central-1', ['sg-1'])).toBe(true);
  groups.set('eu-west-1', 'sg-1', true);
  expect(groups.letIn('eu-west-1', ['sg-1'])).toBe(true);
});

test('shut rules reject every network line, and a cut-off region is rejected before replication is let in', () => {
  const shut = accessRules({ open: false, cutOff: [] }).split('\n');
  expect(shut.filter((line) => line.startsWith('host')).every((line) => line.endsWith('reject'))).toBe(true);
  const cut = accessRules({ open: true, cutOff: ['rdsrepladmin_eu_west_1'] });
  expect(cut.indexOf('replication rdsrepladmin_eu_west_1 all reject')).toBeGreaterThan(0);
  expect(cut.indexOf('replication rdsrepladmin_eu_west_1')).toBeLessThan(
    cut.indexOf('replication all all scram'),
  );
});
