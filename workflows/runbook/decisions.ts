import type { DecisionMessage, HoldMessage } from './messages';
import type { Person } from './policy';
import type { Ask, Decision, RunState, Verdict } from './state';
import { openAsks, rolesNow } from './state';

const VERDICTS: readonly Verdict[] = ['approve', 'deny', 'retry', 'skip', 'abort'];

/**
 * Why a decision cannot be accepted, in words for whoever sent it; null when it can. Messages come from hand-typed
 * JSON, so nothing about their shape is taken for granted. Pure: used by the update's validator and by the signal.
 */
export function refuseDecision(state: RunState, people: readonly Person[], message: unknown): string | null {
  const shape = refuseShape(message);
  if (shape !== null) return shape;
  const { ask: id, verdict, actor, note, planHash } = message as DecisionMessage;
  const ask = state.asks.find((one) => one.id === id);
  const open = openAsks(state).map((one) => one.id);
  if (ask === undefined) return `nothing called "${id}" is asked; ${openList(open)}`;
  if (ask.result !== null) return `"${id}" is already closed (${ask.result}); ${openList(open)}`;
  if (!ask.verdicts.includes(verdict)) return `"${id}" takes ${ask.verdicts.join(', ')}, not ${verdict}`;
  const person = people.find((one) => one.name === actor);
  if (person === undefined)
    return `"${actor}" is not among the people of the estate (${people.map((one) => one.name).join(', ')})`;
  const roles = rolesNow(ask);
  if (roles.length > 0 && !roles.some((role) => person.roles.includes(role))) {
    return `${actor} has none of the roles that may decide "${id}": ${roles.join(', ')}${later(ask, person)}`;
  }
  const unproven = refuseIdentity(state, ask, person, message as DecisionMessage);
  if (unproven !== null) return unproven;
  return verdict === 'approve'
    ? refuseApproval(state, ask, actor, note, planHash)
    : refuseNote(ask, verdict, note);
}

/** Somebody of the second group who comes early is told from when on they count. */
function later({ escalation }: Ask, person: Person): string {
  const comes = escalation?.since === null && escalation.roles.some((role) => person.roles.includes(role));
  return comes ? `; from ${escalation.dueAt} on also ${escalation.roles.join(', ')}` : '';
}

/** What can be said about a proof without verifying it. The same words from a closed envelope count once. */
function refuseIdentity(
  state: RunState,
  ask: Ask,
  person: Person,
  { proof }: DecisionMessage,
): string | null {
  if (proof === undefined) {
    if (ask.identity !== 'signed') return null;
    return person.publicKey === undefined
      ? `"${ask.id}" takes signed decisions only, and the estate has no public key of ${person.name}: create one with \`runbooks key create\``
      : `"${ask.id}" takes signed decisions only: send "proof", as \`runbooks approve … --key FILE\` does`;
  }
  if (!/^[\w-]+\.[\w-]+\.[\w-]*$/.test(proof))
    return '"proof" is no compact JWS (three parts with dots between)';
  if (person.publicKey === undefined)
    return `the estate has no public key of ${person.name}, so that no proof of theirs can be verified`;
  return refuseReplay(state, (used) => used.jws === proof);
}

/** Why a proof does not count again, or null. */
export function refuseReplay(
  state: RunState,
  isSame: (used: NonNullable<Decision['proof']>) => boolean,
): string | null {
  const before = state.asks
    .flatMap((ask) => ask.decisions.map((decision) => ({ ask, decision })))
    .find(({ decision }) => decision.proof !== undefined && isSame(decision.proof));
  return before === undefined
    ? null
    : `this proof was used already, by ${before.decision.actor} on "${before.ask.id}" at ${before.decision.at}: sign anew`;
}

function refuseApproval(
  state: RunState,
  ask: Ask,
  actor: string,
  note: string | undefined,
  planHash: string | undefined,
): string | null {
  // Whoever asked for a thing may say that they need it no longer.
  if (ask.kind !== 'release' && state.requestedBy === actor)
    return `${actor} started this run and cannot approve it: somebody else has to`;
  if (ask.decisions.some((one) => one.actor === actor && one.verdict === 'approve')) {
    return `${actor} has approved "${ask.id}" already: each person counts once`;
  }
  if (ask.planHash !== null && planHash === undefined) {
    return `an approval names the plan it approves: add "planHash": "${ask.planHash}" after reading the plan`;
  }
  if (ask.planHash !== null && planHash !== ask.planHash) {
    return `the approval names plan ${planHash}, the present plan is ${ask.planHash}: look at it again`;
  }
  if (ask.noteRequired && (note ?? '').trim() === '') return `"${ask.id}" needs a reason: give it as "note"`;
  return null;
}

function refuseNote(ask: Ask, verdict: Verdict, note: string | undefined): string | null {
  const needed = verdict === 'skip' || verdict === 'deny';
  return needed && (note ?? '').trim() === ''
    ? `${verdict} of "${ask.id}" needs a reason: give it as "note"`
    : null;
}

function refuseShape(message: unknown): string | null {
  const example = '{ "ask": "failover", "verdict": "approve", "actor": "name" }';
  if (typeof message !== 'object' || message === null || Array.isArray(message)) {
    return `a decision is one JSON object such as ${example}`;
  }
  const { ask, verdict, actor, note, planHash, proof, ...rest } = message as Record<string, unknown>;
  const unknown = Object.keys(rest);
  if (unknown.length > 0) return `unknown member ${unknown.join(', ')}; a decision looks like ${example}`;
  if (typeof ask !== 'string' || ask === '') return `"ask" is missing; a decision looks like ${example}`;
  if (typeof actor !== 'string' || actor === '')
    return `"actor" is missing; a decision looks like ${example}`;
  if (!VERDICTS.some((one) => one === verdict)) return `"verdict" must be one of ${VERDICTS.join(', ')}`;
  for (const [name, value] of Object.entries({ note, planHash, proof })) {
    if (value !== undefined && typeof value !== 'string') return `"${name}" must be text`;
  }
  return null;
}

/** Why a hold or resume cannot be accepted, or null. */
export function refuseHold(state: RunState, people: readonly Person[], message: unknown): string | null {
  const actor = (message as Partial<HoldMessage> | null | undefined)?.actor;
  if (typeof actor !== 'string') return 'hold and resume take { "actor": "name", "reason": "…" }';
  if (!people.some((one) => one.name === actor)) return `"${actor}" is not among the people of the estate`;
  return state.phase === 'ended' ? 'the run has ended' : null;
}

/** What closes an ask: the verdict that now stands, or null while approvals are missing. */
export function settled(ask: Ask): Verdict | null {
  const last = ask.decisions.at(-1);
  if (last === undefined) return null;
  if (last.verdict !== 'approve') return last.verdict;
  return missingApprovals(ask) === 0 ? 'approve' : null;
}

export function missingApprovals(ask: Ask): number {
  const approved = ask.decisions.filter((one) => one.verdict === 'approve').length;
  return ask.result === null ? Math.max(0, ask.needed - approved) : 0;
}

function openList(open: readonly string[]): string {
  return open.length === 0 ? 'nothing is asked at present' : `open: ${open.join(', ')}`;
}
