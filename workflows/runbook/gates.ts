import { CancellationScope } from '@temporalio/workflow';
import type { Answer, Desk, Question } from './desk';
import type { Plan, PlannedGate } from './plan';
import type { RunPolicy } from './policy';
import { gatePolicy } from './policy';
import type { Problem } from './step';
import { RunStopped } from './stopped';

/** Everything that people must agree to before the first step that changes something: the gates there, and the consents. */
export async function passOpeningGates(
  desk: Desk,
  policy: RunPolicy,
  plan: Plan,
): Promise<readonly string[]> {
  const firstChange = plan.steps.findIndex((step) => step.risk !== 'readOnly');
  const opening = plan.gates.filter((gate) => {
    const position = plan.steps.findIndex((step) => step.id === gate.before);
    return firstChange === -1 || (position !== -1 && position <= firstChange);
  });
  const questions = [
    ...opening.map((gate) => gateQuestion(policy, plan, gate)),
    ...consents(plan.problems).map(([name, problems]) => consentQuestion(policy, plan, name, problems)),
  ];
  const asked = questions.filter((question) => gatePolicy(policy, question.id) !== 'auto');
  for (const question of questions) if (!asked.includes(question)) desk.recordPolicy(question);
  await askTogether(desk, asked);
  return opening.map((gate) => gate.name);
}

/** Asks everything at once; the first denial settles the matter and withdraws what is still open. */
async function askTogether(desk: Desk, questions: readonly Question[]): Promise<void> {
  const outcomes = await CancellationScope.cancellable(() => {
    const scope = CancellationScope.current();
    const asks = questions.map(async (question) => {
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

/** A gate in the middle of the procedure. */
export async function passGate(desk: Desk, policy: RunPolicy, plan: Plan, gate: PlannedGate): Promise<void> {
  const question = gateQuestion(policy, plan, gate);
  if (gatePolicy(policy, gate.name) === 'auto') desk.recordPolicy(question);
  else requireApproval(question, await desk.ask(question));
}

/** Asks whether to go on although the world differs from what was approved. */
export async function askAboutDrift(
  desk: Desk,
  policy: RunPolicy,
  plan: Plan | null,
  about: { readonly id: string; readonly title: string; readonly differences: readonly string[] },
): Promise<void> {
  const question: Question = {
    id: desk.freshId(`${about.id}.drift`),
    kind: 'drift',
    title: `Changed since the approval: ${about.title}`,
    evidence: about.differences,
    verdicts: ['approve', 'deny'],
    ...deciders(policy, 'drift'),
    planHash: plan?.hash ?? null,
  };
  if (gatePolicy(policy, 'drift') === 'auto') desk.recordPolicy(question);
  else requireApproval(question, await desk.ask(question));
}

/** Asks for the consent that a problem needs which came up in the execution: by the gate that the problem names. */
export async function askForConsent(
  desk: Desk,
  policy: RunPolicy,
  plan: Plan,
  problem: Problem,
): Promise<void> {
  const gate = problem.consent ?? 'drift';
  const question = { ...consentQuestion(policy, plan, gate, [problem]), id: desk.freshId(gate) };
  if (gatePolicy(policy, gate) === 'auto') desk.recordPolicy(question);
  else requireApproval(question, await desk.ask(question));
}

/** Asks whether the run that holds the instance shall be asked to let go. Rests on no plan: there is none yet. */
export async function askToPreempt(
  desk: Desk,
  policy: RunPolicy,
  about: { readonly title: string; readonly evidence: readonly string[] },
): Promise<void> {
  const question: Question = {
    id: desk.freshId('preempt'),
    kind: 'consent',
    ...about,
    verdicts: ['approve', 'deny'],
    ...deciders(policy, 'preempt'),
    noteRequired: true,
    planHash: null,
  };
  if (gatePolicy(policy, 'preempt') === 'auto') desk.recordPolicy(question);
  else requireApproval(question, await desk.ask(question));
}

function gateQuestion(policy: RunPolicy, plan: Plan, gate: PlannedGate): Question {
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

function consentQuestion(
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

function consents(problems: readonly Problem[]): readonly (readonly [string, readonly Problem[]])[] {
  const names = [
    ...new Set(problems.flatMap((problem) => (problem.consent === undefined ? [] : [problem.consent]))),
  ];
  return names.map((name) => [name, problems.filter((problem) => problem.consent === name)] as const);
}

function deciders(
  policy: RunPolicy,
  gate: string,
): { readonly roles: readonly string[]; readonly needed: number; readonly timeoutSeconds: number } {
  const rule = gatePolicy(policy, gate);
  return rule === 'auto'
    ? { roles: [], needed: 0, timeoutSeconds: 0 }
    : { roles: rule.roles, needed: rule.approvals, timeoutSeconds: rule.timeoutSeconds };
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
