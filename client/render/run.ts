import { describeFacts } from '../../workflows/runbook/facts';
import { answerCommand } from '../../workflows/runbook/details-ask';
import { secondsBetween } from '../../workflows/runbook/report';
import { openAsks, rolesNow } from '../../workflows/runbook/state';
import type { Ask, RunState, StepRecord } from '../../workflows/runbook/state';
import type { Problem } from '../../workflows/runbook/step';
import type { OutsideEnd } from '../outside-end';
import type { Colors } from '../terminal';
import { renderFleetProgress } from './fleet-progress';
import { afterOutsideEnd, outsideEndLine } from './outside-end';
import { renderProblems } from './plan';
import { table } from './table';
import {
  ASK_WORDS,
  clock,
  moment,
  paintOutcome,
  paintState,
  passedOn,
  signedBy,
  span,
  willPassOn,
} from './words';

export interface RunView {
  readonly now: number;
  readonly columns: number;
  readonly colors: Colors;
  /** How the workflow was closed, where the run itself knows nothing of its end. */
  readonly outside?: OutsideEnd | undefined;
}

/** A run as one page: where it is, what it wants from whom, the steps with their times. */
export function renderRun(state: RunState, given: RunView): string {
  const { colors, outside } = given;
  const view = outside === undefined ? given : { ...given, now: Date.parse(outside.at) };
  return [
    headline(state, view),
    ...(outside === undefined ? pending(state, view) : [wasAsked(state, view)]),
    renderFleetProgress(state.fleet, colors),
    state.steps.length === 0 ? '' : renderSteps(state.steps, view),
    problemsOf(state, colors),
    bullets(
      'Found',
      state.facts.map(({ label, value }) => `${label}: ${value}`),
      colors,
    ),
    bullets('Less than it should be', state.degraded, colors),
    bullets('Still to do by people', state.followUps, colors),
    bullets(
      'Decisions that were not accepted',
      state.refusals.slice(-3).map((one) => `${clock(one.at)} ${one.actor} on ${one.ask}: ${one.why}`),
      colors,
    ),
  ]
    .filter((part) => part !== '')
    .join('\n\n');
}

/** What the run waits for, and how to answer. */
function pending(state: RunState, view: RunView): readonly string[] {
  const { held, workflowId } = state;
  return [
    held === null
      ? ''
      : view.colors.yellow(
          `Held by ${held.actor} since ${clock(held.since)}${because(held.reason)}. ` +
            `Go on with: runbooks resume ${workflowId}`,
        ),
    ...openAsks(state).map((ask) => renderAsk(state, ask, view)),
  ];
}

/** What nobody can answer any more. */
function wasAsked(state: RunState, { colors }: RunView): string {
  const asked = openAsks(state).map(({ id, title }) => `${title} (${id})`);
  return bullets('Was asked and is not any more', asked, colors);
}

/** Problems that nobody has been asked about in full; those that somebody consented to in one line. */
function problemsOf(state: RunState, colors: Colors): string {
  const askOf = (problem: Problem): Ask | undefined =>
    state.asks.find((ask) => ask.kind === 'consent' && ask.id === problem.consent);
  const open = state.problems.filter((problem) => askOf(problem) === undefined);
  const accepted = state.asks
    .filter((ask) => ask.kind === 'consent' && (ask.result === 'approve' || ask.result === 'policy'))
    .map((ask) => {
      const codes = state.problems.filter((problem) => problem.consent === ask.id).map(({ code }) => code);
      const by =
        ask.decisions.map(({ actor, note }) => `${actor}${because(note)}`).join(', ') || 'the policy';
      return `${[...new Set(codes)].join(', ')}: consent ${ask.id} by ${by}`;
    });
  return [open.length === 0 ? '' : renderProblems(open, colors), bullets('Accepted', accepted, colors)]
    .filter((part) => part !== '')
    .join('\n\n');
}

function headline(state: RunState, view: RunView): string {
  const { now, colors, outside } = view;
  const title = colors.bold(
    `${state.runbook} of ${state.instance || '…'}${state.dryRun ? ' (dry run)' : ''}`,
  );
  const end = state.endedAt === null ? now : Date.parse(state.endedAt);
  const took = span(Math.max(0, (end - Date.parse(state.startedAt)) / 1000));
  const open = state.outcome === null && outside === undefined;
  const by = state.requestedBy === null ? state.trigger : `${state.requestedBy} (${state.trigger})`;
  return [
    `${title}  ${standing(state, view)}`,
    colors.dim(
      `${state.workflowId}  started ${moment(state.startedAt)} by ${by}${because(state.reason)}  ` +
        `${open ? 'running' : 'took'} ${took}${state.planHash === null ? '' : `  plan ${state.planHash}`}`,
    ),
    ...(state.conclusion === null ? [] : [state.conclusion]),
    ...(outside === undefined ? [] : [colors.red(outsideEndLine(outside, state)), afterOutsideEnd(state)]),
    ...(state.pastPointOfNoReturn === null || !open
      ? []
      : [
          colors.red(
            `Past the point of no return (${state.pastPointOfNoReturn}): the run only goes forward.`,
          ),
        ]),
  ].join('\n');
}

