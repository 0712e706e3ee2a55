import {
  allHandlersFinished,
  ApplicationFailure,
  CancellationScope,
  condition,
  continueAsNew,
  isCancellation,
  patched,
  TemporalFailure,
  workflowInfo,
} from '@temporalio/workflow';
import { kitActivities } from './activities';
import { Approvals } from './approvals';
import type { Admission } from './admission';
import { ContinueRun, handedOn } from './continuation';
import type { Continuation } from './continuation';
import { Desk } from './desk';
import { initialState } from './events';
import { ExecutePass } from './execute-pass';
import { acquireLease, keepLease, releaseLease } from './lease-use';
import { cutShort } from './leaving';
import { concludeStop, concludeSuccess } from './outcome';
import type { Conclusion } from './outcome';
import { PassContext } from './passes';
import { makePlan, plannedRecords } from './plan-pass';
import type { Plan } from './plan';
import type { RunPolicy } from './policy';
import { now, Recorder } from './recorder';
import { reportOf } from './report';
import type { Report } from './report';
import type { Procedure } from './run';
import type { Condition } from './step';
import { describeFailure, preempted, RunStopped } from './stopped';
import { UndoStack } from './undo';

export interface RunbookOptions<Input = never, Subject = never> {
  /** After it, automatic starts for the instance are blocked for the policy's window. */
  readonly recovery: boolean;
  /**
   * It only adds, and moves nothing: its automatic starts are not blocked after a recovery, which is when what it makes is
   * missing most.
   */
  readonly onlyAdds?: boolean;
  /** May ask, with people's consent, that a run which holds the instance lets go; is itself never asked to. */
  readonly emergency?: boolean;
  /** Only looks: it takes no lease, waits for nobody, and no freeze stops it. A step that changes something fails in it. */
  readonly readOnly?: boolean;
  /**
   * The only part of the instance that the run touches, e.g. `drill`: it takes the lease of that part, and so neither
   * waits for runs that act on the instance itself nor keeps them waiting. Absent: the whole instance.
   */
  readonly part?: string;
  /** The run waits for this first, holding nothing; null = it need not wait. */
  readonly startsWhen?: (input: Input, subject: Subject) => Condition | null;
}

/**
 * Makes the workflow of a runbook from its procedure. The workflow takes one JSON object; its life is that of
 * docs/architecture.md: admit, lease, plan, dry run or gates, execute, report.
 */
export function runbook<Input, Subject, Policy extends RunPolicy>(
  name: string,
  options: RunbookOptions<Input, Subject>,
  procedure: Procedure<Input, Subject, Policy>,
): (message: unknown) => Promise<Report> {
  const workflow = async (message: unknown, continuation?: Continuation): Promise<Report> => {
    const { workflowId, runId, startTime } = workflowInfo();
    const former = handedOn(continuation);
    const recorder = new Recorder(
      former === undefined
        ? initialState(name, workflowId, runId, startTime.toISOString())
        : { ...former.state, runId },
    );
    const desk = new Desk(recorder);
    desk.receive();
    const execution = new RunbookExecution(name, options, procedure, recorder, desk);
    return former === undefined ? execution.live(message) : execution.goOn(message, former);
  };
  Object.defineProperty(workflow, 'name', { value: name });
  return workflow;
}

class RunbookExecution<Input, Subject, Policy extends RunPolicy> {
  /** Gates that were answered before the execution. */
  private passed: readonly string[] = [];

  constructor(
    private readonly name: string,
    private readonly options: RunbookOptions<Input, Subject>,
    private readonly procedure: Procedure<Input, Subject, Policy>,
    private readonly recorder: Recorder,
    private readonly desk: Desk,
  ) {}

  async live(message: unknown): Promise<Report> {
    let admission: Admission<unknown, unknown, RunPolicy>;
    try {
      admission = await kitActivities().admit({ runbook: this.name, message: message ?? null });
    } catch (error) {
      if (isCancellation(error)) throw error;
      const problem = {
        code: 'invalidInput',
        message: describeFailure(error),
        remedy: 'Start again with corrected input.',
      };
      return this.end(
        concludeStop(this.recorder.state, { kind: 'refused', problems: [problem] }, true, null),
      );
    }
    const { instance, dryRun, reason, requestedBy, trigger, incidentStartedAt, breakGlass } = admission;
    this.recorder.apply({
      type: 'admitted',
      instance,
      dryRun,
      reason,
      requestedBy,
      trigger,
      incidentStartedAt,
      breakGlass,
    });
    this.desk.admit(admission.people, admission.policy);
    const { part } = this.options;
    const context = new PassContext(admission, this.recorder, this.desk, { part });
    return this.carryOut(message, context, async (undo) => {
      await this.awaitStart(context);
      await acquireLease(context, this.name, this.options);
      return this.planAndExecute(context, undo);
    });
  }

  /** A run that has continued as new: what was approved holds, and its children's progress stands. */
  async goOn(message: unknown, { admission, plan, passed, state, fleet }: Continuation): Promise<Report> {
    this.desk.admit(admission.people, admission.policy);
    this.desk.plan = plan;
    const { part } = this.options;
    const context = new PassContext(admission, this.recorder, this.desk, { part, fleet });
    return this.carryOut(message, context, async (undo) => {
      await keepLease(context, this.name, state.runId);
      const approvals = new Approvals(context, plan, passed);
      approvals.goOn();
      return this.execute(context, approvals, undo);
    });
  }

