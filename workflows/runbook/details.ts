import { missingApprovals } from './decisions';
import { secondsBetween } from './report';
import type { Ask, RunState, StepRecord, StepState } from './state';
import { openAsks } from './state';

/** Limit of a workflow's current details is 20,000 bytes [T §6.1]; long parts are cut well before. */
const LONGEST_CELL = 160;

const SIGNS: Readonly<Record<StepState, string>> = {
  planned: '·',
  checking: '▶ checking',
  running: '▶ running',
  verifying: '▶ verifying',
  waiting: '❓ waiting for a decision',
  done: '✅ done',
  failed: '❌ failed',
  skipped: '⏭ skipped',
  undoing: '↩ undoing',
  undone: '↩ undone',
  undoFailed: '❌ undo failed',
};

/** The run as Markdown for the workflow's page in the Temporal UI. */
export function renderDetails(state: RunState): string {
  return [
    headline(state),
    ...openAsks(state).map((ask) => renderAsk(state, ask)),
    ...(state.held === null
      ? []
      : [
          `**Held** by ${state.held.actor}${state.held.reason === null ? '' : `: ${text(state.held.reason)}`}. Send update \`resume\` with \`{"actor":"…"}\`.`,
        ]),
    problems(state),
    bullets(
      'What was found',
      state.facts.map((fact) => `${fact.label}: **${text(fact.value)}**`),
    ),
    stepTable(state.steps),
    bullets('Less than it should be', state.degraded.map(text)),
    bullets('Still to do by people', state.followUps.map(text)),
    refusals(state),
  ]
    .filter((part) => part !== '')
    .join('\n\n');
}

function headline(state: RunState): string {
  const title = `### ${state.runbook} of ${state.instance === '' ? '…' : state.instance}${state.dryRun ? ' (dry run)' : ''}`;
  const now =
    state.outcome === null
      ? `Phase **${state.phase}**`
      : `**${state.outcome}**: ${text(state.conclusion ?? '')}`;
  const plan = state.planHash === null ? '' : `, plan \`${state.planHash}\``;
  const passed =
    state.pastPointOfNoReturn === null
      ? ''
      : `, past the point of no return (\`${state.pastPointOfNoReturn}\`)`;
  return `${title}\n\n${now}${plan}${passed}`;
}

function renderAsk(state: RunState, ask: Ask): string {
  const missing = missingApprovals(ask);
  const who = ask.roles.length === 0 ? 'anybody of the estate' : `role ${ask.roles.join(' or ')}`;
  const given = ask.decisions.map((one) => one.actor).join(', ');
  const first = ask.verdicts[0] ?? 'approve';
  const json = JSON.stringify({
    ask: ask.id,
    verdict: first,
    actor: 'YOUR NAME',
    ...(ask.planHash === null ? {} : { planHash: ask.planHash }),
    ...(ask.noteRequired ? { note: 'why' } : {}),
  });
  return [
    `#### ❓ ${text(ask.title)}`,
    ...ask.evidence.map((line) => `- ${text(line)}`),
    '',
    `Needs ${missing} more of ${ask.needed} (${who}${state.requestedBy === null || !ask.verdicts.includes('approve') ? '' : `, not ${state.requestedBy}`})${given === '' ? '' : `; so far: ${given}`}; until ${ask.deadlineAt}. Possible: ${ask.verdicts.join(', ')}.`,
    '',
    'Send update `decide` with:',
    '```json',
    json,
    '```',
  ].join('\n');
}

function problems(state: RunState): string {
  return bullets(
    'Problems',
    state.problems.map(
      (problem) =>
        `**${problem.code}**: ${text(problem.message)} _${text(problem.remedy)}_${problem.consent === undefined ? '' : ` (passes with consent \`${problem.consent}\`)`}`,
    ),
  );
}

function stepTable(steps: readonly StepRecord[]): string {
  if (steps.length === 0) return '';
  const rows = steps.map((step, index) => {
    const seconds =
      step.startedAt === null || step.endedAt === null
        ? ''
        : `${secondsBetween(step.startedAt, step.endedAt).toFixed(1)} s`;
    const risk = step.risk === 'pointOfNoReturn' ? ' ⚠️' : '';
    return `| ${index + 1} | ${cell(step.title)}${risk} | ${SIGNS[step.state]} | ${seconds} | ${cell(step.error ?? proofOf(step))} |`;
  });
  return ['| # | step | state | took | seen |', '| --- | --- | --- | --- | --- |', ...rows].join('\n');
}

function proofOf(step: StepRecord): string {
  return Object.entries(step.proof)
    .map(([name, value]) => `${name} ${String(value)}`)
    .join(', ');
}

function refusals(state: RunState): string {
  return bullets(
    'Decisions not accepted',
    state.refusals.slice(-3).map((one) => `${one.at} ${text(one.actor)}: ${text(one.why)}`),
  );
}

function bullets(title: string, lines: readonly string[]): string {
  return lines.length === 0 ? '' : `**${title}**\n\n${lines.map((line) => `- ${line}`).join('\n')}`;
}

function cell(value: string): string {
  const short = value.length > LONGEST_CELL ? `${value.slice(0, LONGEST_CELL - 1)}…` : value;
  return text(short).replaceAll('|', '\\|');
}

/** Text from outside must not become Markdown of its own: one line, no markup. */
function text(value: string): string {
  return value.replace(/\s+/g, ' ').replace(/[<>`*_[\]]/g, (sign) => `\\${sign}`);
}
