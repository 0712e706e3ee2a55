import type { WorkflowExecutionInfo } from '@temporalio/client';
import { WorkflowNotFoundError } from '@temporalio/client';
import { CommandError, EXIT } from './command-error';
import type { Session } from './connection';

/** How many candidates are looked at, and how many of them an error lists. */
const LOOKED_AT = 20;
const LISTED = 5;

/**
 * The workflow id that somebody means by a workflow id, an instance (its newest open run, else its newest), or the
 * unique beginning of a workflow id.
 * @throws CommandError when there is none, or more than one
 */
export async function findRun(session: Session, reference: string): Promise<string> {
  if (await exists(session, reference)) return reference;
  const word = quote(reference);
  const ofInstance = await list(session, `RunbookInstance = ${word}`);
  const open = ofInstance.filter((run) => run.status.name === 'RUNNING');
  const newest = newestFirst(open)[0] ?? newestFirst(ofInstance)[0];
  if (newest !== undefined) return newest.workflowId;

  const beginning = await list(session, `RunbookPhase IS NOT NULL AND WorkflowId STARTS_WITH ${word}`);
  const ids = [...new Set(newestFirst(beginning).map((run) => run.workflowId))];
  const [first, ...others] = ids;
  if (first === undefined) {
    throw new CommandError(`no run "${reference}"`, '`runbooks list` shows the runs that there are.');
  }
  if (others.length > 0) {
    const shown = ids.slice(0, LISTED).join(', ');
    throw new CommandError(
      `"${reference}" may be ${ids.length} runs: ${shown}${ids.length > LISTED ? ', …' : ''}`,
      'Give more of the id.',
      EXIT.wrongUse,
    );
  }
  return first;
}

async function exists(session: Session, workflowId: string): Promise<boolean> {
  try {
    await session.call('describing the run', () => session.client.workflow.getHandle(workflowId).describe());
    return true;
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return false;
    throw error;
  }
}

function list(session: Session, query: string): Promise<readonly WorkflowExecutionInfo[]> {
  return session.call('listing runs', async () => {
    const found: WorkflowExecutionInfo[] = [];
    for await (const run of session.client.workflow.list({ query, pageSize: LOOKED_AT })) {
      found.push(run);
      if (found.length === LOOKED_AT) break;
    }
    return found;
  });
}

function newestFirst(runs: readonly WorkflowExecutionInfo[]): readonly WorkflowExecutionInfo[] {
  return [...runs].sort((a, b) => b.startTime.getTime() - a.startTime.getTime());
}

/** A text literal of Temporal's list filter. */
export function quote(text: string): string {
  return `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
}
