import type { Outcome, StepState } from '../../workflows/runbook/state';
import type { OutsideEnd } from '../outside-end';
import { moment } from './words';

interface Subject {
  readonly runbook: string;
  readonly instance: string;
  readonly dryRun: boolean;
  readonly outcome: Outcome | null;
  readonly steps: readonly { readonly state: StepState }[];
}

/**
 * That a run was ended by others than itself, as one sentence that leaves nothing to hope for.
 * @param state what is known of it, where a worker could tell
 */
export function outsideEndLine({ status, at, by, reason }: OutsideEnd, state?: Subject): string {
  const who = `${by === null ? '' : ` by ${by}`}${reason === null ? '' : ` (${reason})`}`;
  const how = status === 'TERMINATED' ? 'TERMINATED from outside' : `${status} without an outcome`;
  return `${how} at ${moment(at)}${who}: ${whatBecame(state)}.`;
}

function whatBecame(state: Subject | undefined): string {
  const { outcome = null, steps = [] } = state ?? {};
  if (outcome !== null) return `it was about to end as ${outcome}`;
  const turned = steps.some((step) => ['undoing', 'undone', 'undoFailed'].includes(step.state));
  return `${turned ? 'its undo was cut short' : 'no undo ran'}, nobody was told`;
}

/** What to do then. */
export function afterOutsideEnd({ runbook, instance, dryRun, steps }: Subject): string {
  if (dryRun) return 'It was a dry run, which changes nothing: make a new one.';
  const next = `The next run finds its lease free: runbooks plan ${runbook} ${instance}`;
  if (steps.every(({ state }) => state === 'planned')) return `It had changed nothing. ${next}`;
  return (
    'What it had done stands, and a step that was under way may have been done in part: look at each of its steps, and at ' +
    `what is there. ${next}`
  );
}
