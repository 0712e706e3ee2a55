import { allHandlersFinished, sleep, workflowInfo } from '@temporalio/workflow';
import type { Admission } from './admission';
import type { FleetState } from './fleet-rules';
import type { Plan } from './plan';
import type { RunPolicy } from './policy';
import type { Recorder } from './recorder';
import type { RunState } from './state';

/**
 * What a run hands on when it continues as new: what was pinned at its start, what was approved, and where it stands. No
 * step's undo is in it: a run that could take back something does not continue as new.
 */
export interface Continuation {
  readonly admission: Admission<unknown, unknown, RunPolicy>;
  readonly plan: Plan;
  /** Gates that were answered. */
  readonly passed: readonly string[];
  readonly state: RunState;
  readonly fleet: FleetState;
}

/** Leaves the procedure for the next execution of the run. Never crosses the workflow's border. */
export class ContinueRun extends Error {
  constructor(readonly fleet: FleetState) {
    super('continues as new');
  }
}

/**
 * What the execution before this one has handed on; undefined at the start of a run. Only the server can continue a run:
 * what a starter passes under this name is not looked at, also not by a retry or a cron start.
 */
export function handedOn(given: Continuation | undefined): Continuation | undefined {
  const { continuedFromExecutionRunId, attempt, cronSchedule } = workflowInfo();
  const continued = continuedFromExecutionRunId !== undefined && attempt === 1 && (cronSchedule ?? '') === '';
  return continued ? given : undefined;
}

/** Waits for a second in which nobody was answered: an update that ends together with its execution may be lost [T §3.6]. */
export async function quietSecond(recorder: Recorder): Promise<void> {
  for (;;) {
    const seen = recorder.state;
    await sleep('1s', { summary: 'before the run continues as new' });
    if (recorder.state === seen && allHandlersFinished()) return;
  }
}
