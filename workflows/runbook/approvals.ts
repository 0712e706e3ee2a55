import { patched } from '@temporalio/workflow';
import { Consents, isCovered } from './consents';
import { amendPlan, driftOf, movedFacts } from './drift';
import type { Question } from './desk';
import {
  consentQuestion,
  consentsOf,
  driftQuestion,
  gateQuestion,
  openingGates,
  pass,
  passTogether,
} from './gates';
import { duration, minute } from './markdown';
import type { PassContext } from './passes';
import { planStep } from './plan';
import type { Plan, PlannedStep } from './plan';
import type { RunPolicy } from './policy';
import { now } from './recorder';
import type { Check, Problem, StepContract } from './step';

/** An approval on which changes rest that have yet to start. */
interface Standing {
  /** Of the gate or consent. */
  readonly name: string;
  /** Id of the ask that was approved last. */
  askId: string;
  approvedAt: string;
  /** From when a run counts that began before the later approvals expired as well; null = not at all. */
  formerly: string | null;
  readonly lifetimeSeconds: number;
  readonly ask: () => Question;
}

/**
 * What people have agreed to in this run, and whether it still covers what is about to be done. An approval is void when
 * the plan has changed, and expires when the run stands still for longer than the policy lets it hold.
 */
export class Approvals {
  private readonly passed: Set<string>;
  private standing: Standing[] = [];
  private lastChangeAt = '';
  private renewal: Promise<void> | null = null;
  private readonly consents: Consents;
  /** To what people have consented, by the name of the consent. */
  private readonly consented = new Map<string, readonly Problem[]>();

  constructor(
    private readonly context: PassContext,
    private plan: Plan,
    /** Gates that an execution before this one has passed. */
    passed: readonly string[] = [],
  ) {
    this.passed = new Set(passed);
    this.consents = new Consents(context.recorder.state.problems);
  }

  /** Gates that were answered so far. */
  get answered(): readonly string[] {
    return [...this.passed];
  }

  private get policy(): RunPolicy {
    return this.context.policy;
  }

  /** Everything that people must agree to before the first step that changes something: the gates there, and the consents. */
  async open(): Promise<void> {
    const gates = openingGates(this.plan);
    for (const gate of gates) this.passed.add(gate.name);
    const questions = gates.map((gate) => this.forGate(gate.name, gate.title));
    const consents = consentsOf(this.plan.problems);
    await passTogether(this.context.desk, [
      ...questions.map((question) => question()),
      ...consents.map(([name, problems]) => this.forConsent(name, problems)()),
    ]);
    for (const question of questions) this.keep(question);
    for (const [name, problems] of consents) this.keepConsent(name, problems);
  }

  /** In an execution that goes on for another one: what people agreed to there holds on, from now as after a change. */
  goOn(): void {
    this.lastChangeAt = now();
    for (const { name, title } of this.plan.gates.filter((gate) => this.passed.has(gate.name)))
      this.keep(this.forGate(name, title));
    for (const [name, problems] of consentsOf(this.plan.problems)) this.keepConsent(name, problems);
  }

  /** Whether this gate was answered before the execution began. */
  have(gate: string): boolean {
    return this.passed.has(gate);
  }

  /** A gate in the middle of the procedure. One that the approved plan lacks says so. */
  async gate(name: string, title: string): Promise<void> {
    const question = this.forGate(name, title);
    const planned = this.plan.gates.some((gate) => gate.name === name);
    const { evidence, ...rest } = question();
    const surprise = planned ? [] : [`gate ${name} was not in the approved plan`];
    await pass(this.context.desk, { ...rest, evidence: [...surprise, ...evidence] });
    this.keep(question);
  }

  /** Whether people have consented to this problem, as bad as it is now. */
  covers(problem: Problem): boolean {
    const isOpen = this.consents.openAmong([problem]).length > 0;
    return isCovered(problem, isOpen ? this.acceptedBeside([problem]) : this.consents.accepted);
  }