  private async carryOut(
    message: unknown,
    context: PassContext,
    work: (undo: UndoStack) => Promise<Conclusion>,
  ): Promise<Report> {
    const undo = new UndoStack(context);
    let conclusion: Conclusion;
    try {
      conclusion = await work(undo);
    } catch (error) {
      if (error instanceof ContinueRun) return this.continue(message, context, error);
      conclusion = await this.turnRound(error, undo);
    }
    await releaseLease(context, this.options, conclusion);
    return this.end(conclusion);
  }

  /** The lease stays with the run. */
  private continue(message: unknown, { admission }: PassContext, { fleet }: ContinueRun): Promise<never> {
    const { plan } = this.desk;
    if (plan === null) throw new Error('a run continues as new only after it was planned');
    const { state } = this.recorder;
    const next: Continuation = { admission, plan, passed: this.passed, state, fleet };
    return continueAsNew<(message: unknown, continuation: Continuation) => Promise<Report>>(message, next);
  }

  private async awaitStart(context: PassContext): Promise<void> {
    const { dryRun, input, subject } = context.admission;
    const condition = dryRun ? null : this.options.startsWhen?.(input as Input, subject as Subject);
    if (condition === null || condition === undefined) return;
    this.recorder.apply({ type: 'phase', phase: 'waiting', at: now() });
    await context.waitFor(condition);
  }

  private async planAndExecute(context: PassContext, undo: UndoStack): Promise<Conclusion> {
    this.recorder.apply({ type: 'phase', phase: 'observing', at: now() });
    const plan = await this.plan(context);
    this.desk.plan = plan;
    this.recorder.apply({
      type: 'planned',
      hash: plan.hash,
      problems: plan.problems,
      steps: plannedRecords(plan),
    });
    if (context.admission.dryRun)
      return {
        outcome: 'PLANNED',
        text: planSummary(plan.steps.length, plan.problems.length),
        cancelled: false,
      };
    const hard = plan.problems.filter((problem) => problem.consent === undefined);
    if (hard.length > 0) throw new RunStopped({ kind: 'refused', problems: hard });

    this.recorder.apply({ type: 'phase', phase: 'asking', at: now() });
    const approvals = new Approvals(context, plan);
    await approvals.open();
    return this.execute(context, approvals, undo);
  }

  /** An emergency does not wait for it: nothing has been changed. */
  private async plan(context: PassContext): Promise<Plan> {
    try {
      return await cutShort(this.recorder, {}, () => makePlan(context, this.procedure));
    } catch (error) {
      await this.desk.noticeCancel();
      throw this.recorder.state.preemptedBy === null ? error : preempted(this.recorder.state, null);
    }
  }

  private async execute(context: PassContext, approvals: Approvals, undo: UndoStack): Promise<Conclusion> {
    this.recorder.apply({ type: 'phase', phase: 'executing', at: now() });
    this.passed = approvals.answered;
    await this.procedure(new ExecutePass<Input, Subject, Policy>(context, approvals, undo));
    return concludeSuccess(this.recorder.state);
  }

  /** Undoes what can be undone, unless a point of no return was passed: from there a run only goes forward. */
  private async turnRound(error: unknown, undo: UndoStack): Promise<Conclusion> {
    // The scope knows, not the error: an activity or a child may be cancelled by somebody else, and a look that is
    // cancelled ends with its last "not yet".
    const { consideredCancelled } = CancellationScope.current();
    const cancelled = consideredCancelled || (isCancellation(error) && !patched('cancelled-by-others'));
    if (!(error instanceof RunStopped)) {
      // A fault of our own code: the task fails, and is retried once the code is mended.
      if (!(error instanceof TemporalFailure)) throw error;
      if (!cancelled)
        return this.turnRound(new RunStopped({ kind: 'aborted', why: describeFailure(error) }), undo);
    }
    const stop = error instanceof RunStopped ? error.stop : null;
    const forwardOnly = this.recorder.state.pastPointOfNoReturn !== null || stop?.kind === 'leaseLost';
    const touched = undo.wasUsed;
    const staysAsItIs = forwardOnly || (stop?.kind === 'preempted' && stop.stands !== null);
    try {
      const undone = staysAsItIs || !touched ? null : await undo.unwind();
      return { ...concludeStop(this.recorder.state, stop, !touched, undone), cancelled };
    } catch (lost) {
      if (!(lost instanceof RunStopped)) throw lost;
      return { ...concludeStop(this.recorder.state, lost.stop, false, null), cancelled };
    }
  }

  private async end(conclusion: Conclusion): Promise<Report> {
    const { outcome, text, cancelled } = conclusion;
    for (const problem of conclusion.problems ?? []) {
      if (!this.recorder.state.problems.includes(problem)) this.recorder.apply({ type: 'problem', problem });
    }
    this.recorder.apply({ type: 'ended', outcome, conclusion: text, at: now() });
    await CancellationScope.nonCancellable(() => condition(allHandlersFinished));
    await this.desk.notices.ended();
    const report = reportOf(this.recorder.state, this.desk.plan, Date.now());
    if (cancelled) await CancellationScope.current().cancelRequested;
    if (outcome === 'SUCCEEDED' || outcome === 'DEGRADED' || outcome === 'PLANNED') return report;
    throw ApplicationFailure.nonRetryable(text, outcome, report);
  }
}

function planSummary(steps: number, problems: number): string {
  return `planned ${steps} steps, found ${problems} problems; nothing was changed`;
}
