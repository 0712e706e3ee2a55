import {
  allHandlersFinished,
  ApplicationFailure,
  condition,
  continueAsNew,
  getExternalWorkflowHandle,
  log,
  setCurrentDetails,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import { acknowledge, acquire, breakLease, lease, letGo, release } from './runbook/lease';
import type { LeaseState } from './runbook/lease';
import { describeLease } from './runbook/lease-details';
import { completeLease, freeLease, grantLease, liftBlock, takeLease, wordOf } from './runbook/lease-rules';

/**
 * Who may act on an instance. Lives for ever under `lease/<instance>`; each grant raises the fencing token, so that a
 * run that was thought dead finds its token outdated before its next mutating call.
 */
export async function instanceLease(
  given: { readonly instance: string } & Partial<LeaseState>,
): Promise<void> {
  let state = completeLease(given);
  // Told again after continue-as-new: the signal may have been lost with the old run.
  let told: string | null = null;
  const become = (next: LeaseState): LeaseState => {
    state = next;
    setCurrentDetails(describeLease(state));
    return state;
  };
  setHandler(lease, () => state, { description: 'Who holds the instance, who waits, what happened' });
  setHandler(acquire, (request) => {
    const { next, answer } = grantLease(state, request, new Date());
    become(next);
    return answer;
  });
  setHandler(release, (request) => become(freeLease(state, request, new Date())));
  setHandler(acknowledge, (word) => become(liftBlock(state, word, new Date())), {
    description: 'Lift the block on automatic starts: { "actor", "note" }',
    validator: (message) => refuseWord('acknowledge', message),
  });
  setHandler(breakLease, (word) => become(takeLease(state, word, new Date())), {
    description: 'Take the lease from its holder: { "actor", "note" }',
    validator: (message) => refuseWord('break', message),
  });
  become(state);

  const isUntold = (): boolean => state.preemptedBy !== null && wordOf(state) !== told;
  const mayRenew = (): boolean => workflowInfo().continueAsNewSuggested && allHandlersFinished();
  for (;;) {
    await condition(() => isUntold() || mayRenew());
    if (!isUntold()) break;
    told = wordOf(state);
    await tellHolder(state);
  }
  await continueAsNew<typeof instanceLease>(state);
}

async function tellHolder({ holder, preemptedBy }: LeaseState): Promise<void> {
  if (holder === null || preemptedBy === null) return;
  const { workflowId, runbook } = preemptedBy;
  try {
    await getExternalWorkflowHandle(holder.workflowId, holder.runId).signal(letGo, { workflowId, runbook });
  } catch (error) {
    // It has ended meanwhile: the next request finds that out and replaces it.
    log.warn('the holder could not be told', { holder: holder.workflowId, error: String(error) });
  }
}

function refuseWord(update: string, message: unknown): void {
  const { actor, note } = (message ?? {}) as Readonly<Record<string, unknown>>;
  if (typeof actor === 'string' && actor !== '' && typeof note === 'string' && note.trim() !== '') return;
  throw ApplicationFailure.nonRetryable(`${update} takes { "actor": "name", "note": "why" }`, 'InvalidInput');
}