  /**
   * The consent that a problem needs which came up in the execution: by the gate that the problem names. Where a step
   * beside this one has asked for the same, its answer counts.
   */
  async consent(problem: Problem): Promise<void> {
    const { desk, recorder } = this.context;
    while (this.consents.openAmong([problem]).length > 0) await this.consents.awaitAnswer([problem]);
    if (this.covers(problem)) return;
    const name = problem.consent ?? 'drift';
    const question = this.forConsent(name, [problem]);
    recorder.apply({ type: 'problem', problem });
    await this.consents.ask([problem], () => pass(desk, { ...question(), id: desk.freshId(name) }));
    this.keepConsent(name, [problem]);
  }

  /**
   * What has to be asked before this step may go on as its check found it; null when the approvals cover it. After an
   * answer the step must be checked again: people take their time, and the world does not wait.
   * @param begun this run has called the step's `run` before
   */
  due<O>(
    step: { readonly id: string; readonly title: string },
    contract: StepContract<never, O> | StepContract<unknown, O>,
    check: Check<O>,
    begun: boolean,
  ): (() => Promise<void>) | null {
    const renewal = contract.risk === 'readOnly' ? null : this.renewalDue();
    if (renewal !== null) return renewal;
    const { recorder } = this.context;
    const expected = this.context.expectedSeconds(contract);
    const present = planStep(step.id, step.title, contract as StepContract<unknown, O>, check, expected);
    const planned = this.plan.steps.find(({ id }) => id === step.id);
    const open = this.consents.openAmong(check.problems);
    const accepted = open.length > 0 ? this.acceptedBeside(open) : this.consents.accepted;
    const { problems, differences, besides } = driftOf(planned, present, accepted, begun);
    if (problems.length === 0 && differences.length === 0) return null;
    const asked = this.consents.openAmong(problems);
    if (asked.length > 0) return () => this.consents.awaitAnswer(asked);
    const facts = movedFacts(this.plan.facts, recorder.state.facts);
    return () => this.askAboutDrift(present, problems, differences, [...besides, ...facts]);
  }

  /** What asks again for the approvals that have expired; null while all of them hold. */
  renewalDue(): (() => Promise<void>) | null {
    return this.expired().length > 0 ? () => this.renew() : null;
  }

  /** A change starts or has ended: the approvals hold on from here. Past a point of no return there is none to withdraw. */
  used(risk: StepContract<never, unknown>['risk']): void {
    this.lastChangeAt = now();
    if (risk === 'pointOfNoReturn') this.standing = [];
  }

  /** A run from before the patch took a problem for accepted as soon as it was asked about, and has gone on. */
  private acceptedBeside(open: readonly Problem[]): readonly Problem[] {
    const { accepted } = this.consents;
    const isTold = open.every((problem) => isCovered(problem, accepted));
    return isTold || patched('consents-are-awaited') ? accepted : this.context.recorder.state.problems;
  }

  private async askAboutDrift(
    step: PlannedStep,
    problems: readonly Problem[],
    differences: readonly string[],
    besides: readonly string[],
  ): Promise<void> {
    const { desk, recorder } = this.context;
    const amended = amendPlan(this.plan, step, recorder.state.facts, now());
    for (const problem of problems) recorder.apply({ type: 'problem', problem });
    const drift = { id: desk.freshId(`${step.id}.drift`), title: step.title };
    const shown = [...differences, ...besides.map((line) => `(also moved) ${line}`)];
    const questions = [
      ...consentsOf(problems).map(([name, some]) => ({
        ...consentQuestion(this.policy, amended, name, some),
        id: desk.freshId(name),
      })),
      ...(differences.length === 0
        ? []
        : [driftQuestion(this.policy, amended, { ...drift, differences: shown })]),
    ];
    await this.consents.ask(problems, () => passTogether(desk, questions));
    // Another step may have been approved meanwhile: both changes stand.
    this.plan = amendPlan(this.plan, step, recorder.state.facts, now());
    desk.plan = this.plan;
    recorder.apply({ type: 'replanned', hash: this.plan.hash });
    for (const [name, some] of consentsOf(problems)) this.keepConsent(name, some, null);
    if (differences.length > 0)
      this.keep(() => driftQuestion(this.policy, this.plan, { ...drift, differences: shown }), null);
  }

