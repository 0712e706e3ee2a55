import type { VirtualClock } from '../clock/virtual-clock';
import { SECONDS } from './durations';
import type { Regions } from './regions';

type Effect = () => Promise<void> | void;

/** A status that lasts. `begin` works while the time runs; the phase ends when both are over, and then `end` works. */
export interface Phase {
  readonly status: string;
  /** Virtual seconds, at least. */
  readonly seconds: number;
  readonly begin?: Effect;
  readonly end?: Effect;
}

/** What has a status that the control plane moves. */
export interface Subject {
  status: string;
  readonly region: string;
  shown?: { readonly status: string; readonly until: number } | undefined;
}

export interface Plan {
  readonly phases: readonly Phase[];
  readonly final: string;
  /** Status after an effect that failed; `failed` unless told. */
  readonly failed?: string;
}

interface Course {
  readonly cancel: AbortController;
  readonly ended: Promise<void>;
}

/** Moves instances, clusters and snapshots through their statuses over virtual time. A region without power stands still. */
export class Transitions {
  private readonly courses = new Map<Subject, Course>();

  constructor(
    private readonly clock: VirtualClock,
    private readonly regions: Regions,
    private readonly report: (problem: string) => void,
  ) {}

  /** Sets out at once and returns; the first status holds when this returns. One course per subject at a time. */
  start(subject: Subject, plan: Plan): void {
    const cancel = new AbortController();
    const former = subject.status;
    const first = plan.phases[0];
    if (first !== undefined) subject.status = first.status;
    if (former === 'available') {
      subject.shown = { status: former, until: this.clock.now() + SECONDS.staleRead * 1000 };
    }
    const ended = this.run(subject, plan, cancel.signal).finally(() => {
      if (this.courses.get(subject)?.cancel === cancel) this.courses.delete(subject);
    });
    this.courses.set(subject, { cancel, ended });
  }

  /** Calls off what the subject is in; work that has begun is waited for. */
  async cancel(subject: Subject): Promise<void> {
    const course = this.courses.get(subject);
    course?.cancel.abort();
    await course?.ended;
  }

  /** When the subject is in nothing more, however that ended. */
  async ended(subject: Subject): Promise<void> {
    await this.courses.get(subject)?.ended;
  }

  async cancelAll(): Promise<void> {
    await Promise.all([...this.courses.keys()].map((subject) => this.cancel(subject)));
  }

  /** The status a caller sees, which may be a moment old. */
  shownStatus(subject: Subject): string {
    const { shown, status } = subject;
    return shown !== undefined && this.clock.now() < shown.until ? shown.status : status;
  }

  private async run(subject: Subject, plan: Plan, signal: AbortSignal): Promise<void> {
    try {
      for (const phase of plan.phases) {
        subject.status = phase.status;
        const ended = await Promise.allSettled([
          this.wait(phase.seconds, signal),
          this.work(subject.region, phase.begin, signal),
        ]);
        const failed = ended.find((each) => each.status === 'rejected');
        if (failed !== undefined) throw failed.reason;
        await this.work(subject.region, phase.end, signal);
      }
      subject.status = plan.final;
    } catch (error) {
      if (signal.aborted) return;
      subject.status = plan.failed ?? 'failed';
      this.report(error instanceof Error ? (error.stack ?? error.message) : String(error));
    }
  }

  /** Effects are repeatable: one that the loss of power has broken is done again when the power is back. */
  private async work(region: string, effect: Effect | undefined, signal: AbortSignal): Promise<void> {
    for (;;) {
      await unlessCancelled(this.regions.whenUp(region), signal);
      const outages = this.regions.outagesOf(region);
      try {
        await effect?.();
        return;
      } catch (error) {
        if (this.regions.outagesOf(region) === outages) throw error;
      }
    }
  }

  private wait(seconds: number, signal: AbortSignal): Promise<void> {
    let callOff: () => void = () => undefined;
    const over = new Promise<void>((resolve) => {
      callOff = this.clock.after(seconds, resolve);
    });
    return unlessCancelled(over, signal).finally(() => callOff());
  }
}

function unlessCancelled(work: Promise<void>, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  return new Promise((resolve, reject) => {
    const stop = (): void => reject(new Error('cancelled'));
    signal.addEventListener('abort', stop, { once: true });
    void work.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop));
  });
}
