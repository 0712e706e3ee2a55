import type { WorkflowExecutionDescription } from '@temporalio/client';
import { QueryNotRegisteredError, QueryRejectedError, WorkflowFailedError } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { report, status } from '../workflows/runbook/messages';
import type { Report } from '../workflows/runbook/report';
import type { RunState } from '../workflows/runbook/state';
import { CommandError } from './command-error';
import type { Session } from './connection';

export function describeRun(session: Session, workflowId: string): Promise<WorkflowExecutionDescription> {
  return session.call('describing the run', () => session.client.workflow.getHandle(workflowId).describe());
}

/** The run's state, from the worker that holds it; `seconds`: how long to wait for that worker. */
export async function readState(session: Session, workflowId: string, seconds?: number): Promise<RunState> {
  return asRunbook(workflowId, () =>
    session.call(
      'asking the run for its state',
      () => session.client.workflow.getHandle(workflowId).query(status),
      seconds,
    ),
  );
}

/** The report: of a run that has ended from its history, which needs no worker; else as it stands, from the worker. */
export async function readReport(session: Session, workflowId: string): Promise<Report> {
  const handle = session.client.workflow.getHandle(workflowId);
  const { status: closed } = await describeRun(session, workflowId);
  if (closed.name === 'COMPLETED' || closed.name === 'FAILED') {
    const kept: unknown = await session
      .call('reading the result', () => handle.result())
      .catch(reportInFailure);
    if (isReport(kept)) return kept;
  }
  return asRunbook(workflowId, () =>
    session.call('asking the run for its report', () => handle.query(report)),
  );
}

/** A run that ended badly carries its report in the details of its failure. */
function reportInFailure(error: unknown): unknown {
  if (!(error instanceof WorkflowFailedError)) throw error;
  return error.cause instanceof ApplicationFailure ? error.cause.details?.find(isReport) : undefined;
}

function isReport(value: unknown): value is Report {
  return (
    typeof value === 'object' && value !== null && 'outcome' in value && 'rto' in value && 'steps' in value
  );
}

async function asRunbook<T>(workflowId: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof QueryNotRegisteredError || error instanceof QueryRejectedError) {
      throw new CommandError(
        `${workflowId} is no runbook: ${error.message}`,
        '`runbooks list` shows the runs.',
      );
    }
    throw error;
  }
}
