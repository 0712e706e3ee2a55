import { describeReach, reachOf } from '../../../workflows/plan/reach';
import type { SiteFacts } from '../../../workflows/steps/observe-site';

const AT = '2026-11-25T16:00:00.000Z';
const DOORS = ['group', 'database', 'fileServer', 'balancer', 'stack'] as const;
type Doors = Parameters<typeof reachOf>[0];

/** Every door answers but for these. */
function doors(state: 'unknown' | 'unreachable', ...which: readonly (typeof DOORS)[number][]): Doors {
  const all = DOORS.map((door) => [
    door,
    which.includes(door) ? { state, reason: 'so', at: AT } : { state: 'known', value: {}, at: AT },
  ]);
  return Object.fromEntries(all) as Pick<SiteFacts, (typeof DOORS)[number]>;
}

test('a region is reached when all that its fence needs answers', () => {
  expect(reachOf(doors('unreachable'))).toBe('all');
  expect(reachOf(doors('unreachable', 'balancer', 'stack'))).toBe('all');
});

test.each(['group', 'database', 'fileServer'] as const)('without %s it is reached in part', (door) => {
  expect(reachOf(doors('unreachable', door))).toBe('part');
});

test('one answer is enough not to count as silent', () => {
  expect(reachOf(doors('unreachable', 'group', 'database', 'fileServer', 'balancer'))).toBe('part');
  expect(reachOf(doors('unreachable', ...DOORS))).toBe('none');
});

test('an answer that tells nothing is an answer: the group is gone, or may not be looked at', () => {
  expect(reachOf(doors('unknown', 'group'))).toBe('all');
  expect(reachOf(doors('unknown', ...DOORS))).toBe('all');
});

test('people read which services answer', () => {
  expect(describeReach(doors('unreachable', 'group', 'stack'))).toBe(
    'RDS, EC2, Elastic Load Balancing answer; no answer from Auto Scaling, CloudFormation',
  );
});
