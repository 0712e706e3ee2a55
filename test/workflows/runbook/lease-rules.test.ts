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

function heldBy(runId: string, state: LeaseState = completeLease({ instance: 'prod' })): LeaseState {
  return grantLease(state, asking(runId), after(0)).next;
}

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
