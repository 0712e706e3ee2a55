import { renderAsk, saidBy } from './details-ask';
import type { Room } from './details-ask';
import { renderFleet } from './details-fleet';
import { describeFacts } from './facts';
import { bullets, clip, duration, plain, titled } from './markdown';
import { problemLines } from './problem-lines';
import { reportOf, secondsBetween } from './report';
import type { Ask, Phase, RunState, StepRecord, StepState } from './state';
import { openAsks } from './state';

/**
 * The UI puts the page, percent-encoded, into the address of a GET request, and common proxies in front of it take
 * addresses of 8 KB. That keeps the page far below Temporal's own limit of 20,000 bytes as well [T §6.1].
 */
const LONGEST_ENCODED = 7500;

/** From full detail to what must be said; the first that fits is shown. */
const ROOMS: readonly Room[] = [
  { line: 400, lines: 12, cell: 80 },
  { line: 240, lines: 10, cell: 60 },
  { line: 160, lines: 8, cell: 30 },
  { line: 100, lines: 6, cell: 0 },
];

const REFUSALS_SHOWN = 3;
const LONGEST_SENTENCE = 600;

const PHASES: Readonly<Record<Exclude<Phase, 'ended'>, string>> = {
  admitting: 'Reads what it was started with.',
  waiting: 'Waits until no other run works on the instance.',
  observing: 'Looks at what there is and plans; changes nothing.',
  planning: 'Looks at what there is and plans; changes nothing.',
  asking: 'Waits for people.',
  executing: 'At work.',
  undoing: 'Takes back what it did.',
  verifying: 'Verifies the result.',
};

const ACTIVE: readonly StepState[] = ['checking', 'running', 'verifying', 'waiting', 'undoing'];

/** No emoji: not every machine that an operator sits at has a font with them. */
const SIGNS: Readonly<Record<StepState, string>> = {
  planned: '',
  checking: '▶ checking',
  running: '▶ running',
  verifying: '▶ verifying',
  waiting: '**? waits for people**',
  done: '✔',
  failed: '**✘ failed**',
  skipped: '» skipped',
  undoing: '↩ undoing',
  undone: '↩ undone',
  undoFailed: '**✘ undo failed**',
};

const NO_BREAK = '\u00a0';
/** The UI makes its frame a line too short for the page: the last line is one that nobody misses. */
const BOTTOM = NO_BREAK;

/** The run as Markdown for the workflow's page in the Temporal UI: what is asked of people first. A pure function. */
export function renderDetails(state: RunState): string {
  let page = '';
  for (const room of ROOMS) {
    page = joined(parts(state, room));
    if (fits(page)) return page;
  }
  const kept = parts(state, ROOMS.at(-1) ?? { line: 100, lines: 6, cell: 0 });
  while (kept.length > 1 && !fits(page)) {
    kept.pop();
    page = joined([...kept, '_This is too long to be shown whole: query `status` has all._']);
  }
  return page;
}

function joined(parts: readonly string[]): string {
  return [...parts, BOTTOM].join('\n\n');
}

function fits(page: string): boolean {
  return encodeURIComponent(page).length <= LONGEST_ENCODED;
}

function parts(state: RunState, room: Room): string[] {
  const asks = openAsks(state);
  // What an open question shows needs no second place, and what people have accepted is settled.
  const accepted = state.asks.filter((ask) => ask.kind === 'consent' && ask.result === 'approve');
  const told = new Set([...asks, ...accepted].flatMap((ask) => ask.evidence));
  const problems = state.problems.filter(({ message, remedy }) => !told.has(`${message} ${remedy}`));
  const facts = state.facts.map(({ label, value }) => `${label}: ${value}`).filter((line) => !told.has(line));
  const begun = state.steps.some((step) => step.startedAt !== null);
  const list = (title: string, lines: readonly string[]): string =>
    titled(
      title,
      bullets(
        lines.map((line) => clip(line, room.line)),
        room.lines,
      ),
    );
  return [
    headline(state),
    ...asks.map((ask, index) => renderAsk(state, ask, index + 1, asks.length, room)),
    refusals(state, room),
    held(state),
    heldWithParent(state),
    askedToLetGo(state),
    renderFleet(state.fleet, room),
    list(
      'Could not be told',
      state.notices
        .filter(({ delivered }) => !delivered)
        .map(({ target, event, how }) => `${target} (${event}): ${how}`),
    ),
    list('Less than it should be', state.degraded),
    list('Still to do by people', state.followUps),
    ...(begun ? [steps(state.steps, room)] : []),
    titled('Problems', bullets(problemLines(problems, room.line), 2 * room.lines)),
    list('What was found', facts),
    ...(begun ? [] : [planned(state.steps)]),
    decided(state, room),
  ].filter((part) => part !== '');
}

