import { VirtualClock } from '../../../lab/clock/virtual-clock';
import { divide } from '../../../lab/databases/operations/modify';
import { Regions } from '../../../lab/databases/regions';
import { Transitions } from '../../../lab/databases/transitions';
import type { Subject } from '../../../lab/databases/transitions';

const problems: string[] = [];
const regions = new Regions();
const transitions = new Transitions(new VirtualClock(1000), regions, (problem) => problems.push(problem));

async function until(condition: () => boolean): Promise<void> {
  const deadline = Date.now() + 5000;
  while (!condition()) {
    if (Date.now() > deadline) throw new Error('not within 5 s');
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

const subject = (status = 'available'): Subject => ({ status, region: 'eu-west-1' });

test('a busy status holds at once, and ends only when both its time and its work are over', async () => {
  const one = subject();
  let finish: () => void = () => undefined;
  const work = new Promise<void>((resolve) => (finish = resolve));
  transitions.start(one, { phases: [{ status: 'modifying', seconds: 1, begin: () => work }], final: 'done' });
  expect(one.status).toBe('modifying');
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(one.status).toBe('modifying');
  finish();
  await until(() => one.status === 'done');
});

test('right after a call the former status is still shown', async () => {
  const slow = new Transitions(new VirtualClock(10), regions, () => undefined);
  const one = subject();
  slow.start(one, { phases: [{ status: 'rebooting', seconds: 60 }], final: 'available' });
  expect(one.status).toBe('rebooting');
  expect(slow.shownStatus(one)).toBe('available');
  await until(() => slow.shownStatus(one) === 'rebooting');
  await slow.cancel(one);
});

test('work that a power loss has broken is done again when the power is back', async () => {
  const one = subject();
  let attempts = 0;
  const begin = async (): Promise<void> => {
    attempts += 1;
    if (attempts > 1) return;
    regions.turnOff('eu-west-1');
    throw new Error('the server died');
  };
  transitions.start(one, { phases: [{ status: 'modifying', seconds: 1, begin }], final: 'available' });
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect([attempts, one.status]).toEqual([1, 'modifying']);
  regions.turnOn('eu-west-1');
  await until(() => one.status === 'available');
  expect(attempts).toBe(2);
});

test('work that fails by itself ends in the failed status and is reported', async () => {
  const one = subject('creating');
  const begin = () => Promise.reject(new Error('no space'));
  transitions.start(one, {
    phases: [{ status: 'creating', seconds: 1, begin }],
    final: 'available',
    failed: 'restore-error',
  });
  await until(() => one.status === 'restore-error');
  expect(problems.join()).toContain('no space');
});

test('calling off waits for the work that has begun and starts no further', async () => {
  const one = subject();
  const done: string[] = [];
  const begin = () => new Promise<void>((resolve) => setTimeout(() => (done.push('begin'), resolve()), 30));
  transitions.start(one, {
    phases: [{ status: 'modifying', seconds: 1, begin, end: () => void done.push('end') }],
    final: 'available',
  });
  await new Promise((resolve) => setTimeout(resolve, 10));
  await transitions.cancel(one);
  expect(done).toEqual(['begin']);
  expect(one.status).toBe('modifying');
});

describe('what ModifyDBInstance applies now', () => {
  const instance = { pending: { multiAz: true }, traits: { retention: 7 } };

  test('without ApplyImmediately, only what interrupts nothing', () => {
    expect(divide(instance, { instanceClass: 'db.r6g.large', deletionProtection: true }, false)).toEqual({
      now: { deletionProtection: true },
      later: { multiAz: true, instanceClass: 'db.r6g.large' },
    });
  });

  test('with it, all that was waiting too', () => {
    expect(divide(instance, { retention: 0 }, true)).toEqual({
      now: { multiAz: true, retention: 0 },
      later: {},
    });
  });

  test('a retention period changes at once unless it switches backups on or off', () => {
    const quiet = { pending: {}, traits: { retention: 7 } };
    expect(divide(quiet, { retention: 14 }, false).now).toEqual({ retention: 14 });
    expect(divide(quiet, { retention: 0 }, false).later).toEqual({ retention: 0 });
    expect(divide({ pending: {}, traits: { retention: 0 } }, { retention: 7 }, false).later).toEqual({
      retention: 7,
    });
  });
});
