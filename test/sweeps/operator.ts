import { setTimeout as sleep } from 'node:timers/promises';
import { decide } from '../../workflows/runbook/messages';
import type { Person } from '../../workflows/runbook/policy';
import type { Ask, RunState, Verdict } from '../../workflows/runbook/state';
import type { LiveRun } from '../support/live-run';

/** What somebody on call does with a question; undefined: leaves it for now. */
export type Judgement = (ask: Ask, state: RunState) => Verdict | undefined;

/** Agrees to everything, tries a failed step or undo some times, and then gives up. */
export function patient(retries = 4): Judgement {
  return ({ id, kind }, { asks }) => {
    if (kind !== 'failedStep' && kind !== 'failedUndo') return 'approve';
    const stem = id.replace(/\.\d+$/, '');
    const before = asks.filter((ask) => ask.id.startsWith(stem) && ask.result !== null).length;
    if (before < retries) return 'retry';
    return kind === 'failedStep' ? 'abort' : 'skip';
  };
}

/** Each look makes a worker answer a query; nobody is waited for by a run that asks nothing. */
const LOOK_MILLISECONDS = 300;
const CALL_SECONDS = 4;

/**
 * Answers whatever a run asks until it has ended, also while its worker is dead.
 * @param seconds after which it counts as standing still; it takes half a minute on two free cores, and many times that
 *   on a busy machine
 * @returns how it ended
 */
export async function lead(
  run: LiveRun,
  people: readonly Person[],
  judge: Judgement,
  seconds = 600,
): Promise<RunState> {
  const deadline = Date.now() + seconds * 1000;
  for (let last: RunState | undefined; ; await sleep(LOOK_MILLISECONDS)) {
    // No worker, no answer: asked again until there is one.
    last = (await within(() => run.status())) ?? last;
    if (last?.phase === 'ended') return last;
    if (Date.now() > deadline) throw new Error(`not ended after ${seconds} s: ${tell(last)}`);
    for (const ask of last?.asks ?? [])
      if (ask.result === null) await answer(run, people, ask, judge(ask, last!));
  }
}

async function answer(
  run: LiveRun,
  people: readonly Person[],
  ask: Ask,
  verdict: Verdict | undefined,
): Promise<void> {
  if (verdict === undefined) return;
  const { requestedBy } = (await within(() => run.status())) ?? {};
  const fit = people
    .filter(({ name }) => name !== requestedBy && !ask.decisions.some(({ actor }) => actor === name))
    .filter(({ roles }) => ask.roles.length === 0 || roles.some((role) => ask.roles.includes(role)));
  for (const { name } of fit.slice(0, ask.needed - ask.decisions.length)) {
    const hash = ask.planHash === null ? {} : { planHash: ask.planHash };
    const message = { ask: ask.id, verdict, actor: name, note: 'looked at it', ...hash };
    // Refused where it had come through before and only its answer was lost.
    await within(() => run.handle.executeUpdate(decide, { args: [message] }));
  }
}

async function within<T>(work: () => Promise<T>): Promise<T | undefined> {
  const late = new AbortController();
  const limit = sleep(CALL_SECONDS * 1000, undefined, { signal: late.signal }).catch(() => undefined);
  try {
    return await Promise.race([work().catch(() => undefined), limit]);
  } finally {
    late.abort();
  }
}

function tell(state: RunState | undefined): string {
  if (state === undefined) return 'it never answered';
  const step = state.steps.filter(({ startedAt }) => startedAt !== null).at(-1);
  return `phase ${state.phase}, step ${step?.id ?? '-'} ${step?.state ?? ''} ${step?.error ?? ''}`;
}
