import type { Leaving } from './leaving';
import type { PassContext } from './passes';
import { completePlan, planStep } from './plan';
import type { Plan, PlannedGate, PlannedStep } from './plan';
import { gatePolicy } from './policy';
import type { RunPolicy } from './policy';
import { now } from './recorder';
import { settleAll } from './run';
import type { Hurry, Procedure, Run, StepOptions } from './run';
import type { RunFact, StepRecord } from './state';
import type { Check, ObservationContract, Problem, StepContract } from './step';
import { RunStopped } from './stopped';
import type { Attempt } from './trial';

/** Runs the procedure with every step in check mode and gathers the plan. Nothing is changed. */
export async function makePlan<Input, Subject, Policy extends RunPolicy>(
  context: PassContext,
  procedure: Procedure<Input, Subject, Policy>,
): Promise<Plan> {
  const pass = new PlanPass<Input, Subject, Policy>(context);
  try {
    await procedure(pass);
  } catch (error) {
    // A refusal ends the pass early; what was found until then is still worth showing.
    if (!(error instanceof RunStopped) || error.stop.kind !== 'refused') throw error;
  }
  return pass.plan();
}

class PlanPass<Input, Subject, Policy extends RunPolicy> implements Run<Input, Subject, Policy> {
  readonly pass = 'plan';
  /** In the order of the procedure; a step that is being checked has its place already. */
  private readonly slots: (PlannedStep | null)[] = [];
  private readonly gates: { name: string; title: string; position: number }[] = [];
  private readonly problems: Problem[] = [];
  private readonly facts = new Map<string, RunFact>();

  constructor(private readonly context: PassContext) {}

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
    return this.context.look(contract, input);
  }

  async measure(): Promise<null> {
    return null;
  }

  async step<I, O>(contract: StepContract<I, O>, input: I, options: StepOptions = {}): Promise<O> {
    const { id = contract.name, title = contract.title } = options;
    this.context.recorder.apply({ type: 'phase', phase: 'planning', at: now() });
    const slot = this.slots.push(null) - 1;
    const check = await this.context.part<I, O, Check<O>>(contract, 'check', { id, title }, { input });
    const expected = this.policy.expected[contract.name] ?? contract.expectedSeconds;
    this.slots[slot] = planStep(id, title, contract as StepContract<unknown, O>, check, expected);
    return check.output;
  }

  together<T>(...work: readonly (() => Promise<T>)[]): Promise<readonly T[]> {
    return settleAll(work);
  }

  meanwhile<T>(work: () => Promise<T>): Promise<T> {
    return work();
  }

  async attempt<T>(work: (run: Run<Input, Subject, Policy>) => Promise<T>): Promise<Attempt<T>> {
    return { done: true, value: await work(this) };
  }

  temporary<T>(_limitSeconds: number, work: (run: Run<Input, Subject, Policy>) => Promise<T>): Promise<T> {
    return work(this);
  }

  leavable<T>(_leaving: Leaving, work: (run: Run<Input, Subject, Policy>) => Promise<T>): Promise<T> {
    return work(this);
  }

  hurried<T>(_hurry: Hurry, work: (run: Run<Input, Subject, Policy>) => Promise<T>): Promise<T> {
    return work(this);
  }

  optional<T>(_what: string, work: (run: Run<Input, Subject, Policy>) => Promise<T>): Promise<T | null> {
    return work(this);
  }

  async keep(): Promise<null> {
    return null;
  }

  async gate(name: string, title: string): Promise<void> {
    this.gates.push({ name, title, position: this.slots.length });
  }

  async safePoint(): Promise<void> {}

  async child(): Promise<null> {
    return null;
  }

  async fleet(): Promise<null> {
    return null;
  }

  async leave(): Promise<null> {
    return null;
  }

  async problem(problem: Problem): Promise<void> {
    this.problems.push(problem);
  }

  refuse(problem: Problem): never {
    this.problems.push(problem);
    throw new RunStopped({ kind: 'refused', problems: [problem] });
  }

  fact(label: string, value: string): void {
    this.facts.set(label, { label, value });
    this.context.recorder.apply({ type: 'fact', label, value });
  }

  verifying(): void {}

  degraded(): void {}

  followUp(): void {}

  report(): void {}

  plan(): Plan {
    const { runbook } = this.context.recorder.state;
    const steps = this.slots.filter((step) => step !== null);
    const gates: PlannedGate[] = this.gates.map(({ name, title, position }) => ({
      name,
      title,
      policy: gatePolicy(this.policy, name),
      before: this.slots[position]?.id ?? null,
    }));
    return completePlan({
      runbook,
      instance: this.context.admission.instance,
      createdAt: now(),
      facts: [...this.facts.values()],
      steps,
      gates,
      problems: unique([...this.problems, ...steps.flatMap((step) => step.problems)]),
    });
  }
}

/** The steps of a plan as they first stand in the state. */
export function plannedRecords(plan: Plan): readonly StepRecord[] {
  return plan.steps.map(({ id, title, risk, expectedSeconds }) => ({
    id,
    title,
    risk,
    state: 'planned',
    expectedSeconds,
    startedAt: null,
    endedAt: null,
    tries: 0,
    proof: {},
    error: null,
  }));
}

/** The same problem may be met by several steps; people read it once. */
function unique(problems: readonly Problem[]): readonly Problem[] {
  const seen = new Set<string>();
  return problems.filter((problem) => {
    const key = `${problem.code} ${problem.message}`;
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}
