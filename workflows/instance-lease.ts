import {
  allHandlersFinished,
  ApplicationFailure,
  condition,
  continueAsNew,
  setCurrentDetails,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import { acknowledge, acquire, lease, release } from './runbook/lease';
import type { Acquire, Acquired, LeaseState, Release } from './runbook/lease';

/**
 * Who may act on an instance. Lives for ever under `lease/<instance>`; each grant raises the fencing token, so that a
 * run that was thought dead finds its token outdated before its next mutating call.
 */
export async function instanceLease(given: { readonly instance: string } | LeaseState): Promise<void> {
  let state: LeaseState = { holder: null, token: 0, blockedUntil: null, blockedBy: null, ...given };
  const become = (next: LeaseState): LeaseState => {
    state = next;
    setCurrentDetails(describeLease(state));
    return state;
  };
  setHandler(lease, () => state);
  setHandler(acquire, (request) => {
    const { next, answer } = grant(state, request, new Date());
    become(next);
    return answer;
  });
  setHandler(release, (request) => become(free(state, request, new Date())));
  setHandler(acknowledge, () => become({ ...state, blockedUntil: null, blockedBy: null }), {
    description: 'Lift the block on automatic starts: { "actor", "note" }',
    validator: (message: unknown) => {
      const { actor, note } = (message ?? {}) as Readonly<Record<string, unknown>>;
      if (typeof actor !== 'string' || typeof note !== 'string' || note.trim() === '') {
        const shape = 'acknowledge takes { "actor": "name", "note": "why" }';
        throw ApplicationFailure.nonRetryable(shape, 'InvalidInput');
      }
    },
  });
  become(state);
  await condition(() => workflowInfo().continueAsNewSuggested && allHandlersFinished());
  await continueAsNew<typeof instanceLease>(state);
}

/** Pure: who holds the lease after a request. The present holder asking again gets its token again. */
function grant(state: LeaseState, request: Acquire, at: Date): { next: LeaseState; answer: Acquired } {
  const { workflowId, runId, runbook, trigger, deadHolder } = request;
  const { holder } = state;
  if (holder !== null && holder.runId === runId)
    return { next: state, answer: { granted: true, token: holder.token } };
  if (holder !== null && holder.runId !== deadHolder)
    return { next: state, answer: { granted: false, holder } };
  if (state.blockedUntil !== null && trigger !== 'manual' && at < new Date(state.blockedUntil)) {
    const { blockedUntil, blockedBy } = state;
    return { next: state, answer: { granted: false, blockedUntil, blockedBy: blockedBy ?? '' } };
  }
  const token = state.token + 1;
  const since = at.toISOString();
  return {
    next: { ...state, token, holder: { workflowId, runId, runbook, token, since } },
    answer: { granted: true, token },
  };
}

/** Pure: the state after a release; a token that is not the holder's changes nothing. */
function free(state: LeaseState, request: Release, at: Date): LeaseState {
  if (state.holder?.token !== request.token) return state;
  const freed = { ...state, holder: null };
  if (request.blockSeconds <= 0) return freed;
  const blockedUntil = new Date(at.getTime() + request.blockSeconds * 1000).toISOString();
  return { ...freed, blockedUntil, blockedBy: state.holder.workflowId };
}

function describeLease(state: LeaseState): string {
  const { holder, blockedUntil } = state;
  const held =
    holder === null
      ? 'Free.'
      : `Held by \`${holder.workflowId}\` since ${holder.since}, token ${holder.token}.`;
  const blocked =
    blockedUntil === null
      ? ''
      : ` Automatic starts are blocked until ${blockedUntil} after \`${state.blockedBy ?? ''}\`.`;
  return `### Lease of ${state.instance}\n\n${held}${blocked}`;
}
