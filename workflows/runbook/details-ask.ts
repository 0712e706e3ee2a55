import { missingApprovals } from './decisions';
import { bullets, clip, duration, minute, plain } from './markdown';
import { problemLines } from './problem-lines';
import { rolesNow } from './state';
import type { Ask, RunState, Verdict } from './state';

/** How much space a page has: characters of a line, lines of a list, characters of a table's cell. */
export interface Room {
  readonly line: number;
  readonly lines: number;
  readonly cell: number;
}

/** One thing that people must decide: whose word is missing, on what it rests, and what to paste into which form. */
export function renderAsk(state: RunState, ask: Ask, number: number, of: number, room: Room): string {
  const [first = 'approve', ...others] = ask.verdicts;
  const placeholders = ask.noteRequired ? 'your name and the reason (`note`)' : 'your name';
  const instead = others.map((verdict) => meaning(verdict, state)).join('; ');
  return [
    `#### Decision${of === 1 ? '' : ` ${number}`}: ${clip(ask.title, 200)}`,
    [who(state, ask), ...passing(ask), ...holding(ask)].join(' '),
    bullets(evidence(state, ask, room), 2 * room.lines),
    ...(ask.identity === 'signed'
      ? [
          `**Signed decisions only**, so not from this page: on a machine with your key and the command line (no key yet: \`runbooks key create\`):`,
          `\`\`\`sh\n${answerCommand(state.workflowId, ask, first)}\n\`\`\``,
        ]
      : [
          `To ${first}: *More Actions*, *Send an Update*, \`decide\`, with this as *Data* and ${placeholders} filled in:`,
          `\`\`\`json\n${answerJson(ask, first)}\n\`\`\``,
        ]),
    ...(instead === '' ? [] : [`Instead of \`${first}\`: ${instead}.`]),
  ]
    .filter((part) => part !== '')
    .join('\n\n');
}

/** ` (ada, grace)`, or nothing when nobody said anything. */
export function saidBy(ask: Ask): string {
  const names = ask.decisions.map(
    (one) => `${clip(one.actor, 60)}${one.identity === 'signed' ? ' (signed)' : ''}`,
  );
  return names.length === 0 ? '' : ` (${names.join(', ')})`;
}

function who(state: RunState, ask: Ask): string {
  const missing = missingApprovals(ask);
  const approval = ask.verdicts.includes('approve');
  const roles = plain(rolesNow(ask).join(' or '));
  const one = roles === '' ? 'anybody whom the estate names' : `a person with role ${roles}`;
  const many =
    roles === '' ? 'different people whom the estate names' : `different people with role ${roles}`;
  const isRelease = ask.kind === 'release';
  const notStarter =
    approval && !isRelease && state.requestedBy !== null
      ? `; not ${clip(state.requestedBy, 60)}, who started it`
      : '';
  const wanted = !approval
    ? `**One answer** from ${one}`
    : ask.needed === 1
      ? `**One approval** from ${one}`
      : ask.decisions.length === 0
        ? `**${ask.needed} approvals** from ${many}`
        : `**${missing} more of ${ask.needed} approvals** from ${missing === 1 ? one : many}; there ${ask.decisions.length === 1 ? 'is one' : `are ${ask.decisions.length}`} already${saidBy(ask)}`;
  const silence = isRelease ? 'approve' : approval ? 'deny' : 'abort';
  return `${wanted}${notStarter}. Silence until ${minute(ask.deadlineAt)} counts as ${silence}.`;
}

function passing({ escalation }: Ask): readonly string[] {
  if (escalation === undefined) return [];
  const { roles, dueAt, since, told } = escalation;
  const group = plain(roles.join(' or '));
  if (since === null) return [`Passed on to ${group} at ${minute(dueAt)}.`];
  return [`**Passed on to ${group}** at ${minute(since)}${told === null ? '' : ` (${clip(told, 160)})`}.`];
}

function holding({ approvalSeconds }: Ask): readonly string[] {
  return approvalSeconds === undefined
    ? []
    : [`An approval holds for ${duration(approvalSeconds)} in which nothing is done under it.`];
}

/** A consent rests on problems, whose remedies often are the same words: those are said once. */
function evidence(state: RunState, ask: Ask, room: Room): readonly string[] {
  const known = new Map(state.problems.map((problem) => [`${problem.message} ${problem.remedy}`, problem]));
  const problems = ask.evidence.flatMap((line) => known.get(line) ?? []);
  const others = ask.evidence.filter((line) => !known.has(line));
  return [...others.map((line) => clip(line, room.line)), ...problemLines(problems, room.line)];
}

/** An empty reason is refused, so that nobody sends somebody else's words. */
function answerJson(ask: Ask, verdict: Verdict): string {
  const answer = {
    ask: ask.id,
    verdict,
    actor: 'YOUR NAME',
    ...(ask.planHash === null ? {} : { planHash: ask.planHash }),
    ...(ask.noteRequired ? { note: '' } : {}),
  };
  return JSON.stringify(answer, null, 2);
}

/** The literal command that gives this verdict. */
export function answerCommand(workflowId: string, ask: Ask, verdict: Verdict): string {
  const plan = verdict === 'approve' && ask.planHash !== null ? ` --plan ${ask.planHash}` : '';
  const reasoned = verdict === 'skip' || verdict === 'deny' || (verdict === 'approve' && ask.noteRequired);
  const note = reasoned ? " --note 'WHY'" : '';
  const key = ask.identity === 'signed' ? ' --key FILE' : '';
  return `runbooks ${verdict} ${workflowId} ${ask.id}${plan} --as 'YOUR NAME'${note}${key}`;
}

function meaning(verdict: Verdict, state: RunState): string {
  switch (verdict) {
    case 'approve':
      return '`approve`';
    case 'deny':
      return '`deny` with a `note`';
    case 'retry':
      return '`retry` (try the step again)';
    case 'skip':
      return '`skip` with a `note` (go on without it; the run then ends DEGRADED at best)';
    case 'abort':
      return state.pastPointOfNoReturn === null
        ? '`abort` (take back what was done)'
        : '`abort` (stop here and hand over to people; nothing is taken back)';
  }
}
