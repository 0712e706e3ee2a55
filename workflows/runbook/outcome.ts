import { describeFleet, hasBegun } from './fleet-rules';
import type { Outcome, RunState } from './state';
import type { Problem } from './step';
import type { RunStopped } from './stopped';

export interface Conclusion {
  readonly outcome: Outcome;
  /** One sentence for people. */
  readonly text: string;
  /** The workflow closes as cancelled. */
  readonly cancelled: boolean;
  readonly problems?: readonly Problem[];
}

export function concludeSuccess(state: RunState): Conclusion {
  const unproven = state.steps.filter((step) => step.state === 'skipped').length;
  const remarks = [...new Set([...state.degraded, ...notTakenBack(state)])];
  return remarks.length === 0 && unproven === 0
    ? { outcome: 'SUCCEEDED', text: 'everything was done and verified', cancelled: false }
    : { outcome: 'DEGRADED', text: `done, but ${remarks.join('; ')}`, cancelled: false };
}

/** What an undo has left behind, one line each. */
export function notTakenBack({ steps }: RunState): readonly string[] {
  return steps
    .filter((step) => step.state === 'undoFailed')
    .map(({ title, error }) => `${title} could not be taken back: ${error ?? 'nobody knows why'}`);
}

/**
 * How a run ends that left its procedure early.
 * @param stop why; null = it was cancelled
 * @param untouched nothing had been changed
 * @param undone whether everything was taken back; null = no undo was tried
 */
export function concludeStop(
  state: RunState,
  stop: RunStopped['stop'] | null,
  untouched: boolean,
  undone: boolean | null,
): Conclusion {
  const cancelled = stop === null;
  const why = explain(stop);
  const point = state.pastPointOfNoReturn;
  if (stop?.kind === 'preempted' && stop.stands !== null && !untouched) {
    return { outcome: 'HANDED_OVER', text: `${why} at a safe point: ${stop.stands}`, cancelled };
  }
  // What its children have done is theirs, and stays.
  if (state.fleet !== undefined && hasBegun(state.fleet))
    return { outcome: 'HANDED_OVER', text: `${why}; ${describeFleet(state.fleet)}`, cancelled };
  if (point !== null || stop?.kind === 'leaseLost') {
    const passed = point === null ? 'the lease is gone' : `past the point of no return (${point})`;
    return {
      outcome: 'HANDED_OVER',
      text: `stopped ${passed}: ${why}; see what stands in the report`,
      cancelled,
    };
  }
  if (untouched && stop?.kind === 'refused') {
    return {
      outcome: 'REFUSED',
      text: `refused before anything was touched: ${why}`,
      cancelled,
      problems: stop.problems,
    };
  }
  if (untouched && stop?.kind === 'denied')
    return { outcome: 'DENIED', text: `${why}; nothing was touched`, cancelled };
  if (undone === false)
    return { outcome: 'UNDO_INCOMPLETE', text: `${why}; not everything could be undone`, cancelled };
  const rest = untouched ? 'nothing was touched' : 'everything was undone';
  return { outcome: stop?.kind === 'denied' ? 'DENIED' : 'UNDONE', text: `${why}; ${rest}`, cancelled };
}

function explain(stop: RunStopped['stop'] | null): string {
  if (stop === null) return 'cancelled';
  return stop.kind === 'refused'
    ? stop.problems.map((problem) => `${problem.message} (${problem.code})`).join('; ')
    : stop.why;
}
