import { ActivityFailure, CancellationScope, isCancellation, sleep } from '@temporalio/workflow';
import { describeFailure, RunStopped } from './stopped';
import { inWords } from './in-words';

/** What came of work that may fail without anybody being asked about it. */
export type Attempt<T> =
  | { readonly done: true; readonly value: T }
  /** `step`: id of the step that failed; null where it was no step, e.g. the time was over. */
  | { readonly done: false; readonly step: string | null; readonly why: string };

/** Makes an answer of a failure. A cancel, a denial, a lost lease and an emergency are none: they end the run. */
export async function attempt<T>(work: () => Promise<T>): Promise<Attempt<T>> {
  try {
    return { done: true, value: await work() };
  } catch (error) {
    if (isCancellation(error)) throw error;
    // A wait that is cancelled between two looks ends with its last "not yet", which is no failure of the work.
    const scope = CancellationScope.current();
    if (scope.consideredCancelled) await scope.cancelRequested;
    if (error instanceof RunStopped && error.stop.kind === 'aborted') {
      const { step = null, why } = error.stop;
      return { done: false, step, why };
    }
    if (error instanceof ActivityFailure) return { done: false, step: null, why: describeFailure(error) };
    throw error;
  }
}

/**
 * Ends `work` as a cancel would when its time is over: what is under way comes to its own end first.
 * @throws RunStopped (aborted) then; a cancel of the run stays a cancel
 */
export async function withinLimit<T>(seconds: number, work: () => Promise<T>): Promise<T> {
  const scope = new CancellationScope();
  const clock = new CancellationScope();
  let isOver = false;
  const waiting = clock
    .run(() => sleep(Math.max(1, Math.round(seconds * 1000)), { summary: 'time limit' }))
    .then(
      () => {
        isOver = true;
        scope.cancel();
      },
      // The work has ended first.
      () => undefined,
    );
  try {
    return await scope.run(work);
  } catch (error) {
    const isCut = isCancellation(error) || (error instanceof RunStopped && error.stop.kind === 'aborted');
    if (!isOver || !isCut) throw error;
    throw new RunStopped({ kind: 'aborted', why: `not done within ${inWords(seconds)}`, step: null });
  } finally {
    clock.cancel();
    await waiting;
  }
}
