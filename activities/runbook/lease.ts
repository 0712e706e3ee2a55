import { activityInfo, getClient } from '@temporalio/activity';
import type { Client } from '@temporalio/client';
import { WithStartWorkflowOperation, WorkflowNotFoundError } from '@temporalio/client';
import { acquire, lease, leaseWorkflowId, release } from '../../workflows/runbook/lease';
import type { Acquired, LeaseHolder, LeaseState } from '../../workflows/runbook/lease';
import type { LeaseAnswer, LeaseRelease, LeaseRequest } from '../../workflows/runbook/admission';
import type { StepContext } from '../../workflows/runbook/step';
import { leaseLost, notYet } from '../errors';

/** A confirmation of the lease counts for so long; a preempted run is stopped within it. */
const CONFIRMATION_MILLISECONDS = 1000;
/** How soon a run that waits for the lease asks again, seconds. */
const WAIT_SECONDS = 2;

/** Takes, confirms and gives back the lease of an instance, by its workflow `instanceLease`. */
export class LeaseKeeper {
  private readonly confirmed = new Map<string, number>();

  async acquire(request: LeaseRequest): Promise<LeaseAnswer> {
    const client = getClient();
    const answer = await ask(client, request);
    if (answer.granted) return answer;
    if ('blockedUntil' in answer) {
      return {
        granted: false,
        why: `automatic starts for ${request.instance} are blocked until ${answer.blockedUntil}, after ${answer.blockedBy}`,
        remedy: `Look at the instance, then lift the block: runbooks acknowledge ${request.instance} --note "…".`,
      };
    }
    const { holder } = answer;
    if (await hasEnded(client, holder)) {
      const second = await ask(client, request, holder.runId);
      if (second.granted) return second;
    }
    if (request.whenBusy === 'wait') {
      throw notYet(`${holder.workflowId} holds ${request.instance} since ${holder.since}`, WAIT_SECONDS);
    }
    return {
      granted: false,
      why: `${request.instance} is held by ${holder.workflowId} (${holder.runbook}) since ${holder.since}`,
      remedy: `Follow that run (runbooks watch ${holder.workflowId}), or end it before you start another.`,
    };
  }

  async release({ instance, token, blockSeconds }: LeaseRelease): Promise<void> {
    try {
      await getClient()
        .workflow.getHandle(leaseWorkflowId(instance))
        .executeUpdate(release, { args: [{ token, blockSeconds }] });
    } catch (error) {
      if (!(error instanceof WorkflowNotFoundError)) throw error;
    }
  }

  /**
   * Passes while the run's token is the one granted last.
   * @throws LeaseLost otherwise, and where the step was given no token: a plan must not change anything
   */
  async confirm({ instance, run, token, step }: StepContext): Promise<void> {
    if (token === null) throw leaseLost(`${step} tried to change something without holding ${instance}`);
    const key = `${run.runId} ${token}`;
    if (Date.now() - (this.confirmed.get(key) ?? 0) < CONFIRMATION_MILLISECONDS) return;
    const state: LeaseState = await getClient().workflow.getHandle(leaseWorkflowId(instance)).query(lease);
    if (state.holder?.runId !== run.runId || state.holder.token !== token) {
      const now = state.holder === null ? 'nobody' : state.holder.workflowId;
      throw leaseLost(
        `the lease of ${instance} (token ${token}) is gone, ${now} holds it; nothing more is changed`,
      );
    }
    this.confirmed.set(key, Date.now());
  }
}

async function ask(client: Client, request: LeaseRequest, deadHolder?: string): Promise<Acquired> {
  const { instance, runbook, trigger } = request;
  const { workflowExecution, taskQueue } = activityInfo();
  if (workflowExecution === undefined) throw new Error('a lease is taken by a workflow only');
  const { workflowId, runId } = workflowExecution;
  const startWorkflowOperation = new WithStartWorkflowOperation('instanceLease', {
    workflowId: leaseWorkflowId(instance),
    workflowIdConflictPolicy: 'USE_EXISTING',
    taskQueue,
    args: [{ instance }],
    staticSummary: `Who may act on ${instance}`,
  });
  return client.workflow.executeUpdateWithStart(acquire, {
    startWorkflowOperation,
    args: [{ workflowId, runId, runbook, trigger, ...(deadHolder === undefined ? {} : { deadHolder }) }],
  });
}

/** Whether the holder's run is closed: it ended, was terminated, or is no longer known. */
async function hasEnded(client: Client, holder: LeaseHolder): Promise<boolean> {
  try {
    const { status } = await client.workflow.getHandle(holder.workflowId, holder.runId).describe();
    return status.name !== 'RUNNING' && status.name !== 'PAUSED';
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return true;
    throw error;
  }
}
