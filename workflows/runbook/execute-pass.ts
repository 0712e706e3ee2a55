import { CancellationScope, isCancellation } from '@temporalio/workflow';
import type { Approvals } from './approvals';
import { leaveRun, runChild } from './children';
import type { ChildEnd } from './children';
import { Fleet } from './fleet';
import type { FleetOrder } from './fleet';
import type { FleetProgress } from './fleet-rules';
import { failureDeciders } from './gates';
import { isCovered } from './consents';
import type { PassContext } from './passes';
import { failureAnswer } from './policy';
import type { RunPolicy } from './policy';
import { now } from './recorder';
import { settleAll } from './run';
import type { ChildMessage, Run, Standing, StepOptions } from './run';
import type { Check, Condition, ObservationContract, Problem, StepContract, Verified } from './step';
import { describeFailure, failureType, preempted, RunStopped } from './stopped';
import { attempt, withinLimit } from './trial';
import type { Attempt } from './trial';
import type { UndoStack } from './undo';

/** How one try of a step ended. */
type Try<O> =
  | { readonly done: true; readonly output: O }
  | { readonly done: false; readonly why: string; readonly fallback: O | undefined };

/** What the whole execution knows, also where a part of it is attempted or temporary. */
interface Progress {
  /** Ids of the steps whose `run` was called, whatever came of it. */
  readonly begun: Set<string>;
  isVerifying: boolean;
}

/** Runs the procedure for real: each step checks again, runs, verifies; failures ask. */
export class ExecutePass<Input, Subject, Policy extends RunPolicy> implements Run<Input, Subject, Policy> {
  readonly pass = 'execute';

  /** @param isAttempt a failed step ends the work, and nobody is asked */
  constructor(
    private readonly context: PassContext,
    private readonly approvals: Approvals,
    private readonly undo: UndoStack,
    private readonly isAttempt = false,
    private readonly progress: Progress = { begun: new Set(), isVerifying: false },
  ) {}

  get input(): Input {
    return this.context.admission.input as Input;
  }

  get subject(): Subject {
    return this.context.admission.subject as Subject;
  }

  get policy(): Policy {
    return this.context.policy as Policy;
  }

  get incidentStartedAt(): string {
    return this.context.recorder.state.incidentStartedAt ?? this.context.recorder.state.startedAt;
  }

  async observe<I, O>(contract: ObservationContract<I, O>, input: I): Promise<O> {
    await this.context.desk.passHold();
    return this.context.look(contract, input);
  }

  async measure<I, O>(contract: ObservationContract<I, O>, input: I): Promise<O | null> {
    try {
      return await this.observe(contract, input);
    } catch (error) {
      if (isCancellation(error)) throw error;
      this.degraded(`${contract.title}: ${describeFailure(error)}`);
      return null;
    }
  }

  async step<I, O>(contract: StepContract<I, O>, input: I, options: StepOptions = {}): Promise<O> {
    const { id = contract.name, title = contract.title } = options;
    const { recorder, desk } = this.context;
    let retriesLeft = retriesByPolicy(this.policy, contract.name);
    for (;;) {
      await desk.passHold();
      this.letGoIfUntouched();
      this.working();
      const tried = await this.tryStep(contract, input, { id, title });
      if (tried.done) return tried.output;
      recorder.apply({ type: 'step', id, state: 'failed', at: now(), error: tried.why });
      if (retriesLeft > 0) {
        retriesLeft -= 1;
        continue;
      }
      const verdict = await this.askAboutFailure(
        contract,
        { id, title },
        tried.why,
        tried.fallback !== undefined,
      );
      if (verdict === 'skip' && tried.fallback !== undefined) return tried.fallback;
    }
  }

  together<T>(...work: readonly (() => Promise<T>)[]): Promise<readonly T[]> {
    return settleAll(work);
  }

  async meanwhile<T>(work: () => Promise<T>, condition: Condition, then: () => Promise<void>): Promise<T> {
    const look = new CancellationScope();
    const seen = look
      .run(() => this.context.waitFor(condition))
      .then(then, (error: unknown) => {
        // Given up by us, or the run was cancelled: then the work says so.
        if (!isCancellation(error)) this.degraded(`${condition.contract.title}: ${describeFailure(error)}`);
      });
    const [done] = await Promise.allSettled([work().finally(() => look.cancel()), seen]);
    if (done.status === 'rejected') throw done.reason;
    await seen;
    return done.value;
  }

  attempt<T>(work: (run: Run<Input, Subject, Policy>) => Promise<T>): Promise<Attempt<T>> {
    const inner = new ExecutePass<Input, Subject, Policy>(
      ...([this.context, this.approvals, this.undo, true, this.progress] as const),
    );
    return attempt(() => work(inner));
  }

