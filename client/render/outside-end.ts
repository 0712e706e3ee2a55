import type { OutsideEnd } from '../outside-end';
import { moment } from './words';

interface Subject {
  readonly runbook: string;
  readonly instance: string;
  readonly dryRun: boolean;
}

/** That a run was ended by others than itself, as one sentence that leaves nothing to hope for. */
export function outsideEndLine({ status, at, by, reason }: OutsideEnd): string {
  const who = `${by === null ? '' : ` by ${by}`}${reason === null ? '' : ` (${reason})`}`;
  const how = status === 'TERMINATED' ? 'TERMINATED from outside' : `${status} without an outcome`;
  return `${how} at ${moment(at)}${who}: no undo ran, nobody was told.`;
}

/** What to do then. */
export function afterOutsideEnd({ runbook, instance, dryRun }: Subject): string {
  if (dryRun) return 'It was a dry run, which changes nothing: make a new one.';
  return (
    'What it had done stands, and a step that was under way may have been done in part: look at each of its steps, and at ' +
    `what is there. The next run finds its lease free: runbooks plan ${runbook} ${instance}`
  );
}
