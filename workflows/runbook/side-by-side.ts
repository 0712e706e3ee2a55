import { CancellationScope, isCancellation, patched } from '@temporalio/workflow';
import { settleAll } from './run';
import { RunStopped } from './stopped';

/** Something that may come while work is done. */
interface Meanwhile {
  /** Returns when it has come. */
  readonly look: () => Promise<void>;
  readonly then: () => Promise<void>;
  /** The look itself has failed. */
  readonly failed: (error: unknown) => void;
}

/**
 * Work that is done at the same time. When one piece of it ends the run, or the part around them, the others end as by a
 * cancel and do not go on to what would only have to be taken back; all have come to their end when the stop is passed on.
 */
export class SideBySide {
  /** Null in runs of an earlier version, whose cancels came to the work in another order. */
  private readonly scope = patched('stop-ends-others') ? new CancellationScope() : null;
  private stop: RunStopped | null = null;

  /** @param mayBeCut whether the others may be ended at this moment; otherwise they go on to their own end */
  constructor(private readonly mayBeCut: () => boolean) {}

  /** @throws what has ended all of them; otherwise the first failure in the order given */
  async all<T>(work: readonly (() => Promise<T>)[]): Promise<readonly T[]> {
    try {
      return await settleAll(work.map((one) => () => this.orStop(() => this.run(one))));
    } catch (error) {
      throw this.stop ?? error;
    }
  }

  /** With the work done nobody looks any longer; what was begun then comes to its own end all the same. */
  async meanwhile<T>(work: () => Promise<T>, { look, then, failed }: Meanwhile): Promise<T> {
    const looking = new CancellationScope();
    const seen = looking.run(look).then(then, (error: unknown) => {
      // Given up by us, or the run was cancelled: then the work says so.
      if (!isCancellation(error)) failed(error);
    });
    const [done] = await Promise.allSettled([
      this.run(work).finally(() => looking.cancel()),
      this.orStop(() => seen),
    ]);
    if (this.stop !== null) throw this.stop;
    if (done.status === 'rejected') throw done.reason;
    await seen;
    return done.value;
  }

  private run<T>(work: () => Promise<T>): Promise<T> {
    return this.scope === null ? work() : this.scope.run(work);
  }

  private async orStop<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (error instanceof RunStopped && this.stop === null) this.cut(error);
      throw error;
    }
  }

  /** For an emergency each piece lets go by itself, where it may. */
  private cut(stop: RunStopped): void {
    if (stop.stop.kind === 'preempted' || !this.mayBeCut() || this.scope === null) return;
    this.stop = stop;
    this.scope.cancel();
  }
}
