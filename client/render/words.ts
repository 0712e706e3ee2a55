import type { Ask, AskKind, Decision, NoticeRecord, Outcome, StepState } from '../../workflows/runbook/state';
import type { Risk } from '../../workflows/runbook/step';
import type { Colors } from '../terminal';

/** Outcomes that count as done: the exit code is 0. */
const GOOD: readonly Outcome[] = ['SUCCEEDED', 'DEGRADED', 'PLANNED'];

export function isGood(outcome: Outcome | null): boolean {
  return outcome !== null && GOOD.includes(outcome);
}

export function paintOutcome(outcome: Outcome, colors: Colors): string {
  if (outcome === 'DEGRADED') return colors.bold(colors.yellow(outcome));
  return colors.bold(isGood(outcome) ? colors.green(outcome) : colors.red(outcome));
}

export const STATE_WORDS: Readonly<Record<StepState, string>> = {
  planned: 'planned',
  checking: 'checking',
  running: 'running',
  verifying: 'verifying',
  waiting: 'waiting for a decision',
  done: 'done',
  failed: 'failed',
  skipped: 'skipped',
  undoing: 'undoing',
  undone: 'undone',
  undoFailed: 'undo failed',
};

export const ASK_WORDS: Readonly<Record<AskKind, string>> = {
  gate: 'gate',
  consent: 'consent',
  drift: 'changed since the approval',
  failedStep: 'failed step',
  failedUndo: 'failed undo',
  release: 'stands until somebody says so',
};

export const RISK_WORDS: Readonly<Record<Risk, string>> = {
  readOnly: 'looks only',
  reversible: 'can be undone',
  pointOfNoReturn: 'POINT OF NO RETURN',
};

export function paintState(state: StepState, colors: Colors): string {
  const word = STATE_WORDS[state];
  switch (state) {
    case 'done':
      return colors.green(`✔ ${word}`);
    case 'failed':
    case 'undoFailed':
      return colors.red(`✘ ${word}`);
    case 'waiting':
      return colors.bold(colors.yellow(`? ${word}`));
    case 'skipped':
      return colors.yellow(`» ${word}`);
    case 'planned':
      return colors.dim(`· ${word}`);
    case 'undoing':
    case 'undone':
      return colors.magenta(`↩ ${word}`);
    case 'checking':
    case 'running':
    case 'verifying':
      return colors.cyan(`▸ ${word}`);
  }
}

/** ` (signed, key 3q…)` where the actor proved who they are; a stated name needs no word. */
export function signedBy({ identity, proof }: Decision): string {
  return identity === 'signed' ? ` (signed, key ${proof?.kid ?? 'unknown'})` : '';
}

/** When an ask was passed on to whom, and how they were told; empty when it was not. */
export function passedOn({ escalation }: Ask): readonly string[] {
  if (escalation === undefined || escalation.since === null) return [];
  const { roles, since, told } = escalation;
  return [`passed on to ${roles.join(' or ')} at ${clock(since)}${told === null ? '' : `; ${told}`}`];
}

/** Receivers that did not take a notice: whoever relied on them knows nothing. */
export function untold(notices: readonly NoticeRecord[] = []): readonly string[] {
  return notices
    .filter(({ delivered }) => !delivered)
    .map(
      ({ at, event, ask, target, how }) =>
        `${clock(at)} ${target}, ${event}${ask === null ? '' : ` "${ask}"`}: ${how}`,
    );
}

/** When an open ask will be passed on to whom. */
export function willPassOn({ escalation, result }: Ask): readonly string[] {
  if (escalation === undefined || escalation.since !== null || result !== null) return [];
  return [`passed on to ${escalation.roles.join(' or ')} at ${clock(escalation.dueAt)}`];
}

/** Seconds for people: `0.4 s`, `12 s`, `3 min 20 s`, `1 h 05 min`. */
export function span(seconds: number): string {
  if (seconds < 9.95) return `${(Math.round(seconds * 10) / 10).toString()} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  const minutes = Math.floor(whole / 60);
  const rest = whole % 60;
  if (minutes < 60) return rest === 0 ? `${minutes} min` : `${minutes} min ${pad(rest)} s`;
  return `${Math.floor(minutes / 60)} h ${pad(minutes % 60)} min`;
}

/** Clock time in UTC, as in the run's history. */
export function clock(iso: string): string {
  return `${new Date(iso).toISOString().slice(11, 19)}Z`;
}

/** Date and time in UTC, to the second. */
export function moment(iso: string): string {
  return new Date(iso)
    .toISOString()
    .replace('T', ' ')
    .replace(/\.\d+Z$/, 'Z');
}

function pad(value: number): string {
  return String(value).padStart(2, '0');
}
