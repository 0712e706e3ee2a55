import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import { CancellationScope, isCancellation, patched } from '@temporalio/workflow';
import type { Approvals } from './approvals';
import { leaveRun, runChild } from './children';
import type { ChildEnd } from './children';
import { Fleet } from './fleet';
import type { FleetOrder } from './fleet';
import type { FleetProgress } from './fleet-rules';
import { answerFailure, whyFailed } from './failed-step';
import type { PartRules } from './failed-step';
import { cutShort } from './leaving';
import type { Leaving } from './leaving';
import { notTakenBack } from './outcome';
import type { PassContext } from './passes';
import { failureRule } from './policy';
import type { RunPolicy } from './policy';
import { now } from './recorder';
import type { ChildMessage, Hurry, Run, Standing, StepOptions } from './run';
import { outputWhenSkipped } from './skip';
import type { Check, Condition, ObservationContract, Problem, StepContract, Verified } from './step';
import { SideBySide } from './side-by-side';
import { describeFailure, preempted, RunStopped } from './stopped';
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

  constructor(
    private readonly context: PassContext,
    private readonly approvals: Approvals,
    private readonly undo: UndoStack,
    private readonly rules: PartRules = {},
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
    await this.passHold();
    return this.leftByEmergency(() => this.context.look(contract, input));
  }

  async measure<I, O>(contract: ObservationContract<I, O>, input: I): Promise<O | null> {
    try {
      return await this.observe(contract, input);
    } catch (error) {
      if (isCancellation(error) || error instanceof RunStopped) throw error;
      this.degraded(`${contract.title}: ${describeFailure(error)}`);
      return null;
    }
  }

  async step<I, O>(contract: StepContract<I, O>, input: I, options: StepOptions = {}): Promise<O> {
    const { id = contract.name, title = contract.title } = options;
    const { recorder } = this.context;
    let retriesLeft = failureRule(this.policy, contract.name).retries;
    for (;;) {
      await this.passHold();
      this.working();
      const tried = await this.tryStep(contract, input, { id, title });
      if (tried.done) return tried.output;
      recorder.apply({ type: 'step', id, state: 'failed', at: now(), error: tried.why });
      if (retriesLeft > 0) {
        retriesLeft -= 1;
        continue;
      }
      const skipped = this.whenSkipped(contract, tried.fallback);
      const failed = { contract, id, title, why: tried.why, canBeSkipped: skipped !== null };
      const verdict = await answerFailure(this.context, this.rules, failed, (ask) => this.asking(ask));
      if (verdict === 'skip' && skipped !== null) return skipped.output;
    }
  }

  together<T>(...work: readonly (() => Promise<T>)[]): Promise<readonly T[]> {
    return this.sideBySide().all(work);
  }

  meanwhile<T>(work: () => Promise<T>, condition: Condition, then: () => Promise<void>): Promise<T> {
    return this.sideBySide().meanwhile(work, {
      look: () => this.context.waitFor(condition),
      then,
      failed: (error) => this.degraded(`${condition.contract.title}: ${describeFailure(error)}`),
    });
  }

  attempt<T>(work: (run: Run<Input, Subject, Policy>) => Promise<T>): Promise<Attempt<T>> {
    return attempt(() => work(this.inner({ isAttempt: true })));
  }

  async temporary<T>(
    limitSeconds: number,
    work: (run: Run<Input, Subject, Policy>) => Promise<T>,
  ): Promise<T> {
    const undo = this.undo.nested();
    const inner = this.inner({}, undo);
    try {
      const value = await withinLimit(limitSeconds, () => work(inner));
      await this.tearDown(undo);
      return value;
    } catch (error) {
      // Without the lease nothing more may be changed: what stands is told.
      const isLost = error instanceof RunStopped && error.stop.kind === 'leaseLost';
      if (!isLost) await this.tearDown(undo);
      throw error;
    } finally {
      this.working();
    }
  }

  async leavable<T>(leaving: Leaving, work: (run: Run<Input, Subject, Policy>) => Promise<T>): Promise<T> {
    const inner = this.inner({ leaving });
    try {
      return await work(inner);
    } catch (error) {
      // A question that was withdrawn does not know where it stood.
      const isPreempted = error instanceof RunStopped && error.stop.kind === 'preempted';
      throw isPreempted && error.stop.stands === null ? inner.letGo() : error;
    }
  }

  async hurried<T>(
    { why, limitSeconds }: Hurry,
    work: (run: Run<Input, Subject, Policy>) => Promise<T>,
  ): Promise<T> {
    const { recorder } = this.context;
    // Of a run that is held nothing begins in which nobody could hold it.
    if (patched('hurry-passes-hold')) await this.passHold();
    recorder.apply({ type: 'hurry', why });
    try {
      return await withinLimit(limitSeconds, () => work(this.inner({ hurry: why })));
    } finally {
      recorder.apply({ type: 'hurry', why: null });
    }
  }

  async optional<T>(what: string, work: (run: Run<Input, Subject, Policy>) => Promise<T>): Promise<T | null> {
    const undo = this.undo.nested();
    try {
      const value = await work(this.inner({ optional: what }, undo));
      // What stands beyond a point of no return is not taken back with the part around it.
      if (!undo.isCommitted) undo.handOver();
      return value;
    } catch (error) {
      if (!(error instanceof RunStopped) || error.stop.kind !== 'aborted' || error.stop.leftOut !== true) {
        undo.handOver();
        throw error;
      }
      this.degraded(`${what} was left out: ${error.stop.why}`);
      if (undo.isCommitted || (await undo.unwind())) return null;
      this.degraded(`what was begun of ${what} could not be taken back`);
      return null;
    } finally {
      this.working();
    }
  }

  async keep(name: string, { title, evidence, seconds }: Standing): Promise<string | null> {
    const { desk } = this.context;
    await this.passHold();
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
    await this.context.desk.passHold(() => true);
    if (this.context.recorder.state.preemptedBy !== null)
      throw preempted(this.context.recorder.state, stands);
  }

  async child(runbook: string, message: ChildMessage): Promise<ChildEnd> {
    await this.passHold();
    try {
      return await runChild(this.context.recorder, runbook, message);
    } catch (error) {
      if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
      const why = `${runbook} for ${message.instance} could not be started: another run has the id ${error.workflowId}`;
      throw new RunStopped({ kind: 'aborted', why, step: null });
    }
  }

  async fleet(order: FleetOrder): Promise<FleetProgress> {
    const { desk, recorder, carriedFleet } = this.context;
    this.working();
    const fleet = new Fleet(recorder, desk, order, carriedFleet, {
      used: () => this.approvals.used('reversible'),
      renewal: () => {
        const renew = this.approvals.renewalDue();
        return renew !== null && patched('fleet-asks-again') ? () => this.asking(renew) : null;
      },
    });
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
    if (this.approvals.covers(problem)) return;
    if (problem.consent === undefined) return this.refuse(problem);
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

  /** The run may go on after it, also when something was left behind: then it is told. */
  private async tearDown(undo: UndoStack): Promise<void> {
    if (await undo.unwind()) return;
    for (const why of notTakenBack(this.context.recorder.state)) this.degraded(why);
  }

  /** Past a point of no return what is under way comes to its end: what stands must be known then. */
  private sideBySide(): SideBySide {
    return new SideBySide(() => this.context.recorder.state.pastPointOfNoReturn === null);
  }

  /** A part in which these rules hold as well. */
  private inner(rules: PartRules, undo = this.undo): ExecutePass<Input, Subject, Policy> {
    const { context, approvals, progress } = this;
    return new ExecutePass(context, approvals, undo, { ...this.rules, ...rules }, progress);
  }

  /** Waits while the run is held, unless people are not waited for; lets go for an emergency where that may be. */
  private async passHold(): Promise<void> {
    const { desk } = this.context;
    if (this.rules.hurry === undefined) await desk.passHold(() => this.mayBeLeft);
    else await desk.noticeCancel();
    if (this.context.recorder.state.preemptedBy !== null && this.mayBeLeft) throw this.letGo();
  }

  /** A run that has changed nothing may be left anywhere. */
  private get mayBeLeft(): boolean {
    const isUntouched = this.undo.isEmpty && this.context.recorder.state.pastPointOfNoReturn === null;
    return this.rules.leaving !== undefined || isUntouched;
  }

  private letGo(): RunStopped {
    const { leaving } = this.rules;
    const stands = leaving !== undefined && 'stands' in leaving ? leaving.stands : null;
    return preempted(this.context.recorder.state, stands);
  }

  /** Work that an emergency cuts short where the run may be left. */
  private async leftByEmergency<T>(work: () => Promise<T>): Promise<T> {
    if (!this.mayBeLeft) return work();
    const { recorder, desk } = this.context;
    try {
      return await cutShort(recorder, { when: () => this.mayBeLeft }, work);
    } catch (error) {
      await desk.noticeCancel();
      throw recorder.state.preemptedBy !== null && this.mayBeLeft ? this.letGo() : error;
    }
  }

  /** Runs of an earlier version went on with whatever was foreseen. */
  private whenSkipped<I, O>(contract: StepContract<I, O>, foreseen: O | undefined): { output: O } | null {
    if (patched('skip-claims-nothing')) return outputWhenSkipped(contract, foreseen);
    return foreseen === undefined ? null : { output: foreseen };
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
        check = await this.leftByEmergency(() =>
          this.context.part<I, O, Check<O>>(contract, 'check', step, { input }),
        );
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
        const { hurry } = this.rules;
        if (hurry !== undefined) {
          const why = `${title} is no longer what was approved, and nobody is asked while ${hurry}`;
          throw new RunStopped({ kind: 'aborted', why, step: id });
        }
        recorder.apply({ type: 'step', id, state: 'waiting', at: now() });
        await this.asking(due);
        await this.passHold();
        recorder.apply({ type: 'step', id, state: 'checking', at: now() });
      }
      await this.context.desk.noticeCancel();
      // The wish may have come while a check was ending that no cancel could reach any more.
      if (recorder.state.preemptedBy !== null && this.mayBeLeft && patched('let-go-after-check'))
        throw this.letGo();
      const verified = await this.shield(contract, async () => {
        let output: O | undefined;
        if (contract.risk !== 'readOnly') {
          output = await this.change(contract, input, step, check);
          fallback = output;
        }
        recorder.apply({ type: 'step', id, state: 'verifying', at: now() });
        return this.leftByEmergency(() =>
          this.context.part<I, O, Verified<O>>(contract, 'verify', step, {
            input,
            ...(output === undefined ? {} : { output }),
          }),
        );
      });
      for (const why of verified.degraded ?? [])
        recorder.apply({ type: 'degraded', why: `${title}: ${why}` });
      recorder.apply({ type: 'step', id, state: 'done', at: now(), proof: verified.facts, error: null });
      return { done: true, output: verified.output };
    } catch (error) {
      return { done: false, fallback, why: await whyFailed(this.context, id, error) };
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
    const { leaving } = this.rules;
    const rest = leaving !== undefined && 'undone' in leaving ? leaving.undone : null;
    if (contract.risk === 'reversible') this.undo.register(contract, input, step, check, rest);
    else {
      recorder.apply({ type: 'pointOfNoReturn', step: step.id });
      this.undo.commit();
    }
    recorder.apply({ type: 'step', id: step.id, state: 'running', at: now() });
    this.approvals.used(contract.risk);
    this.progress.begun.add(step.id);
    const output = await this.leftByEmergency(() =>
      this.context.part<I, O, O>(contract, 'run', step, { input }),
    );
    this.approvals.used(contract.risk);
    this.undo.complete(step.id, output);
    return output;
  }
}
