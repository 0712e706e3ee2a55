import { workflowInfo } from '@temporalio/workflow';
import { callActivity } from './activities';
import type { Admission } from './admission';
import type { Desk } from './desk';
import { leaseName } from './lease';
import type { RunPolicy } from './policy';
import type { Recorder } from './recorder';
import type { FleetState } from './fleet-rules';
import type { Condition, ObservationContract, Pace, StepCall, StepContext, StepContract } from './step';

interface PassScope {
  /** Of the instance, where the run touches nothing else of it. */
  readonly part?: string | undefined;
  /** Where the execution before this one stopped. */
  readonly fleet?: FleetState | null;
}

/** What both passes share: the admission, where state is kept, and how activities are called. */
export class PassContext {
  token: number | null = null;

  constructor(
    readonly admission: Admission<unknown, unknown, RunPolicy>,
    readonly recorder: Recorder,
    readonly desk: Desk,
    private readonly scope: PassScope = {},
  ) {}

  /** What the run holds the lease of. */
  get held(): string {
    return leaseName(this.admission.instance, this.scope.part);
  }

  /** Where the execution before this one stopped; null in the first. */
  get carriedFleet(): FleetState | null {
    return this.scope.fleet ?? null;
  }

  get policy(): RunPolicy {
    return this.admission.policy;
  }

  expectedSeconds(contract: StepContract<never, unknown> | StepContract<unknown, unknown>): number {
    return this.policy.expected[contract.name] ?? contract.expectedSeconds;
  }

  private deadlineSeconds(contract: { readonly name: string; readonly deadlineSeconds: number }): number {
    return this.policy.deadlines[contract.name] ?? contract.deadlineSeconds;
  }

  async look<I, O>(contract: ObservationContract<I, O>, input: I): Promise<O> {
    const context = this.stepContext(contract.name, 0, null);
    const { value, calls } = await callActivity<O>(
      this.policy,
      {
        type: `${contract.name}.look`,
        summary: contract.title,
        budgetSeconds: this.deadlineSeconds(contract),
        wait: false,
      },
      { input, context } satisfies StepCall<I, O>,
    );
    this.recorder.apply({ type: 'calls', calls });
    return value;
  }

  /** Calls one part of a step and counts what it cost. */
  async part<I, O, T>(
    contract: StepContract<I, O>,
    part: 'check' | 'run' | 'verify' | 'undo',
    step: { readonly id: string; readonly title: string },
    call: Omit<StepCall<I, O>, 'context'>,
    canBeLeft = false,
  ): Promise<T> {
    const mayChange = part !== 'check';
    const expected = this.policy.expected[contract.name] ?? contract.expectedSeconds;
    const context = this.stepContext(step.id, expected, mayChange ? this.token : null);
    const deadline = this.deadlineSeconds(contract);
    const { value, calls } = await callActivity<T>(
      this.policy,
      {
        type: `${contract.name}.${part}`,
        summary: part === 'run' ? step.title : `${part}: ${step.title}`,
        budgetSeconds: part === 'check' ? Math.min(deadline, CHECK_SECONDS) : deadline,
        wait: part === 'verify',
        canBeLeft,
        attemptSeconds: contract.attemptSeconds,
      },
      { ...call, context } satisfies StepCall<I, O>,
    );
    this.recorder.apply({ type: 'calls', calls });
    return value;
  }

  /** Returns when the condition holds. */
  async waitFor({ contract, input }: Condition): Promise<void> {
    const { name: id, title } = contract;
    await this.part(contract, 'verify', { id, title }, { input }, true);
  }

  private stepContext(step: string, expectedSeconds: number, token: number | null): StepContext {
    const { workflowId, runId, runbook } = this.recorder.state;
    const firstRunId = workflowInfo().firstExecutionRunId;
    const { fastestSeconds, slowestSeconds } = this.policy.polling;
    const pace: Pace = { expectedSeconds, fastestSeconds, slowestSeconds };
    const { instance } = this.admission;
    const lease = this.scope.part === undefined ? {} : { lease: this.held };
    return { instance, run: { workflowId, runId, firstRunId, runbook }, step, token, pace, ...lease };
  }
}

/** A check only looks; when it cannot in this time, it will not. */
const CHECK_SECONDS = 300;
