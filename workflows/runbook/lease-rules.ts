import { CONTINUATION } from './lease';
import type {
  Acquire,
  Acquired,
  Block,
  LeaseEvent,
  LeaseHolder,
  LeaseState,
  LeaseWaiter,
  LeaseWord,
  Release,
} from './lease';

const EVENTS_KEPT = 50;
/** A waiting run asks every few seconds; one that has been silent for so long has gone. */
const SILENT_SECONDS = 30;

/** Fills in what a state written by older code lacks. */
export function completeLease(given: { readonly instance: string } & Partial<LeaseState>): LeaseState {
  return {
    holder: null,
    token: 0,
    waiting: [],
    preemptedBy: null,
    blockedUntil: null,
    blockedBy: null,
    promisedTo: null,
    events: [],
    ...given,
  };
}

/** Who holds the lease after a request. The present holder asking again gets its token again. Pure. */
export function grantLease(
  state: LeaseState,
  request: Acquire,
  at: Date,
): { readonly next: LeaseState; readonly answer: Acquired } {
  const { runId, deadHolder } = request;
  const { holder } = state;
  if (holder?.runId === runId) return { next: state, answer: { granted: true, token: holder.token } };
  // A run that continues as new is the same run: nobody comes in between, and nothing it has approved is void.
  if (holder !== null && holder.runId === request.continues && holder.workflowId === request.workflowId)
    return {
      next: { ...state, holder: { ...holder, runId } },
      answer: { granted: true, token: holder.token },
    };
  const waiting = renewPlace(state.waiting, request, at);
  const block = blockOn(state, request, at);
  if (holder !== null && holder.runId !== deadHolder) {
    return {
      next: askToLetGo({ ...state, waiting }, request, at),
      answer: { granted: false, holder, ...(block === null ? {} : { block }) },
    };
  }
  if (block !== null) {
    const others = waiting.filter((one) => one.runId !== runId);
    return { next: { ...state, waiting: others }, answer: { granted: false, ...block } };
  }
  const [ahead] = waiting;
  if (ahead !== undefined && ahead.runId !== runId && !request.emergency) {
    return { next: { ...state, waiting }, answer: { granted: false, ahead } };
  }
  return grant({ ...state, waiting }, request, at);
}

/**
 * What keeps the run from the lease after a recovery; null for a person's start, for one that only adds, and where room was
 * made for it.
 */
function blockOn(
  { blockedUntil, blockedBy, promisedTo }: LeaseState,
  { trigger, runId, onlyAdds = false }: Acquire,
  at: Date,
): Block | null {
  const isAutomatic = trigger !== 'manual' && trigger !== CONTINUATION;
  if (blockedUntil === null || !isAutomatic || onlyAdds || promisedTo === runId) return null;
  return at < new Date(blockedUntil) ? { blockedUntil, blockedBy: blockedBy ?? '' } : null;
}

function grant(
  state: LeaseState,
  request: Acquire,
  at: Date,
): { readonly next: LeaseState; readonly answer: Acquired } {
  const { workflowId, runId, runbook, emergency } = request;
  const token = state.token + 1;
  const holder: LeaseHolder = { workflowId, runId, runbook, emergency, token, since: at.toISOString() };
  const note =
    state.holder === null
      ? `token ${token}`
      : `token ${token}; ${state.holder.workflowId} had ended without giving it back`;
  return {
    next: record(
      {
        ...state,
        token,
        holder,
        preemptedBy: null,
        promisedTo: state.promisedTo === runId ? null : state.promisedTo,
        waiting: state.waiting.filter((one) => one.runId !== runId),
      },
      { at: at.toISOString(), kind: state.holder === null ? 'granted' : 'replaced', who: workflowId, note },
    ),
    answer: { granted: true, token },
  };
}

/** Records the wish once; who hears of it is told by the workflow. Only a holder that people have named is asked. */
function askToLetGo(state: LeaseState, request: Acquire, at: Date): LeaseState {
  const { holder, preemptedBy } = state;
  if (!request.preempt || holder === null || holder.emergency || preemptedBy !== null) return state;
  const { workflowId, runId, runbook, emergency, since, consented } = request;
  if (consented !== undefined && consented !== holder.token) return state;
  const waiter = { workflowId, runId, runbook, emergency, since, askedAt: at.toISOString() };
  return record(
    { ...state, preemptedBy: consented === undefined ? waiter : { ...waiter, consented } },
    {
      at: at.toISOString(),
      kind: 'preempting',
      who: workflowId,
      note: `${holder.workflowId} was asked to let go`,
    },
  );
}

