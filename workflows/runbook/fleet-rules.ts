import type { ChildEnd } from './children';

/** Failures and the like that are kept with their reasons; beyond them only the numbers go on. */
const NOTES_KEPT = 50;
/** Names of running children that are shown. */
const NAMES_SHOWN = 20;
const LONGEST_REASON = 300;

/** Kit's own refusals that say nothing of the instance's health: it is busy, or is not to be touched now. */
const SKIPPING = ['instanceBusy', 'changeFreeze'];

export interface FleetLimits {
  /** Children at once. */
  readonly concurrency: number;
  /** With one failure more no further child is started. */
  readonly failuresAllowed: number;
  /** So many children are started before the run continues as new: each adds some ten events to its history. */
  readonly startsPerExecution: number;
}

/** How a child counts. `degraded`: done, with remarks. */
type FleetKind = 'done' | 'degraded' | 'skipped' | 'failed' | 'cancelled';

export interface FleetVerdict {
  readonly kind: FleetKind;
  /** In words; null for `done`. */
  readonly why: string | null;
}

/** Where a run over many instances stands. Its size does not grow with their number. */
export interface FleetProgress {
  /** Of each child. */
  readonly runbook: string;
  /** Workflow id of each child, with `<instance>` for its instance. */
  readonly children: string;
  readonly total: number;
  readonly counts: Readonly<Record<FleetKind, number>>;
  readonly running: number;
  readonly waiting: number;
  readonly failuresAllowed: number;
  /** Some of those that run now. */
  readonly now: readonly string[];
  /** Why instances were not done, or done with remarks; the first ones. */
  readonly notes: readonly { readonly instance: string; readonly kind: FleetKind; readonly why: string }[];
  readonly longest: { readonly instance: string; readonly seconds: number } | null;
  /** Why no further child is started; null while some are. */
  readonly stopped: string | null;
}

/** Everything that the next execution needs when a run continues as new. */
export interface FleetState {
  readonly progress: FleetProgress;
  /** Not started yet, in the order of their start. */
  readonly queue: readonly string[];
  readonly running: readonly string[];
  /** By this execution. */
  readonly started: number;
}

/** Before the first child. @param children workflow id of each, with `<instance>` for its instance */
export function openFleet(
  runbook: string,
  children: string,
  instances: readonly string[],
  { failuresAllowed }: FleetLimits,
): FleetState {
  return {
    progress: {
      ...{ runbook, children, total: instances.length, failuresAllowed },
      counts: { done: 0, degraded: 0, skipped: 0, failed: 0, cancelled: 0 },
      ...{ running: 0, waiting: instances.length, now: [], notes: [], longest: null, stopped: null },
    },
    queue: instances,
    running: [],
    started: 0,
  };
}

/** Which instances are started now: first come, first served, as far as the limits let. Pure. */
export function nextStarts(
  { queue, running, progress, started }: FleetState,
  { concurrency, startsPerExecution }: FleetLimits,
): readonly string[] {
  if (progress.stopped !== null) return [];
  const room = Math.min(concurrency - running.length, startsPerExecution - started);
  return queue.slice(0, Math.max(0, room));
}

/** Whether the rest is for the next execution: nothing runs, and this one has started as many as it may. */
export function isForNext(
  { queue, running, progress, started }: FleetState,
  { startsPerExecution }: FleetLimits,
): boolean {
  return (
    running.length === 0 && queue.length > 0 && progress.stopped === null && started >= startsPerExecution
  );
}

/** Whether nothing runs and nothing more will be started. */
export function isOver({ queue, running, progress }: FleetState): boolean {
  return running.length === 0 && (queue.length === 0 || progress.stopped !== null);
}

export function afterStart(state: FleetState, instance: string): FleetState {
  return counted({
    ...state,
    queue: state.queue.filter((one) => one !== instance),
    running: [...state.running, instance],
    started: state.started + 1,
  });
}

/** The state after a child's end. With one failure more than allowed nothing more is started. */
export function afterEnd(
  state: FleetState,
  instance: string,
  { kind, why }: FleetVerdict,
  seconds: number,
): FleetState {
  const { progress } = state;
  const counts = { ...progress.counts, [kind]: progress.counts[kind] + 1 };
  const note = why === null ? [] : [{ instance, kind, why: clipped(why) }];
  const took = { instance, seconds: Math.round(seconds * 10) / 10 };
  const isLonger = progress.longest === null || took.seconds > progress.longest.seconds;
  const { failuresAllowed } = progress;
  const tooMany =
    counts.failed > failuresAllowed
      ? `${counts.failed} of ${progress.total} failed, and the run allows ${failuresAllowed}`
      : null;
  return counted({
    ...state,
    running: state.running.filter((one) => one !== instance),
    progress: {
      ...progress,
      counts,
      notes: [...progress.notes, ...note].slice(0, NOTES_KEPT),
      longest: isLonger ? took : progress.longest,
      stopped: progress.stopped ?? tooMany,
    },
  });
}

/** Nothing more is started, for a reason from outside. */
export function afterStop(state: FleetState, why: string): FleetState {
  return { ...state, progress: { ...state.progress, stopped: state.progress.stopped ?? why } };
}

function counted(state: FleetState): FleetState {
  const { queue, running, progress } = state;
  return {
    ...state,
    progress: {
      ...progress,
      waiting: queue.length,
      running: running.length,
      now: running.slice(0, NAMES_SHOWN),
    },
  };
}

/** How a child's end counts: busy or frozen instances are skipped, what people denied as well. */
export function verdictOf({ outcome, report, cancelled }: ChildEnd): FleetVerdict {
  if (cancelled === true) return { kind: 'cancelled', why: 'it was cancelled' };
  const conclusion = report?.conclusion ?? 'it ended without a report';
  if (outcome === 'SUCCEEDED' || outcome === 'PLANNED') return { kind: 'done', why: null };
  if (outcome === 'DEGRADED') return { kind: 'degraded', why: conclusion };
  const problems = report?.problems ?? [];
  const isBusy =
    outcome === 'REFUSED' && problems.length > 0 && problems.every(({ code }) => SKIPPING.includes(code));
  if (isBusy) return { kind: 'skipped', why: problems.map(({ message }) => message).join(' ') };
  if (outcome === 'DENIED') return { kind: 'skipped', why: conclusion };
  return { kind: 'failed', why: `${outcome ?? 'no outcome'}: ${conclusion}` };
}

/** One sentence: what was done and what was not; the numbers add up to the total. */
export function describeFleet({ runbook, total, counts, running, waiting }: FleetProgress): string {
  const { done, degraded, skipped, failed, cancelled } = counts;
  const parts: readonly (readonly [number, string])[] = [
    [degraded, 'with remarks'],
    [failed, 'failed'],
    [skipped, 'skipped'],
    [cancelled, 'cancelled'],
    [running, 'running'],
    [waiting, 'not started'],
  ];
  const rest = parts.flatMap(([count, word]) => (count === 0 ? [] : [`, ${count} ${word}`])).join('');
  return `${runbook}: ${done} of ${total} instances done${rest}`;
}

/** Whether any child has been started, and so something may have been changed. */
export function hasBegun({ total, waiting }: FleetProgress): boolean {
  return waiting < total;
}

function clipped(why: string): string {
  return why.length > LONGEST_REASON ? `${why.slice(0, LONGEST_REASON - 1)}…` : why;
}
