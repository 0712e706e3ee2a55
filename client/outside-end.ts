import type { Outcome } from '../workflows/runbook/state';
import { describeRun } from './ask-run';
import type { Session } from './connection';

/** How a workflow was closed by others than itself: no code of ours ran at its end. */
export interface OutsideEnd {
  /** Temporal's own word, e.g. `TERMINATED`, `TIMED_OUT`. */
  readonly status: string;
  /** ISO 8601. */
  readonly at: string;
  /** As whoever did it called themselves; null where nobody is named. */
  readonly by: string | null;
  readonly reason: string | null;
}

const OPEN = ['RUNNING', 'PAUSED', 'CONTINUED_AS_NEW'];
/** Nothing that a run does by itself closes it so, whatever its worker thinks that it came to. */
const CUT = ['TERMINATED', 'TIMED_OUT'];

/** The end that came from outside; undefined where the run came to its outcome by itself. */
export function fromOutside(closed: OutsideEnd | undefined, outcome: Outcome | null): OutsideEnd | undefined {
  return closed !== undefined && (outcome === null || CUT.includes(closed.status)) ? closed : undefined;
}

export function isOpen(status: string): boolean {
  return OPEN.includes(status);
}

/** How the workflow was closed, whatever its outcome; undefined while it is open. Needs no worker. */
export async function closeOf(session: Session, workflowId: string): Promise<OutsideEnd | undefined> {
  const { status, closeTime, runId } = await describeRun(session, workflowId);
  if (isOpen(status.name)) return undefined;
  const end = { status: status.name, at: (closeTime ?? new Date()).toISOString(), by: null, reason: null };
  return status.name === 'TERMINATED'
    ? { ...end, ...(await whoTerminated(session, workflowId, runId)) }
    : end;
}

/** From the last event, which tells it. */
async function whoTerminated(
  session: Session,
  workflowId: string,
  runId: string,
): Promise<Pick<OutsideEnd, 'by' | 'reason'>> {
  const { history } = await session.call('reading who terminated the run', () =>
    session.connection.workflowService.getWorkflowExecutionHistoryReverse({
      namespace: session.namespace,
      execution: { workflowId, runId },
      maximumPageSize: 1,
    }),
  );
  const { identity, reason } = history?.events?.[0]?.workflowExecutionTerminatedEventAttributes ?? {};
  return { by: identity || null, reason: reason || null };
}
