import { isCovered } from './consents';
import { showLater, isLater } from './later';
import { completePlan } from './plan';
import type { Plan, PlannedStep } from './plan';
import type { RunFact } from './state';
import type { Facts, PlannedCall, Problem } from './step';

/** How a step as it is now differs from the step that people approved. */
export interface Drift {
  /** Problems that nobody has consented to; each is asked about by the gate that it names. */
  readonly problems: readonly Problem[];
  /** Why the approval does not cover the step any more, one line each. Empty: it does. */
  readonly differences: readonly string[];
  /** What else has moved: shown to whoever decides, never a reason to ask. */
  readonly besides: readonly string[];
}

/**
 * Compares a step with the check right before its run. What matters is named by the step (`material`); besides, a call of
 * a kind that nobody approved, a higher risk and a lost way back matter always. Fewer calls, other targets of the same
 * call, and problems that have gone do not: the world moves.
 * @param planned absent when the approved plan lacks the step
 * @param accepted the problems to which people have consented, in the plan or since
 * @param begun this run has called the step's `run` before. When the effect is there now, the material facts have become
 *   what the approved step makes of them, and nobody is asked about that
 */
export function driftOf(
  planned: PlannedStep | undefined,
  now: PlannedStep,
  accepted: readonly Problem[],
  begun: boolean,
): Drift {
  const problems = now.problems.filter(
    (problem) => problem.consent !== undefined && !isCovered(problem, accepted),
  );
  if (planned === undefined) {
    const calls = now.calls.map((call) => `would call ${callLine(call)}`);
    return { problems, differences: [`step ${now.id} was not in the approved plan`, ...calls], besides: [] };
  }
  const bothNeeded = planned.state === 'needed' && now.state === 'needed';
  const differences = [
    ...(planned.risk === now.risk ? [] : [`risk: approved ${planned.risk}, now ${now.risk}`]),
    ...(bothNeeded && planned.undo !== null && now.undo === null
      ? [`undo: approved "${planned.undo}", now there is no way back`]
      : []),
    ...(begun && now.state === 'done' ? [] : differingFacts(planned.material, now.material)),
    ...now.calls
      .filter((call) => !planned.calls.some((one) => kindOf(one) === kindOf(call)))
      .map((call) => `would also call ${callLine(call)}`),
  ];
  const besides = [
    ...(now.state === 'done' ? [] : dropped(planned.calls, now.calls)),
    ...retargeted(planned.calls, now.calls),
    ...planned.problems
      .filter(({ code }) => !now.problems.some((problem) => problem.code === code))
      .map((problem) => `no longer a problem: ${problem.message}`),
    ...reworded(planned.problems, now.problems),
  ];
  return { problems, differences, besides };
}

/** Facts of the whole run that are not what they were in the approved plan. */
export function movedFacts(approved: readonly RunFact[], now: readonly RunFact[]): readonly string[] {
  const byLabel = (facts: readonly RunFact[]): Facts =>
    Object.fromEntries(facts.map(({ label, value }) => [label, value]));
  const present = now.map(({ label }) => label);
  // A fact that the execution has not come to yet is no difference.
  return differingFacts(byLabel(approved.filter(({ label }) => present.includes(label))), byLabel(now));
}

/** The plan with one step as it is now: what an approval of the difference names. */
export function amendPlan(plan: Plan, step: PlannedStep, facts: readonly RunFact[], createdAt: string): Plan {
  const known = plan.steps.some((one) => one.id === step.id);
  return completePlan({
    ...plan,
    createdAt,
    facts: [...plan.facts.filter(({ label }) => !facts.some((fact) => fact.label === label)), ...facts],
    steps: known ? plan.steps.map((one) => (one.id === step.id ? step : one)) : [...plan.steps, step],
    problems: [...plan.problems, ...step.problems.filter((problem) => !isCovered(problem, plan.problems))],
  });
}

function differingFacts(approved: Facts, now: Facts): readonly string[] {
  return [...new Set([...Object.keys(approved), ...Object.keys(now)])]
    .filter((name) => approved[name] !== now[name] && !isUnknown(approved[name]))
    .map((name) => `${name}: approved ${show(approved[name])}, now ${show(now[name])}`);
}

/** What the plan could not know yet differs by nature. */
function isUnknown(value: Facts[string] | undefined): boolean {
  return typeof value === 'string' && isLater(value);
}

function dropped(approved: readonly PlannedCall[], now: readonly PlannedCall[]): readonly string[] {
  return approved
    .filter((call) => !now.some((one) => kindOf(one) === kindOf(call)))
    .map((call) => `no longer calls ${callLine(call)}`);
}

function retargeted(approved: readonly PlannedCall[], now: readonly PlannedCall[]): readonly string[] {
  return now.flatMap((call) => {
    const alike = approved.filter((one) => kindOf(one) === kindOf(call));
    const [one] = alike;
    if (one === undefined || alike.some((other) => sameCall(other, call))) return [];
    return [`${call.action}: approved ${callLine(one)}, now ${callLine(call)}`];
  });
}

function reworded(approved: readonly Problem[], now: readonly Problem[]): readonly string[] {
  return now.flatMap((problem) => {
    const before = approved.find(({ code }) => code === problem.code);
    return before === undefined || before.message === problem.message
      ? []
      : [`${problem.code}: approved "${before.message}", now "${problem.message}"`];
  });
}

function kindOf({ service, action, region = '' }: PlannedCall): string {
  return `${service} ${action} ${region}`;
}

function sameCall(approved: PlannedCall, now: PlannedCall): boolean {
  const sameTarget = approved.target === now.target || isLater(approved.target);
  return sameTarget && differingFacts(approved.parameters ?? {}, now.parameters ?? {}).length === 0;
}

function callLine({ service, action, region, target, parameters = {} }: PlannedCall): string {
  const given = Object.entries(parameters).map(([name, value]) => `${name} ${show(value)}`);
  const where = region === undefined ? '' : ` in ${region}`;
  return `${service}.${action} ${showLater(target)}${where}${given.length === 0 ? '' : ` (${given.join(', ')})`}`;
}

function show(value: Facts[string] | undefined): string {
  return value === undefined || value === null ? 'nothing' : showLater(String(value));
}
