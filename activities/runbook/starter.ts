import { activityInfo, getClient } from '@temporalio/activity';
import { nearest } from '../../estate/nearest';
import { CONTINUATION } from '../../workflows/runbook/lease';
import { invalidInput } from '../errors';

interface Start {
  readonly runbook: string;
  readonly requestedBy: string | undefined;
  readonly trigger: string;
  readonly dryRun: boolean;
}

/** Runbooks that change nothing and ask nobody: whoever may look may start them. */
const LOOKS_ONLY: readonly string[] = ['listBackups'];

/**
 * Who started the run, as the estate spells the name; null when nothing tells. A run by hand must name one of the
 * estate's people: its starter cannot approve it, and under another name they could.
 * @throws InvalidInput when it names somebody else, or calls itself the continuation of a run that did not leave it behind
 */
export async function findStarter(
  { runbook, requestedBy, trigger, dryRun }: Start,
  people: readonly string[],
): Promise<string | null> {
  if (trigger === CONTINUATION && !(await wasLeftByRun())) {
    throw invalidInput(
      `"trigger": "${CONTINUATION}" is for runs that another run has left behind: it passes freezes and blocks. Leave "trigger" out to start by hand`,
    );
  }
  if (requestedBy === undefined) return starterIdentity(people);
  const person = personNamed(requestedBy, people);
  if (person !== undefined) return person;
  const needsNoPerson = trigger !== 'manual' || dryRun || LOOKS_ONLY.includes(runbook) || people.length === 0;
  // The starter of a child was judged when its parent started.
  if (needsNoPerson || (await wasLeftByRun())) return requestedBy;
  throw invalidInput(describeStranger(requestedBy, people));
}

/** The person who is meant by what somebody typed, whatever its case and the space around it. Pure. */
function personNamed(given: string, people: readonly string[]): string | undefined {
  const plain = given.trim().toLowerCase();
  return people.find((name) => name === given) ?? people.find((name) => name.toLowerCase() === plain);
}

function describeStranger(given: string, people: readonly string[]): string {
  const near = nearest(given.trim(), people);
  const meant = near === undefined ? `its people are ${people.join(', ')}` : `did you mean "${near}"?`;
  return (
    `"requestedBy" "${given}" is no person of the estate (${meant}). ` +
    'Whoever starts a run cannot approve it, so it must be known who that is: ' +
    'name them by --as NAME (or RUNBOOKS_ACTOR), in a start message by "requestedBy"; ' +
    'a program that starts runs by itself says so in "trigger", e.g. "alarm"'
  );
}

/** Whether another run started this one: the server says so, no start message can. */
async function wasLeftByRun(): Promise<boolean> {
  const { workflowExecution } = activityInfo();
  if (workflowExecution === undefined) return false;
  const { workflowId, runId } = workflowExecution;
  const { parentExecution } = await getClient().workflow.getHandle(workflowId, runId).describe();
  return (parentExecution?.workflowId ?? '') !== '';
}

/**
 * The identity in the start event, when it is one of the estate's people: where a start form was used that fills it in,
 * nobody can leave `requestedBy` out to approve a run of their own.
 */
async function starterIdentity(people: readonly string[]): Promise<string | null> {
  const { workflowExecution } = activityInfo();
  if (workflowExecution === undefined) return null;
  const { workflowId, runId } = workflowExecution;
  const history = await getClient().workflow.getHandle(workflowId, runId).fetchHistory();
  const { identity } = history.events?.[0]?.workflowExecutionStartedEventAttributes ?? {};
  const plain = (identity ?? '').toLowerCase();
  return (
    people.find((name) => plain === name.toLowerCase() || plain.startsWith(`${name.toLowerCase()}@`)) ?? null
  );
}