  async temporary<T>(
    limitSeconds: number,
    work: (run: Run<Input, Subject, Policy>) => Promise<T>,
  ): Promise<T> {
    const undo = this.undo.nested();
    const inner = new ExecutePass<Input, Subject, Policy>(
      ...([this.context, this.approvals, undo, this.isAttempt, this.progress] as const),
    );
    try {
      const value = await withinLimit(limitSeconds, () => work(inner));
      await undo.unwind();
      return value;
    } catch (error) {
      // Without the lease nothing more may be changed: what stands is told.
      const isLost = error instanceof RunStopped && error.stop.kind === 'leaseLost';
      if (!isLost) await undo.unwind();
      throw error;
    } finally {
      this.working();
    }
  }

  async keep(name: string, { title, evidence, seconds }: Standing): Promise<string | null> {
    const { desk } = this.context;
    await desk.passHold();
    const question = {
      id: desk.freshId(name),
      kind: 'release',
      title,
      evidence,
      verdicts: ['approve'],
    } as const;
    const { by } = await this.asking(() =>
      desk.ask({ ...question, roles: [], needed: 1, planHash: null, timeoutSeconds: seconds }),
    );
    return by;
  }

  async gate(name: string, title: string): Promise<void> {
    if (!this.approvals.have(name)) await this.asking(() => this.approvals.gate(name, title));
  }

  async safePoint(stands: string): Promise<void> {
    await this.context.desk.passHold();
    if (this.context.recorder.state.preemptedBy !== null)
      throw preempted(this.context.recorder.state, stands);
  }

  async child(runbook: string, message: ChildMessage): Promise<ChildEnd> {
    await this.context.desk.passHold();
    this.letGoIfUntouched();
    return runChild(this.context.recorder, runbook, message);
  }

  async fleet(order: FleetOrder): Promise<FleetProgress> {
    const { desk, recorder, carriedFleet } = this.context;
    this.working();
    const fleet = new Fleet(recorder, desk, order, carriedFleet);
    return fleet.run(this.undo.isEmpty && recorder.state.pastPointOfNoReturn === null);
  }

  async leave(runbook: string, message: ChildMessage): Promise<string | null> {
    const { requestedBy } = this.context.recorder.state;
    try {
      return await leaveRun(runbook, { ...message, ...(requestedBy === null ? {} : { requestedBy }) });
    } catch (error) {
      if (isCancellation(error)) throw error;
      this.degraded(`${runbook} could not be left behind: ${describeFailure(error)}`);
      return null;
    }
  }

  async problem(problem: Problem): Promise<void> {
    // Those of the plan, and those to which people have consented since.
    if (isCovered(problem, this.context.recorder.state.problems)) return;
    if (problem.consent === undefined) return this.refuse(problem);
    this.context.recorder.apply({ type: 'problem', problem });
    await this.asking(() => this.approvals.consent(problem));
  }

  refuse(problem: Problem): never {
    this.context.recorder.apply({ type: 'problem', problem });
    throw new RunStopped({ kind: 'refused', problems: [problem] });
  }

  fact(label: string, value: string): void {
    this.context.recorder.apply({ type: 'fact', label, value });
  }

  verifying(): void {
    this.progress.isVerifying = true;
    this.working();
  }

  degraded(why: string): void {
    this.context.recorder.apply({ type: 'degraded', why });
  }

  followUp(what: string): void {
    this.context.recorder.apply({ type: 'followUp', what });
  }

  report(name: string, value: unknown): void {
    this.context.recorder.apply({ type: 'extra', name, value });
  }

  private letGoIfUntouched(): void {
    const { state } = this.context.recorder;
    if (state.preemptedBy !== null && this.undo.isEmpty && state.pastPointOfNoReturn === null)
      throw preempted(state, null);
  }

  private working(): void {
    this.context.recorder.apply({
      type: 'phase',
      phase: this.progress.isVerifying ? 'verifying' : 'executing',
      at: now(),
    });
  }

  private async asking<T>(ask: () => Promise<T>): Promise<T> {
    this.context.recorder.apply({ type: 'phase', phase: 'asking', at: now() });
    const answer = await ask();
    this.working();
    return answer;
  }

  /** A point of no return must not be left half-way: a cancel waits until its outcome is known. */
  private shield<T>(
    contract: StepContract<never, unknown> | { readonly risk: string },
    work: () => Promise<T>,
  ): Promise<T> {
    return contract.risk === 'pointOfNoReturn' ? CancellationScope.nonCancellable(work) : work();
  }

