import { CancellationScope, patched } from '@temporalio/workflow';
import { failureDeciders } from './gates';
import { inWords } from './in-words';
import { cutShort } from './leaving';
import type { PassContext } from './passes';
import { now } from './recorder';
import type { Check, Facts, StepContract, Undone } from './step';
import { describeFailure, failureType, RunStopped } from './stopped';

interface Entry {
  readonly contract: StepContract<unknown, unknown>;
  readonly input: unknown;
  readonly step: { readonly id: string; readonly title: string };
  readonly before: Facts;
  /** What is left where an emergency has no time for its undo; null = it is undone to its end. */
  readonly rest: string | null;
  output?: unknown;
}

/** What has to be taken back when the run turns round: last in, first out, in a scope that a cancel does not reach. */
export class UndoStack {
  private entries: Entry[] = [];
  private used = false;
  private incomplete = false;
  private committed = false;

  constructor(
    private readonly context: PassContext,
    private readonly outer?: UndoStack,
  ) {}

  /** One of its own for what is taken back earlier than the rest. */
  nested(): UndoStack {
    return new UndoStack(this.context, this);
  }

  /** Nothing stands that would have to be taken back. */
  get isEmpty(): boolean {
    return this.entries.length === 0 && (this.outer?.isEmpty ?? true);
  }

  /** Something was changed, whether it has been taken back since or not. */
  get wasUsed(): boolean {
    return this.used;
  }

  /** A point of no return was passed among its steps: what they did stays. */
  get isCommitted(): boolean {
    return this.committed;
  }

  commit(): void {
    this.committed = true;
    this.outer?.commit();
  }

  /** Hands its entries on to the stack in which it is nested: they are taken back with the rest. */
  handOver(): void {
    this.outer?.entries.push(...this.entries);
    this.entries = [];
  }

  /** Called before the step runs. A retried step keeps the state that its first try found. */
  register<I, O>(
    contract: StepContract<I, O>,
    input: I,
    step: { id: string; title: string },
    check: Check<O>,
    rest: string | null,
  ): void {
    this.noteUse();
    if (this.entries.some((entry) => entry.step.id === step.id)) return;
    this.entries.push({
      contract: contract,
      input,
      step,
      before: check.before,
      rest,
    });
  }

  complete(id: string, output: unknown): void {
    const entry = this.entries.find((one) => one.step.id === id);
    if (entry !== undefined) entry.output = output;
  }

  /**
   * Undoes everything; true when nothing was left behind, by this stack or by one that was nested in it.
   * @throws RunStopped when the lease is gone: nothing more may be changed
   */
  async unwind(): Promise<boolean> {
    return CancellationScope.nonCancellable(async () => {
      this.context.recorder.apply({ type: 'phase', phase: 'undoing', at: now() });
      const entries = this.entries.reverse();
      this.entries = [];
      for (const entry of entries)
        if (!(await this.undoOne(entry, this.hastySeconds(entries.length)))) this.noteRemains();
      return !this.incomplete;
    });
  }

  private noteUse(): void {
    this.used = true;
    this.outer?.noteUse();
  }

  private noteRemains(): void {
    this.incomplete = true;
    this.outer?.noteRemains();
  }

  /** Half of the time that an emergency waits is for all undos together; the rest is for noticing, and for its own start. */
  private hastySeconds(entries: number): number {
    return this.context.policy.lease.preemptSeconds / 2 / entries;
  }

  /** @param hastySeconds how long its undo may take once an emergency waits, where it may be left */
  private async undoOne(entry: Entry, hastySeconds: number): Promise<boolean> {
    const { recorder } = this.context;
    const { id } = entry.step;
    const { rest } = entry;
    const waited = (): boolean => recorder.state.preemptedBy !== null;
    const inTime = <T>(work: () => Promise<T>): Promise<T> =>
      rest === null ? work() : cutShort(recorder, { afterSeconds: hastySeconds }, work);
    for (;;) {
      recorder.apply({ type: 'step', id, state: 'undoing', at: now() });
      try {
        const undone = await inTime(() =>
          this.context.part<unknown, unknown, Undone>(entry.contract, 'undo', entry.step, {
            input: entry.input,
            before: entry.before,
            ...(entry.output === undefined ? {} : { output: entry.output }),
          }),
        );
        recorder.apply({ type: 'step', id, state: 'undone', at: now(), proof: undone.facts, error: null });
        if (undone.followUp !== undefined) recorder.apply({ type: 'followUp', what: undone.followUp });
        return true;
      } catch (error) {
        const isCut = waited() && rest !== null;
        const why = isCut
          ? `an emergency needs the instance, and ${inWords(hastySeconds)} were not enough to take it back`
          : describeFailure(error);
        recorder.apply({ type: 'step', id, state: 'undoFailed', at: now(), error: why });
        // No answer of anybody would help: each further undo would be refused as well.
        if (failureType(error) === 'LeaseLost' && patched('undo-ends-without-lease'))
          throw new RunStopped({ kind: 'leaseLost', why });
        const isWanted = !waited() && (await this.askAgain(entry, why));
        if (isWanted) continue;
        if (isCut) recorder.apply({ type: 'followUp', what: rest });
        return false;
      }
    }
  }

  /** Whether people want it tried again. An emergency does not wait for their answer. */
  private async askAgain({ step: { id, title } }: Entry, why: string): Promise<boolean> {
    const { desk, policy } = this.context;
    try {
      const answer = await desk.ask({
        id: desk.freshId(`${id}.undo`),
        kind: 'failedUndo',
        title: `Undo of "${title}" failed`,
        evidence: [why],
        verdicts: ['retry', 'skip'],
        ...failureDeciders(policy),
      });
      return answer.verdict === 'retry';
    } catch (error) {
      if (error instanceof RunStopped && error.stop.kind === 'preempted') return false;
      throw error;
    }
  }
}
