import { CancellationScope, condition, isCancellation, workflowInfo } from '@temporalio/workflow';
import { childId, runChild } from './children';
import { ContinueRun, quietSecond } from './continuation';
import type { Desk } from './desk';
import {
  afterEnd,
  afterStart,
  afterStop,
  describeFleet,
  isForNext,
  isOver,
  nextStarts,
  openFleet,
  verdictOf,
} from './fleet-rules';
import type { FleetLimits, FleetProgress, FleetState, FleetVerdict } from './fleet-rules';
import { preempted, RunStopped } from './stopped';
import type { Recorder } from './recorder';
import { isHeld } from './state';

/** A runbook for many instances. */
export interface FleetOrder {
  /** Of each child. */
  readonly runbook: string;
  /** In the order of their start; none twice. */
  readonly instances: readonly string[];
  /** Members of every child's start message besides its instance and who started it. */
  readonly message: Readonly<Record<string, unknown>>;
  /** Children at once, 1 or more. */
  readonly concurrency: number;
  /** With one failure more no further child is started. */
  readonly failuresAllowed: number;
  /** Children that one execution of this run starts; 500 unless told. */
  readonly startsPerExecution?: number;
}

/** What people have agreed to, as far as a start of a child rests on it. */
export interface FleetApprovals {
  /** A child starts or has ended. */
  readonly used: () => void;
  /** What asks again for that which has expired; null while it holds. */
  readonly renewal: () => (() => Promise<void>) | null;
}

const STARTS_PER_EXECUTION = 500;

/**
 * Runs one child for each instance, so many at once. A hold starts no further one and holds those that run; a cancel
 * cancels them and waits for their ends. How each child counts is decided by `fleet-rules.ts`.
 */
export class Fleet {
  private state: FleetState;
  private readonly limits: FleetLimits;
  private readonly children = new Map<string, Promise<void>>();
  /** Why no child is started any more, where people said so. */
  private denied: RunStopped | null = null;

  /** @param carried where the execution before this one stopped; null = there was none */
  constructor(
    private readonly recorder: Recorder,
    private readonly desk: Desk,
    private readonly order: FleetOrder,
    carried: FleetState | null,
    private readonly approvals: FleetApprovals,
  ) {
    const { runbook, instances, concurrency, failuresAllowed } = order;
    const startsPerExecution = order.startsPerExecution ?? STARTS_PER_EXECUTION;
    this.limits = { concurrency, failuresAllowed, startsPerExecution };
    this.state = carried ?? openFleet(runbook, childId(runbook, '<instance>'), instances, this.limits);
  }

  /**
   * Answers when nothing runs and nothing more will be started.
   * @param mayContinue whether the run may continue as new in between: it must have nothing of its own to take back
   * @throws ContinueRun when the rest is for the next execution
   * @throws RunStopped when too many failed, when all did, when people no longer agree, or when an emergency needs what
   * this run holds
   */
  async run(mayContinue: boolean): Promise<FleetProgress> {
    this.tell();
    try {
      for (;;) {
        if (this.due(mayContinue).length > 0) await this.renewApprovals();
        for (const instance of this.due(mayContinue)) this.launch(instance);
        if (isOver(this.state)) break;
        if (mayContinue && isForNext(this.state, this.now(mayContinue))) await this.handOn();
        const seen = this.state;
        await condition(() => this.state !== seen || this.due(mayContinue).length > 0 || this.letsGo());
        if (this.letsGo()) this.become(afterStop(this.state, 'an emergency needs the estate'));
      }
    } catch (error) {
      if (!isCancellation(error)) throw error;
      // Their ends belong to this run's: nothing is left behind that nobody watches.
      await CancellationScope.nonCancellable(() => Promise.all(this.children.values()));
      throw error;
    }
    await this.desk.noticeCancel();
    return this.conclude();
  }

  private conclude(): FleetProgress {
    const { progress } = this.state;
    const { done, degraded, failed, skipped, cancelled } = progress.counts;
    const { state } = this.recorder;
    if (this.denied !== null) throw this.denied;
    if (state.preemptedBy !== null && progress.waiting > 0) throw preempted(state, describeFleet(progress));
    if (failed > progress.failuresAllowed)
      throw new RunStopped({ kind: 'aborted', why: progress.stopped ?? 'too many failed' });
    if (failed > 0 && done + degraded === 0)
      throw new RunStopped({ kind: 'aborted', why: 'none of the instances was done' });
    if (degraded + failed + skipped + cancelled > 0)
      this.recorder.apply({ type: 'degraded', why: describeFleet(progress) });
    return progress;
  }

  /** With nothing running; a cancel that comes meanwhile is heard. */
  private async handOn(): Promise<never> {
    await quietSecond(this.recorder);
    await this.desk.noticeCancel();
    throw new ContinueRun({ ...this.state, started: 0 });
  }

  private due(mayContinue: boolean): readonly string[] {
    const { state } = this.recorder;
    return isHeld(state) || state.preemptedBy !== null ? [] : nextStarts(this.state, this.now(mayContinue));
  }

  /** The limits, with what the server thinks of the history so far. */
  private now(mayContinue: boolean): FleetLimits {
    if (!mayContinue) return { ...this.limits, startsPerExecution: Infinity };
    return workflowInfo().continueAsNewSuggested && this.state.started > 0
      ? { ...this.limits, startsPerExecution: this.state.started }
      : this.limits;
  }

  /** After a long hold people are asked once more. What runs goes on meanwhile, and also when they deny it. */
  private async renewApprovals(): Promise<void> {
    const renew = this.approvals.renewal();
    if (renew === null) return;
    try {
      await renew();
    } catch (error) {
      if (!(error instanceof RunStopped)) throw error;
      if (error.stop.kind !== 'denied') return;
      this.denied = error;
      this.become(afterStop(this.state, error.stop.why));
    }
  }

  private letsGo(): boolean {
    return this.recorder.state.preemptedBy !== null && this.state.progress.stopped === null;
  }

  private launch(instance: string): void {
    const startedAt = Date.now();
    this.become(afterStart(this.state, instance));
    this.approvals.used();
    const ended = (verdict: FleetVerdict): void => {
      this.children.delete(instance);
      this.approvals.used();
      this.become(afterEnd(this.state, instance, verdict, (Date.now() - startedAt) / 1000));
    };
    this.children.set(
      instance,
      this.runOne(instance).then(ended, (error: unknown) => ended(verdictOfError(error))),
    );
  }

  private async runOne(instance: string): Promise<FleetVerdict> {
    const { runbook, message } = this.order;
    const { trigger, requestedBy, reason, breakGlass, workflowId } = this.recorder.state;
    const end = await runChild(this.recorder, runbook, {
      ...message,
      instance,
      trigger,
      reason: `part of ${workflowId}${reason === null ? '' : `: ${reason}`}`,
      ...(requestedBy === null ? {} : { requestedBy }),
      ...(breakGlass === null ? {} : { breakGlass }),
    });
    if (end.report !== null) this.recorder.apply({ type: 'calls', calls: end.report.calls });
    return verdictOf(end);
  }

  private become(next: FleetState): void {
    this.state = next;
    this.tell();
  }

  private tell(): void {
    this.recorder.apply({ type: 'fleet', fleet: this.state.progress });
  }
}

/** A child that was cancelled with this run; or one that could not be started. */
function verdictOfError(error: unknown): FleetVerdict {
  if (isCancellation(error)) return { kind: 'cancelled', why: 'it was cancelled' };
  const why = error instanceof Error ? error.message : String(error);
  return { kind: 'failed', why: `it could not be started: ${why}` };
}