function headline(state: RunState): string {
  const { runbook, instance, dryRun, planHash, pastPointOfNoReturn } = state;
  const title = `### ${plain(runbook)} of ${instance === '' ? '…' : plain(instance)}${dryRun ? ' (dry run)' : ''}`;
  const lines = [
    state.outcome === null ? progress(state) : ending(state),
    ...(pastPointOfNoReturn === null || state.outcome !== null
      ? []
      : [`**No way back** since \`${pastPointOfNoReturn}\`: it only goes forward now.`]),
    ...(planHash === null ? [] : [`Plan \`${planHash}\`.`]),
  ];
  return `${title}\n\n${lines.join(' ')}`;
}

function progress(state: RunState): string {
  const { phase, steps: all } = state;
  const asked = openAsks(state).length;
  const active = all.filter((step) => ACTIVE.includes(step.state)).map((step) => plain(step.title));
  const done = all.filter((step) => step.state === 'done').length;
  const changed = all.some((step) => step.startedAt !== null && step.risk !== 'readOnly');
  const say = [
    asked === 0
      ? `**${PHASES[phase === 'ended' ? 'executing' : phase]}**`
      : `**Waits for ${asked === 1 ? 'a decision' : `${asked} decisions`}.**`,
    ...(changed || all.length === 0 ? [] : ['Nothing has been changed so far.']),
    ...(changed ? [`${done} of ${all.length} steps done.`] : []),
    ...(active.length === 0 ? [] : [`Now: ${active.join('; ')}.`]),
  ];
  return say.join(' ');
}

function ending(state: RunState): string {
  const { outcome, conclusion, endedAt, dryRun } = state;
  const said = `**${outcome ?? ''}**: ${clip(conclusion ?? '', LONGEST_SENTENCE)}.`;
  if (dryRun || endedAt === null) return said;
  return `${said} ${duration(reportOf(state, null, Date.parse(endedAt)).rto.totalSeconds)} in all.`;
}

function held({ held: by, hurry = null }: RunState): string {
  if (by === null) return '';
  const since = hurry === null ? '' : `, but not while ${plain(hurry)}: it stops after that`;
  const why = by.reason === null ? '' : `: ${clip(by.reason, LONGEST_SENTENCE)}`;
  return `**Held by ${plain(by.actor)}**${since}${why}. To go on: *More Actions*, *Send an Update*, \`resume\`, Data \`{"actor": "YOUR NAME"}\`.`;
}

function heldWithParent({ heldWithParent: by }: RunState): string {
  return by === null ? '' : `**Held together with the run that started it**, by ${plain(by.actor)}.`;
}

function askedToLetGo({ preemptedBy: by, outcome }: RunState): string {
  if (by === null || outcome !== null) return '';
  return `**An emergency needs the instance**: ${plain(by.runbook)} \`${by.workflowId}\`. This run ends at its next safe point.`;
}

function refusals(state: RunState, room: Room): string {
  const lines = state.refusals
    .slice(-REFUSALS_SHOWN)
    .map((one) => `${one.at.slice(11, 19)} ${clip(one.actor, 60)}: ${clip(one.why, room.line)}`);
  return titled('Decisions not accepted', bullets(lines));
}

function planned(records: readonly StepRecord[]): string {
  return titled('Steps', records.map((step, index) => `${index + 1}. ${named(step)}`).join('\n'));
}

function steps(records: readonly StepRecord[], room: Room): string {
  const rows = records.map(
    (step, index) => `| ${index + 1} | ${named(step)} | ${stateOf(step)} | ${seen(step, room)} |`,
  );
  return ['| # | step | state | seen |', '|---|---|---|---|', ...rows].join('\n');
}

function named(step: StepRecord): string {
  return `${plain(step.title)}${step.risk === 'pointOfNoReturn' ? ' **(no way back)**' : ''}`;
}

function stateOf({ state, startedAt, endedAt }: StepRecord): string {
  const took =
    startedAt === null || endedAt === null ? '' : ` ${duration(secondsBetween(startedAt, endedAt))}`;
  return `${SIGNS[state]}${took}`.replaceAll(' ', NO_BREAK);
}

/** A failure stays readable when room is short, a proof does not have to. */
function seen(step: StepRecord, room: Room): string {
  if (step.error !== null) return clip(step.error, Math.max(60, room.cell));
  return room.cell === 0 ? '' : clip(describeFacts(step.proof), room.cell);
}

function decided(state: RunState, room: Room): string {
  const lines = state.asks
    .filter((ask) => ask.result !== null)
    .map((ask) => {
      const how =
        ask.result === 'policy'
          ? 'approved by the policy'
          : `${ask.result ?? ''}${saidBy(ask)}${reasons(ask, room)}`;
      return `${clip(ask.title, room.line)}: ${how}`;
    });
  return titled('Decided', bullets(lines, room.lines));
}

function reasons(ask: Ask, room: Room): string {
  const notes = ask.decisions.flatMap(({ note }) =>
    note === null || note === '' ? [] : [clip(note, room.line)],
  );
  return notes.length === 0 ? '' : `: ${notes.join('; ')}`;
}
