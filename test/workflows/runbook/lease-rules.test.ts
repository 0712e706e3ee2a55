import { completeLease, freeLease, grantLease } from '../../../workflows/runbook/lease-rules';
import type { Acquire, LeaseState } from '../../../workflows/runbook/lease';

const START = Date.parse('2026-03-01T02:00:00Z');
const after = (seconds: number): Date => new Date(START + seconds * 1000);

const asking = (runId: string, more: Partial<Acquire> = {}): Acquire => ({
  ...{ workflowId: `restore/prod/${runId}`, runId, runbook: 'restore', trigger: 'manual' },
  ...{ emergency: false, since: after(0).toISOString(), queue: false, preempt: false },
  ...more,
});
const emergency = (more: Partial<Acquire> = {}): Acquire =>
  asking('e', { runbook: 'drFailover', emergency: true, trigger: 'webhook', ...more });
const preempting = (consented: number): Acquire => emergency({ queue: true, preempt: true, consented });

function heldBy(runId: string, state = completeLease({ instance: 'prod' }), seconds = 0): LeaseState {
  return grantLease(state, asking(runId), after(seconds)).next;
}

describe('the block after a recovery', () => {
  const told = grantLease(heldBy('a'), preempting(1), after(1)).next;
  const left = freeLease(told, { runId: 'a', token: 1, blockSeconds: 3600 }, after(2));

  test('does not hold up the emergency for which the recovery was asked to let go', () => {
    expect(left.blockedUntil).not.toBeNull();
    expect(grantLease(left, preempting(1), after(3)).answer).toEqual({ granted: true, token: 2 });
  });

  test('does not hold up an automatic start that only adds', () => {
    const backup = asking('d', { runbook: 'backup', trigger: 'schedule' });
    expect(grantLease(left, { ...backup, onlyAdds: true }, after(40)).answer).toMatchObject({
      granted: true,
    });
    expect(grantLease(left, backup, after(40)).answer).toHaveProperty('blockedUntil');
  });

  test('does so neither when another run came in between', () => {
    const between = heldBy('b', left, 40);
    expect(between.holder?.runId).toBe('b');
    const free = freeLease(between, { runId: 'b', token: 2, blockSeconds: 0 }, after(41));
    expect(grantLease(free, preempting(1), after(42)).answer).toEqual({ granted: true, token: 3 });
  });

  test('holds up every other automatic start, and that emergency too once it has had the lease', () => {
    const other = { ...preempting(1), runId: 'f' };
    expect(grantLease(left, other, after(3)).answer).toMatchObject({
      granted: false,
      blockedBy: 'restore/prod/a',
    });
    const had = grantLease(left, preempting(1), after(3)).next;
    const free = freeLease(had, { runId: 'e', token: 2, blockSeconds: 0 }, after(4));
    expect(grantLease(free, preempting(1), after(5)).answer).toMatchObject({ granted: false });
    expect(grantLease(free, preempting(1), after(5)).answer).toHaveProperty('blockedUntil');
  });

  test('is told to an emergency while the lease is held, so that nobody lets go for nothing', () => {
    const held = heldBy('b', { ...left, promisedTo: null }, 40);
    expect(grantLease(held, emergency(), after(41)).answer).toMatchObject({
      granted: false,
      holder: { runId: 'b' },
      block: { blockedBy: 'restore/prod/a' },
    });
    const byHand = grantLease(held, emergency({ trigger: 'manual' }), after(41)).answer;
    expect(byHand).not.toHaveProperty('block');
  });

  test('of a lease whose requests come from older code is what it was', () => {
    const { consented: _new, ...older } = preempting(1);
    const wished = grantLease(heldBy('a'), older, after(1)).next;
    const blocked = freeLease(wished, { runId: 'a', token: 1, blockSeconds: 3600 }, after(2));
    expect(grantLease(blocked, older, after(3)).answer).toHaveProperty('blockedUntil');
  });
});

describe('a consent to preempt', () => {
  test('makes only the run let go that it names', () => {
    const first = heldBy('a');
    const second = heldBy('b', freeLease(first, { runId: 'a', token: 1, blockSeconds: 0 }, after(1)));
    const asked = grantLease(second, preempting(1), after(2));
    expect(asked.answer).toMatchObject({ granted: false, holder: { runId: 'b', token: 2 } });
    expect(asked.next.preemptedBy).toBeNull();
    expect(grantLease(asked.next, preempting(2), after(3)).next.preemptedBy).toMatchObject({ runId: 'e' });
  });

  test('holds for the execution as which the named run goes on', () => {
    const next = { ...asking('a2', { continues: 'a' }), workflowId: 'restore/prod/a' };
    const goneOn = grantLease(heldBy('a'), next, after(1)).next;
    expect(grantLease(goneOn, preempting(1), after(2)).next.preemptedBy).toMatchObject({ runId: 'e' });
  });

  test('by older code, which names nobody, holds for whoever has the lease', () => {
    const { consented: _new, ...older } = preempting(1);
    expect(grantLease(heldBy('a'), older, after(1)).next.preemptedBy).toMatchObject({ runId: 'e' });
  });
});
