import { CancellationScope, condition, sleep } from '@temporalio/workflow';
import type { Recorder } from './recorder';

/** Where an emergency may cut a run short, and what becomes of what it has done. */
export type Leaving =
  /** It stays, in the state that this says. */
  | { readonly stands: string }
  /** It is taken back; where that takes too long, this says what is left. */
  | { readonly undone: string };

interface Cut {
  /** Whether it may be left at this moment. */
  readonly when?: () => boolean;
  /** How long after the emergency has asked; at once unless told. */
  readonly afterSeconds?: number;
}

/**
 * Does `work`; when an emergency has asked this run to let go, what is under way in it ends as by a cancel: a wait at
 * once, a call when it has noticed. Whether it was cut shows in the state, not in the error: a wait that is cancelled
 * between two looks ends with its last "not yet".
 */
export async function cutShort<T>(
  recorder: Recorder,
  { when = () => true, afterSeconds = 0 }: Cut,
  work: () => Promise<T>,
): Promise<T> {
  const scope = new CancellationScope();
  const watch = new CancellationScope();
  const watching = watch
    .run(async () => {
      await condition(() => recorder.state.preemptedBy !== null && when());
      if (afterSeconds > 0) await sleep(afterSeconds * 1000, { summary: 'an emergency waits' });
      scope.cancel();
    })
    // The work has ended first.
    .catch(() => undefined);
  try {
    return await scope.run(work);
  } finally {
    watch.cancel();
    await watching;
  }
}
