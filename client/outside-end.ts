import { describeRun } from './ask-run';
import type { Session } from './connection';

/** How a workflow was closed that has no outcome: no code of ours ran at its end. */
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

/** How the workflow was closed, whatever its outcome; undefined while it is open. Needs no worker. */
export async function closeOf(session: Session, workflowId: string): Promise<OutsideEnd | undefined> {
  const { status, closeTime, runId } = await describeRun(session, workflowId);
  if (OPEN.includes(status.name)) return undefined;
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
