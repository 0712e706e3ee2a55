import fc from 'fast-check';
import { failuresAllowed } from '../../../../workflows/plan/fleet/error-threshold';
import { planFleet, someNames } from '../../../../workflows/plan/fleet/order';
import { selectInstances } from '../../../../workflows/plan/fleet/select-instances';

const KNOWN = ['prod', 'prod-eu', 'prod-us', 'test'];

test('all without a selection; names and patterns select, and except takes away', () => {
  expect(selectInstances(KNOWN, {}).names).toEqual(KNOWN);
  expect(selectInstances(KNOWN, { instances: ['prod-*', 'test'] }).names).toEqual([
    'prod-eu',
    'prod-us',
    'test',
  ]);
  expect(selectInstances(KNOWN, { instances: ['prod-?s'], except: ['test'] }).names).toEqual(['prod-us']);
  expect(selectInstances(KNOWN, { except: ['prod*'] }).names).toEqual(['test']);
});

test('what matches nothing is told, and only names count as named', () => {
  const { unknown, named } = selectInstances(KNOWN, { instances: ['prod', 'dev-*', 'prd'], except: ['x'] });
  expect(unknown).toEqual(['dev-*', 'prd', 'x']);
  expect([...named]).toEqual(['prod', 'prd']);
  // A dot is a dot.
  expect(selectInstances(['ab'], { instances: ['a.'] }).unknown).toEqual(['a.']);
});

test('a share is rounded up, a number is what it says', () => {
  expect([0, 3].map((threshold) => failuresAllowed(threshold, 50))).toEqual([0, 3]);
  expect(['0%', '10%', '100%'].map((share) => failuresAllowed(share, 25))).toEqual([0, 3, 25]);
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 100 }), fc.integer({ min: 1, max: 5000 }), (percent, total) => {
      const allowed = failuresAllowed(`${percent}%`, total);
      expect(allowed).toBeGreaterThanOrEqual(1);
      expect(allowed).toBeLessThanOrEqual(total);
    }),
  );
});

test('held instances come last; those without a backup plan or under a freeze are left out, with the reason', () => {
  const instance = (name: string, more: object = {}) => ({
    ...{ name, named: false, hasBackup: true, freeze: null },
    ...more,
  });
  const holder = (name: string) => ({
    instance: name,
    workflowId: `restore/${name}/1`,
    runbook: 'restore',
    since: '',
  });
  const outlook = planFleet(
    [instance('a'), instance('b'), instance('c', { hasBackup: false }), instance('d', { freeze: 'frozen' })],
    [holder('a'), holder('c')],
  );
  expect(outlook.order).toEqual(['b', 'a']);
  expect(outlook.busy.map(({ instance: name }) => name)).toEqual(['a']);
  expect(outlook.left.map(({ name, why }) => [name, why])).toEqual([
    ['c', 'the estate does not say where its backups are kept'],
    ['d', 'frozen'],
  ]);
});

test('of many names some are shown, and how many more there are', () => {
  expect(someNames(['a', 'b'], 2)).toBe('a, b');
  expect(someNames(['a', 'b', 'c', 'd'], 2)).toBe('a, b and 2 more');
});
