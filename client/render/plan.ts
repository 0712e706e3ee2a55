import { showLater, isLater } from '../../workflows/runbook/later';
import type { Plan, PlannedGate, PlannedStep } from '../../workflows/runbook/plan';
import type { Facts, PlannedCall, Problem } from '../../workflows/runbook/step';
import type { Colors } from '../terminal';
import { RISK_WORDS, moment, span } from './words';

/** A plan for people: problems first, then what was found, then each step with what it does and what undoes it. */
export function renderPlan(plan: Plan, colors: Colors): string {
  const { bold, dim } = colors;
  return [
    `${bold(`Plan of ${plan.runbook} for ${plan.instance}`)}  ${dim(`made ${moment(plan.createdAt)}`)}`,
    renderProblems(plan.problems, colors),
    plan.facts.length === 0
      ? ''
      : [bold('Found'), ...plan.facts.map(({ label, value }) => `  ${label}: ${value}`)].join('\n'),
    renderSteps(plan, colors),
    [
      `${bold('Expected')} ${span(plan.expectedSeconds)}  ${bold('Steps')} ${plan.steps.length}  ${bold('Hash')} ${colors.cyan(plan.hash)}`,
      plan.pointsOfNoReturn.length === 0
        ? 'Everything in this plan can be undone.'
        : colors.red(`No way back after: ${plan.pointsOfNoReturn.join(', ')}`),
    ].join('\n'),
  ]
    .filter((part) => part !== '')
    .join('\n\n');
}

export function renderProblems(problems: readonly Problem[], colors: Colors): string {
  if (problems.length === 0) return colors.green('No problems.');
  const lines = problems.flatMap((problem) => {
    const passes =
      problem.consent === undefined
        ? 'nothing passes it'
        : `passes with consent at the gate "${problem.consent}"`;
    return [
      `  ${colors.red('✘')} ${colors.bold(problem.code)}: ${problem.message}`,
      `    ${problem.remedy} ${colors.dim(`(${passes})`)}`,
    ];
  });
  return [colors.bold(colors.red(count(problems.length, 'problem'))), ...lines].join('\n');
}

function renderSteps(plan: Plan, colors: Colors): string {
  const lines = plan.steps.flatMap((step, index) => [
    ...plan.gates.filter((gate) => gate.before === step.id).map((gate) => renderGate(gate, colors)),
    ...renderStep(step, index + 1, colors),
  ]);
  const last = plan.gates.filter((gate) => !plan.steps.some((step) => step.id === gate.before));
  return [colors.bold('Steps'), ...lines, ...last.map((gate) => renderGate(gate, colors))].join('\n');
}

function renderGate(gate: PlannedGate, colors: Colors): string {
  const who =
    gate.policy === 'auto'
      ? 'the policy approves'
      : `${gate.policy.approvals} of ${gate.policy.roles.join(', ') || 'anybody listed'} within ${span(gate.policy.timeoutSeconds)}`;
  return `  ${colors.yellow(`── gate ${gate.name}: ${gate.title}`)} ${colors.dim(`(${who})`)}`;
}

function renderStep(step: PlannedStep, number: number, colors: Colors): readonly string[] {
  const { bold, dim, red } = colors;
  const risk =
    step.risk === 'pointOfNoReturn' ? red(bold(RISK_WORDS[step.risk])) : dim(RISK_WORDS[step.risk]);
  const expected =
    step.state === 'done' ? colors.green('already so') : dim(`about ${span(step.expectedSeconds)}`);
  const before = factsOf(step.before);
  return [
    `  ${String(number).padStart(2)}  ${bold(step.title)}  ${dim(step.id)}  ${risk}  ${expected}`,
    ...step.problems.map((problem) => `      ${red('✘')} ${problem.code}: ${problem.message}`),
    ...step.calls.map((call) => `      ${colors.cyan('→')} ${callOf(call)}`),
    ...(before === '' ? [] : [`      ${dim(`before: ${before}`)}`]),
    ...(step.undo === null ? [] : [`      ${dim(`undo: ${step.undo}`)}`]),
    ...step.notes.map((note) => `      ${dim(`note: ${note}`)}`),
  ];
}

/** `rds.PromoteReadReplica bitbucket-dr in eu-west-1 (backupRetentionPeriod 7)` */
function callOf(call: PlannedCall): string {
  const where = call.region === undefined ? '' : ` in ${call.region}`;
  const parameters = call.parameters === undefined ? '' : factsOf(call.parameters);
  return `${call.service}.${call.action} ${later(call.target)}${where}${parameters === '' ? '' : ` (${parameters})`}`;
}

function factsOf(given: Facts): string {
  return Object.entries(given)
    .map(([name, value]) => `${name} ${value === null ? 'none' : later(String(value))}`)
    .join(', ');
}

/** Stand-ins may also be inside a longer text. */
function later(value: string): string {
  return isLater(value) ? showLater(value) : value;
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}