function standing({ outcome, phase, phaseSince }: RunState, { now, colors, outside }: RunView): string {
  if (outside !== undefined) return colors.bold(colors.red(outside.status));
  if (outcome !== null) return paintOutcome(outcome, colors);
  return `${colors.cyan(phase)} for ${span(Math.max(0, (now - Date.parse(phaseSince)) / 1000))}`;
}

/** What is asked of whom, on what evidence, and the command that answers it. */
function renderAsk(state: RunState, ask: Ask, { now, colors }: RunView): string {
  const left = (Date.parse(ask.deadlineAt) - now) / 1000;
  const approvals = ask.decisions.filter((decision) => decision.verdict === 'approve');
  const roles = rolesNow(ask);
  const who = roles.length === 0 ? 'anybody listed in the estate' : roles.join(' or ');
  const starter =
    state.requestedBy === null || !ask.verdicts.includes('approve') ? '' : `, not ${state.requestedBy}`;
  const given =
    approvals.length === 0
      ? ''
      : `; so far ${approvals.map((one) => `${one.actor}${signedBy(one)}`).join(', ')}`;
  return [
    colors.bold(colors.yellow(`? ${ask.title}`)) + colors.dim(`  ${ASK_WORDS[ask.kind]} ${ask.id}`),
    ...ask.evidence.map((line) => `    ${line}`),
    `  needs ${ask.needed} (${who}${starter})${given}; ` +
      (left > 0
        ? `${span(left)} left, until ${clock(ask.deadlineAt)}`
        : `time is up since ${clock(ask.deadlineAt)}`),
    ...passedOn(ask).map((line) => `  ${colors.yellow(line)}`),
    ...willPassOn(ask).map((line) => `  ${colors.dim(line)}`),
    ...(ask.identity === 'signed'
      ? ['  takes signed decisions only: your key with --key FILE or RUNBOOKS_KEY (runbooks key create)']
      : []),
    ...(ask.approvalSeconds === undefined
      ? []
      : [
          colors.dim(
            `  an approval holds for ${span(ask.approvalSeconds)} in which nothing is done under it`,
          ),
        ]),
    ...ask.verdicts.map((verdict) => `    ${colors.cyan(answerCommand(state.workflowId, ask, verdict))}`),
  ].join('\n');
}

function renderSteps(steps: readonly StepRecord[], { now, columns, colors }: RunView): string {
  const longest = Math.max(
    ...steps.map((step) => step.title.length + (step.risk === 'pointOfNoReturn' ? 14 : 0)),
  );
  const title = Math.min(50, longest) + 2;
  const seen = Math.max(20, columns - title - 56);
  const rows = steps.map((step, index) => [
    String(index + 1),
    step.risk === 'pointOfNoReturn' ? `${step.title} ${colors.red('(no way back)')}` : step.title,
    paintState(step.state, colors),
    timeOf(step, now),
    step.error === null ? colors.dim(clip(describeFacts(step.proof), seen)) : colors.red(step.error),
  ]);
  return table(['#', 'step', 'state', 'time', 'seen'], rows, {
    dim: colors.dim,
    widths: [5, title, 27, 19, seen],
  });
}

/** Everything that was seen is in the report; a page of steps stays one line each. */
function clip(text: string, width: number): string {
  return text.length < width ? text : `${text.slice(0, Math.max(1, width - 2))}…`;
}

function timeOf(step: StepRecord, now: number): string {
  const expected = step.expectedSeconds > 0 ? ` of ${span(step.expectedSeconds)}` : '';
  if (step.startedAt === null) return expected === '' ? '' : `(${span(step.expectedSeconds)})`;
  const again = step.tries > 1 ? ` ×${step.tries}` : '';
  if (step.endedAt !== null) return `${span(secondsBetween(step.startedAt, step.endedAt))}${again}`;
  return `${span(Math.max(0, (now - Date.parse(step.startedAt)) / 1000))}${expected}${again}`;
}

function bullets(title: string, lines: readonly string[], colors: Colors): string {
  return lines.length === 0 ? '' : [colors.bold(title), ...lines.map((line) => `  - ${line}`)].join('\n');
}

function because(reason: string | null): string {
  return reason === null || reason === '' ? '' : `: ${reason}`;
}