  private async tryStep<I, O>(
    contract: StepContract<I, O>,
    input: I,
    step: { id: string; title: string },
  ): Promise<Try<O>> {
    const { recorder } = this.context;
    const { id, title } = step;
    let fallback: O | undefined;
    const expectedSeconds = this.context.expectedSeconds(contract);
    recorder.apply({
      type: 'stepStarted',
      at: now(),
      step: {
        id,
        title,
        risk: contract.risk,
        state: 'checking',
        expectedSeconds,
        startedAt: null,
        endedAt: null,
        tries: 0,
        proof: {},
        error: null,
      },
    });
    try {
      let check: Check<O>;
      for (;;) {
        check = await this.context.part<I, O, Check<O>>(contract, 'check', step, { input });
        fallback = check.output;
        const hard = check.problems.filter((problem) => problem.consent === undefined);
        if (hard.length > 0) {
          return {
            done: false,
            fallback,
            why: hard.map((problem) => `${problem.message} ${problem.remedy}`).join(' '),
          };
        }
        const due = this.approvals.due(step, contract, check, this.progress.begun.has(id));
        if (due === null) break;
        recorder.apply({ type: 'step', id, state: 'waiting', at: now() });
        await this.asking(due);
        await this.context.desk.passHold();
        recorder.apply({ type: 'step', id, state: 'checking', at: now() });
      }
      await this.context.desk.noticeCancel();
      const verified = await this.shield(contract, async () => {
        let output: O | undefined;
        if (contract.risk !== 'readOnly') {
          output = await this.change(contract, input, step, check);
          fallback = output;
        }
        recorder.apply({ type: 'step', id, state: 'verifying', at: now() });
        return this.context.part<I, O, Verified<O>>(contract, 'verify', step, {
          input,
          ...(output === undefined ? {} : { output }),
        });
      });
      for (const why of verified.degraded ?? [])
        recorder.apply({ type: 'degraded', why: `${title}: ${why}` });
      recorder.apply({ type: 'step', id, state: 'done', at: now(), proof: verified.facts, error: null });
      return { done: true, output: verified.output };
    } catch (error) {
      if (error instanceof RunStopped) throw error;
      if (isCancellation(error)) {
        recorder.apply({ type: 'step', id, state: 'failed', at: now(), error: 'cancelled' });
        throw error;
      }
      const why = describeFailure(error);
      if (failureType(error) === 'LeaseLost') {
        recorder.apply({ type: 'step', id, state: 'failed', at: now(), error: why });
        throw new RunStopped({ kind: 'leaseLost', why });
      }
      return { done: false, fallback, why };
    }
  }

  /** Registers the undo before the call, for its answer may be lost; past a point of no return there is none. */
  private async change<I, O>(
    contract: StepContract<I, O>,
    input: I,
    step: { id: string; title: string },
    check: Check<O>,
  ): Promise<O> {
    const { recorder } = this.context;
    if (contract.risk === 'reversible') this.undo.register(contract, input, step, check);
    else recorder.apply({ type: 'pointOfNoReturn', step: step.id });
    recorder.apply({ type: 'step', id: step.id, state: 'running', at: now() });
    this.approvals.used(contract.risk);
    this.progress.begun.add(step.id);
    const output = await this.context.part<I, O, O>(contract, 'run', step, { input });
    this.approvals.used(contract.risk);
    this.undo.complete(step.id, output);
    return output;
  }

  private async askAboutFailure(
    contract: { readonly name: string },
    step: { id: string; title: string },
    why: string,
    skippable: boolean,
  ): Promise<'retry' | 'skip'> {
    const { recorder, desk } = this.context;
    if (this.isAttempt) throw new RunStopped({ kind: 'aborted', why, step: step.id });
    if (failureAnswer(this.policy, contract.name) === 'abort') {
      throw new RunStopped({
        kind: 'aborted',
        why: `${step.title} failed and the policy says abort: ${why}`,
      });
    }
    const answer = await this.asking(() =>
      desk.ask({
        id: desk.freshId(`${step.id}.failed`),
        kind: 'failedStep',
        title: `${step.title} failed`,
        evidence: [why],
        verdicts: skippable ? ['retry', 'skip', 'abort'] : ['retry', 'abort'],
        ...failureDeciders(this.policy),
      }),
    );
    if (answer.verdict === 'retry') return 'retry';
    if (answer.verdict === 'skip') {
      recorder.apply(
        { type: 'step', id: step.id, state: 'skipped', at: now() },
        {
          type: 'degraded',
          why: `${step.title} was skipped by ${answer.by ?? 'somebody'}: ${answer.note ?? ''}`,
        },
      );
      return 'skip';
    }
    const who =
      answer.verdict === 'timeout' ? 'nobody decided in time' : `${answer.by ?? 'somebody'} decided so`;
    throw new RunStopped({ kind: 'aborted', why: `${step.title} failed (${why}); ${who}` });
  }
}

function retriesByPolicy(policy: RunPolicy, step: string): number {
  const answer = failureAnswer(policy, step);
  return typeof answer === 'object' ? answer.retry : 0;
}