/**
 * What the workflow remembers to have told: which emergency's wish, and to which run. A holder that came later than the
 * first, or went on as a new execution, is told as well. Wishes of older code were told once per emergency, and a replay
 * must send what was sent. Pure.
 */
export function wordOf({ holder, preemptedBy }: LeaseState): string | null {
  if (preemptedBy === null) return null;
  const { runId, consented } = preemptedBy;
  return consented === undefined ? runId : `${runId} to ${holder?.runId ?? ''}`;
}

/** The queue with the asking run in its place, and without those who have stopped asking. */
function renewPlace(queue: readonly LeaseWaiter[], request: Acquire, at: Date): readonly LeaseWaiter[] {
  const oldest = at.getTime() - SILENT_SECONDS * 1000;
  const others = queue.filter((one) => one.runId !== request.runId && Date.parse(one.askedAt) >= oldest);
  if (!request.queue) return others;
  const { workflowId, runId, runbook, emergency, since } = request;
  return [...others, { workflowId, runId, runbook, emergency, since, askedAt: at.toISOString() }].sort(
    (one, other) =>
      Number(other.emergency) - Number(one.emergency) || Date.parse(one.since) - Date.parse(other.since),
  );
}

/** The state after a release; one by anybody but the holder only ends that run's own waiting. Pure. */
export function freeLease(given: LeaseState, request: Release, at: Date): LeaseState {
  const state = leaveQueue(given, request.runId);
  const { holder } = state;
  if (holder === null || holder.runId !== request.runId) return state;
  if (request.token !== null && request.token !== holder.token) return state;
  const freed = record(
    { ...state, holder: null, preemptedBy: null, promisedTo: promiseOf(state) },
    { at: at.toISOString(), kind: 'released', who: holder.workflowId, note: `token ${holder.token}` },
  );
  if (request.blockSeconds <= 0) return freed;
  const blockedUntil = new Date(at.getTime() + request.blockSeconds * 1000).toISOString();
  return record(
    { ...freed, blockedUntil, blockedBy: holder.workflowId },
    {
      at: at.toISOString(),
      kind: 'blocked',
      who: holder.workflowId,
      note: `no automatic start until ${blockedUntil}`,
    },
  );
}

/**
 * A holder that was asked to let go may have ended as a recovery all the same: its block is not for the emergency that
 * asked. A wish of older code promises nothing, as it did when that code ran: a replay must come to what was answered.
 */
function promiseOf({ preemptedBy, promisedTo }: LeaseState): string | null {
  return preemptedBy?.consented === undefined ? promisedTo : preemptedBy.runId;
}

function leaveQueue(state: LeaseState, runId: string): LeaseState {
  return {
    ...state,
    waiting: state.waiting.filter((one) => one.runId !== runId),
    preemptedBy: state.preemptedBy?.runId === runId ? null : state.preemptedBy,
    promisedTo: state.promisedTo === runId ? null : state.promisedTo,
  };
}

/** Takes the lease from its holder on a person's word. Its run changes nothing more from then on. Pure. */
export function takeLease(state: LeaseState, { actor, note }: LeaseWord, at: Date): LeaseState {
  const { holder } = state;
  if (holder === null) return state;
  return record(
    // A higher token, granted to nobody: what the former holder still sends is refused at once.
    { ...state, holder: null, preemptedBy: null, token: state.token + 1 },
    {
      at: at.toISOString(),
      kind: 'broken',
      who: actor,
      note: `taken from ${holder.workflowId} (token ${holder.token}): ${note}`,
    },
  );
}

/** Lifts the block on automatic starts. Pure. */
export function liftBlock(state: LeaseState, { actor, note }: LeaseWord, at: Date): LeaseState {
  if (state.blockedUntil === null) return state;
  return record(
    { ...state, blockedUntil: null, blockedBy: null },
    { at: at.toISOString(), kind: 'acknowledged', who: actor, note },
  );
}

function record(state: LeaseState, event: LeaseEvent): LeaseState {
  return { ...state, events: [...state.events, event].slice(-EVENTS_KEPT) };
}
