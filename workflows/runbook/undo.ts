import { CancellationScope } from '@temporalio/workflow';
import { failureDeciders } from './gates';
import type { PassContext } from './passes';
import { now } from './recorder';
import type { Check, Facts, StepContract, Undone } from './step';
import { describeFailure } from './stopped';

interface Entry {
  readonly contract: StepContract<unknown, unknown>;
  readonly input: unknown;
  readonly step: { readonly id: string; readonly title: string };
  readonly before: Facts;
  output?: unknown;
}

/** What has to be taken back when the run turns round: last in, first out, in a scope that a cancel does not reach. */
export class UndoStack {
  private entries: Entry[] = [];
  private used = false;
  private incomplete = false;

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

  /** Called before the step runs. A retried step keeps the state that its first try found. */
  register<I, O>(
    contract: StepContract<I, O>,
    input: I,
    step: { id: string; title: string },
    check: Check<O>,
  ): void {
    this.noteUse();
    if (this.entries.some((entry) => entry.step.id === step.id)) return;
    this.entries.push({
      contract: contract,
      input,
      step,
      before: check.before,
    });
  }

  complete(id: string, output: unknown): void {
    const entry = this.entries.find((one) => one.step.id === id);
    if (entry !== undefined) entry.output = output;
  }

  /** Undoes everything; true when nothing was left behind, by this stack or by one that was nested in it. */
  async unwind(): Promise<boolean> {
    return CancellationScope.nonCancellable(async () => {
      this.context.recorder.apply({ type: 'phase', phase: 'undoing', at: now() });
      const entries = this.entries.reverse();
      this.entries = [];
      for (const entry of entries) if (!(await this.undoOne(entry))) this.noteRemains();
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

  private async undoOne(entry: Entry): Promise<boolean> {
    const { recorder, desk, policy } = this.context;
    const { id, title } = entry.step;
    for (;;) {
      recorder.apply({ type: 'step', id, state: 'undoing', at: now() });
      try {
        const undone = await this.context.part<unknown, unknown, Undone>(entry.contract, 'undo', entry.step, {
          input: entry.input,
          before: entry.before,
          ...(entry.output === undefined ? {} : { output: entry.output }),
        });
        recorder.apply({ type: 'step', id, state: 'undone', at: now(), proof: undone.facts, error: null });
        if (undone.followUp !== undefined) recorder.apply({ type: 'followUp', what: undone.followUp });
        return true;
      } catch (error) {
        const why = describeFailure(error);
        recorder.apply({ type: 'step', id, state: 'undoFailed', at: now(), error: why });
        const answer = await desk.ask({
          id: desk.freshId(`${id}.undo`),
          kind: 'failedUndo',
          title: `Undo of "${title}" failed`,
          evidence: [why],
          verdicts: ['retry', 'skip'],
          ...failureDeciders(policy),
        });
        if (answer.verdict !== 'retry') return false;
      }
    }
  }
}