  /** Steps side by side that find the same approval expired ask once. */
  private renew(): Promise<void> {
    this.renewal ??= this.askAgain().finally(() => {
      this.renewal = null;
    });
    return this.renewal;
  }

  private async askAgain(): Promise<void> {
    const { desk } = this.context;
    const expired = this.expired();
    const questions = expired.map((one) => {
      const question = one.ask();
      return {
        ...question,
        id: desk.freshId(one.name),
        title: `Again: ${question.title}`,
        evidence: [this.history(one), ...question.evidence],
      };
    });
    await passTogether(desk, questions);
    for (const [index, one] of expired.entries()) {
      one.askId = questions[index]?.id ?? one.askId;
      one.approvedAt = this.closedAt(one.askId);
      one.formerly = one.approvedAt;
    }
  }

  private history({ askId, approvedAt, lifetimeSeconds }: Standing): string {
    const ask = this.context.recorder.state.asks.find(({ id }) => id === askId);
    const people = ask?.decisions.map(({ actor }) => actor).join(', ') ?? '';
    return `approved at ${minute(approvedAt)} by ${people}; that holds for ${duration(lifetimeSeconds)} in which nothing is done`;
  }

  private expired(): readonly Standing[] {
    return this.standing.filter(({ approvedAt, formerly, lifetimeSeconds }) => {
      const isOver = (time: string): boolean => {
        const since = time > this.lastChangeAt ? time : this.lastChangeAt;
        return Date.now() - Date.parse(since) > lifetimeSeconds * 1000;
      };
      if (!isOver(approvedAt)) return false;
      return (formerly !== null && isOver(formerly)) || patched('later-approvals-expire');
    });
  }

  /**
   * An approval of the policy itself does not expire, nor one whose lifetime the policy leaves open.
   * @param formerly see `Standing`; the time of the approval unless told
   */
  private keep(ask: () => Question, formerly?: null): void {
    const { id: name, needed, approvalSeconds } = ask();
    if (needed === 0 || approvalSeconds === undefined) return;
    const { asks, pastPointOfNoReturn } = this.context.recorder.state;
    if (formerly === null && pastPointOfNoReturn !== null) return;
    // Another one of its name may be open.
    const mine = asks.filter((one) => one.id === name || one.id.startsWith(`${name}.`));
    const askId = mine.findLast(({ result }) => result === 'approve')?.id ?? name;
    const approvedAt = this.closedAt(askId);
    const kept = { name, askId, approvedAt, lifetimeSeconds: approvalSeconds, ask };
    this.standing = [
      ...this.standing.filter((one) => one.name !== name),
      { ...kept, formerly: formerly === undefined ? approvedAt : formerly },
    ];
  }

  /** A consent adds to those of its name before it, and all of them are as old as the first. */
  private keepConsent(name: string, problems: readonly Problem[], formerly?: null): void {
    const before = this.consented.get(name) ?? [];
    const codes = problems.map(({ code }) => code);
    const all = [...before.filter(({ code }) => !codes.includes(code)), ...problems];
    this.consented.set(name, all);
    const oldest = this.standing.find((one) => one.name === name);
    this.keep(this.forConsent(name, all), formerly);
    const kept = this.standing.find((one) => one.name === name);
    if (oldest === undefined || kept === undefined) return;
    kept.askId = oldest.askId;
    kept.approvedAt = oldest.approvedAt;
    if (formerly === null) kept.formerly = oldest.formerly;
  }

  private closedAt(askId: string): string {
    return this.context.recorder.state.asks.find(({ id }) => id === askId)?.closedAt ?? now();
  }

  private forGate(name: string, title: string): () => Question {
    return () => gateQuestion(this.policy, this.plan, { name, title });
  }

  private forConsent(name: string, problems: readonly Problem[]): () => Question {
    return () => consentQuestion(this.policy, this.plan, name, problems);
  }
}
