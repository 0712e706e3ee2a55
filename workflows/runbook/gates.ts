import { CancellationScope } from '@temporalio/workflow';
import type { Answer, Desk, Question } from './desk';
import type { Plan, PlannedGate } from './plan';
import type { RunPolicy } from './policy';
import { gatePolicy } from './policy';
import type { Problem } from './step';
import { RunStopped } from './stopped';

/** The gates that stand before the first step that changes something: their questions are asked before the execution. */
export function openingGates(plan: Plan): readonly PlannedGate[] {
  const firstChange = plan.steps.findIndex((step) => step.risk !== 'readOnly');
  return plan.gates.filter((gate) => {
    const position = plan.steps.findIndex((step) => step.id === gate.before);
    return firstChange === -1 || (position !== -1 && position <= firstChange);
  });
}

/** Asks, or lets the policy answer. @throws RunStopped when it is denied, or nobody answers in time */
export async function pass(desk: Desk, question: Question): Promise<void> {
  if (question.needed === 0) desk.recordPolicy(question);
  else requireApproval(question, await desk.ask(question));
}

/** Asks everything at once; the first denial settles the matter and withdraws what is still open. */
export async function passTogether(desk: Desk, questions: readonly Question[]): Promise<void> {
  for (const question of questions) if (question.needed === 0) desk.recordPolicy(question);
  const asked = questions.filter((question) => question.needed > 0);
  const outcomes = await CancellationScope.cancellable(() => {
    const scope = CancellationScope.current();
    const asks = asked.map(async (question) => {
      try {
        requireApproval(question, await desk.ask(question));
      } catch (error) {
        scope.cancel();
        throw error;
      }
    });
    return Promise.allSettled(asks);
  });
  const failures = outcomes.flatMap((one) => (one.status === 'rejected' ? [one.reason as Error] : []));
  const stop = failures.find((failure) => failure instanceof RunStopped) ?? failures[0];
  if (stop !== undefined) throw stop;
}

export function gateQuestion(
  policy: RunPolicy,
  plan: Plan,
  gate: Pick<PlannedGate, 'name' | 'title'>,
): Question {
  return {
    id: gate.name,
    kind: 'gate',
    title: gate.title,
    evidence: [
      ...plan.facts.map((fact) => `${fact.label}: ${fact.value}`),
      `${plan.steps.length} steps, about ${minutes(plan.expectedSeconds)}; no way back after: ${plan.pointsOfNoReturn.join(', ') || 'none'}`,
    ],
    verdicts: ['approve', 'deny'],
    ...deciders(policy, gate.name),
    planHash: plan.hash,
  };
}

export function consentQuestion(
  policy: RunPolicy,
  plan: Plan,
  name: string,
  problems: readonly Problem[],
): Question {
  return {
    id: name,
    kind: 'consent',
    title: `Consent in spite of: ${[...new Set(problems.map((problem) => problem.code))].join(', ')}`,
    evidence: problems.map((problem) => `${problem.message} ${problem.remedy}`),
    verdicts: ['approve', 'deny'],
    ...deciders(policy, name),
    noteRequired: true,
    planHash: plan.hash,
  };
}

/** Whether to go on although the world differs from what was approved; `plan` is the one that holds the difference. */
export function driftQuestion(
  policy: RunPolicy,
  plan: Plan,
  about: { readonly id: string; readonly title: string; readonly differences: readonly string[] },
): Question {
  return {
    id: about.id,
    kind: 'drift',
    title: `Changed since the approval: ${about.title}`,
    evidence: about.differences,
    verdicts: ['approve', 'deny'],
    ...deciders(policy, 'drift'),
    planHash: plan.hash,
  };
}

/** Whether the run that holds the instance shall be asked to let go. Rests on no plan: there is none yet. */
export function preemptQuestion(
  policy: RunPolicy,
  about: { readonly title: string; readonly evidence: readonly string[] },
): Question {
  return {
    id: 'preempt',
    kind: 'consent',
    ...about,
    verdicts: ['approve', 'deny'],
    ...deciders(policy, 'preempt'),
    noteRequired: true,
    planHash: null,
  };
}

/** The consents that problems name, with the problems of each. */
export function consentsOf(problems: readonly Problem[]): readonly (readonly [string, readonly Problem[]])[] {
  const names = [
    ...new Set(problems.flatMap((problem) => (problem.consent === undefined ? [] : [problem.consent]))),
  ];
  return names.map((name) => [name, problems.filter((problem) => problem.consent === name)] as const);
}

/** Nobody is needed where the policy says `auto`. */
function deciders(
  policy: RunPolicy,
  gate: string,
): Pick<Question, 'roles' | 'needed' | 'timeoutSeconds' | 'identity' | 'escalate' | 'approvalSeconds'> {
  const rule = gatePolicy(policy, gate);
  if (rule === 'auto') return { roles: [], needed: 0, timeoutSeconds: 0 };
  const { roles, approvals, timeoutSeconds, identity, escalate, approvalLifetimeSeconds } = rule;
  return {
    roles,
    needed: approvals,
    timeoutSeconds,
    identity,
    escalate,
    approvalSeconds: approvalLifetimeSeconds,
  };
}

/** Who decides about a failed step or a failed undo: anybody listed, by the rules for failures. */
export function failureDeciders({
  failures,
}: RunPolicy): Pick<Question, 'roles' | 'needed' | 'timeoutSeconds' | 'identity' | 'escalate' | 'planHash'> {
  const { decisionTimeoutSeconds, identity, escalate } = failures;
  return { roles: [], needed: 1, planHash: null, timeoutSeconds: decisionTimeoutSeconds, identity, escalate };
}

function requireApproval(question: Question, answer: Answer): void {
  if (answer.verdict === 'approve') return;
  const why =
    answer.verdict === 'timeout'
      ? `nobody answered "${question.id}" in time, which counts as a denial`
      : `${answer.by ?? 'somebody'} denied "${question.id}"${answer.note === null ? '' : `: ${answer.note}`}`;
  throw new RunStopped({ kind: 'denied', why });
}

function minutes(seconds: number): string {
  return seconds < 90 ? `${Math.ceil(seconds)} s` : `${Math.ceil(seconds / 60)} min`;
}
