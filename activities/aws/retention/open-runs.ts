import { activityInfo, getClient } from '@temporalio/activity';
import { defaultPayloadConverter, WorkflowNotFoundError } from '@temporalio/common';

import type { OpenUse } from '../../../workflows/plan/backup/catalogue';

/** Runbooks that read a backup while they run. */
const READERS = ['fetchBackup', 'restore', 'restoreBeside', 'verifyBackup', 'drDrill', 'deployStandby'];

/** Those of these runs that are still open. A run that the server has forgotten is over. */
export async function openAmong(workflowIds: readonly string[]): Promise<ReadonlySet<string>> {
  const open = new Set<string>();
  for (const workflowId of new Set(workflowIds)) {
    try {
      const { status } = await getClient().workflow.getHandle(workflowId).describe();
      if (status.name === 'RUNNING' || status.name === 'PAUSED') open.add(workflowId);
    } catch (error) {
      if (!(error instanceof WorkflowNotFoundError)) throw error;
    }
  }
  return open;
}

interface OpenRuns {
  /** Workflow ids. */
  readonly open: readonly string[];
  readonly uses: readonly OpenUse[];
}

/**
 * Open runs of this instance, and which of them need a backup: the one that they were started with (`backup` in the
 * message), else any. Dry runs need none. The list is as fresh as Temporal's visibility store; the tag
 * `runbooks:used-by` says it at once.
 */
export async function openRunsOf(instance: string): Promise<OpenRuns> {
  const { workflow } = getClient();
  const own = activityInfo().workflowExecution?.workflowId;
  const query = `RunbookInstance = '${instance.replaceAll("'", "''")}' AND ExecutionStatus = 'Running'`;
  const open: string[] = [];
  const uses: OpenUse[] = [];
  for await (const { workflowId, runId, type } of workflow.list({ query })) {
    if (workflowId === own) continue;
    open.push(workflowId);
    if (!READERS.includes(type)) continue;
    const { events } = await workflow.getHandle(workflowId, runId).fetchHistory();
    const [payload] = events?.[0]?.workflowExecutionStartedEventAttributes?.input?.payloads ?? [];
    const { backup, dryRun } = membersOf(payload ? defaultPayloadConverter.fromPayload(payload) : null);
    if (dryRun !== true) uses.push({ workflowId, backup: typeof backup === 'string' ? backup : null });
  }
  return { open, uses };
}

function membersOf(message: unknown): { readonly backup?: unknown; readonly dryRun?: unknown } {
  return typeof message === 'object' && message !== null ? message : {};
}
