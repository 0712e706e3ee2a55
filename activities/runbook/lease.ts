import { activityInfo, getClient } from '@temporalio/activity';
import type { Client, WorkflowExecutionDescription } from '@temporalio/client';
import { WithStartWorkflowOperation, WorkflowNotFoundError } from '@temporalio/client';
import { acquire, lease, leaseWorkflowId, release } from '../../workflows/runbook/lease';
import type { Acquired, Block, LeaseHolder, LeaseState } from '../../workflows/runbook/lease';
import type { LeaseAnswer, LeaseRelease, LeaseRequest } from '../../workflows/runbook/admission';
import type { StepContext } from '../../workflows/runbook/step';
import { leaseLost, notYet } from '../errors';

/** How soon a run that waits for the lease asks again, seconds. */
const WAIT_SECONDS = 2;

/** Takes, confirms and gives back the lease of an instance, by its workflow `instanceLease`. */
export class LeaseKeeper {
  async acquire(request: LeaseRequest): Promise<LeaseAnswer> {
    const client = getClient();
    const answer = await ask(client, request);
    if (answer.granted) return answer;
    if ('blockedUntil' in answer) return blocked(request, answer);
    if ('ahead' in answer) return waitOrRefuse(request, `${answer.ahead.workflowId} waits before this run`);
    const { holder, block } = answer;
    // Nobody shall let go for an emergency that would be refused all the same.
    if (request.emergency && block !== undefined) return blocked(request, block);
    if (await hasEnded(client, holder)) {
      const second = await ask(client, request, holder.runId);
      if (second.granted) return second;
    }
    const { consented } = request;
    const isAnother = consented !== undefined && consented !== holder.token;
    // It was granted the lease while people were asked about a former holder: waiting would not make it let go.
    return waitOrRefuse(
      isAnother ? { ...request, whenBusy: 'refuse' } : request,
      describeHolder(request.instance, holder),
      holder,
    );
  }

  async release({ instance, token, blockSeconds }: LeaseRelease): Promise<void> {
    const runId = activityInfo().workflowExecution?.runId ?? '';
    try {
      await getClient()
        .workflow.getHandle(leaseWorkflowId(instance))
        .executeUpdate(release, { args: [{ runId, token, blockSeconds }] });
    } catch (error) {
      if (!(error instanceof WorkflowNotFoundError)) throw error;
    }
  }

  /**
   * Passes while the run's token is the one granted last.
   * @throws LeaseLost otherwise, and where the step was given no token: a plan must not change anything
   */
  async confirm({ instance: whole, lease: part, run, token, step }: StepContext): Promise<void> {
    const instance = part ?? whole;
    if (token === null) throw leaseLost(`${step} tried to change something without holding ${instance}`);
    const state: LeaseState = await getClient().workflow.getHandle(leaseWorkflowId(instance)).query(lease);
    if (state.holder?.runId === run.runId && state.holder.token === token) return;
    throw leaseLost(
      `the lease of ${instance} (token ${token}) is gone, ${whatBecameOf(state)}; nothing more is changed`,
    );
  }
}

function blocked({ instance }: LeaseRequest, { blockedUntil, blockedBy }: Block): LeaseAnswer {
  return {
    granted: false,
    why: `automatic starts for ${instance} are blocked until ${blockedUntil}, after ${blockedBy}`,
    remedy: `Look at the instance, then lift the block: runbooks acknowledge ${instance} --note "…".`,
  };
}

/** A run that may wait asks again; its activity's budget says how long. */
function waitOrRefuse(request: LeaseRequest, why: string, holder?: LeaseHolder): LeaseAnswer {
  const { instance, whenBusy, preempt } = request;
  const asked = preempt && holder !== undefined ? '; it was asked to let go' : '';
  if (whenBusy === 'wait') throw notYet(`${why}${asked}`, WAIT_SECONDS);
  const follow =
    holder === undefined ? '' : `Follow that run (runbooks watch ${holder.workflowId}), or end it. `;
  return {
    granted: false,
    why,
    remedy: `${follow}Who holds and who waits: runbooks lease show ${instance}.`,
    ...(holder === undefined ? {} : { holder }),
  };
}

function describeHolder(instance: string, { workflowId, runbook, since }: LeaseHolder): string {
  return `${instance} is held by ${workflowId} (${runbook}) since ${since}`;
}

function whatBecameOf({ holder, events }: LeaseState): string {
  const broken = events.findLast((event) => event.kind === 'broken');
  const taken = broken === undefined ? '' : ` (broken by ${broken.who}: ${broken.note})`;
  return holder === null ? `nobody holds it${taken}` : `${holder.workflowId} holds it${taken}`;
}

async function ask(client: Client, request: LeaseRequest, deadHolder?: string): Promise<Acquired> {
  const { instance, runbook, trigger, emergency, preempt, since, whenBusy } = request;
  const { consented, continues, onlyAdds } = request;
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
    args: [
      {
        workflowId,
        runId,
        runbook,
        trigger,
        emergency,
        preempt,
        since,
        queue: whenBusy === 'wait',
        ...(onlyAdds === undefined ? {} : { onlyAdds }),
        ...(consented === undefined ? {} : { consented }),
        ...(continues === undefined ? {} : { continues }),
        ...(deadHolder === undefined ? {} : { deadHolder }),
      },
    ],
  });
}

/** Whether the holder's run is closed: it ended, was terminated, or is no longer known. */
async function hasEnded(client: Client, holder: LeaseHolder): Promise<boolean> {
  try {
    const { workflow } = client;
    const found = await workflow.getHandle(holder.workflowId, holder.runId).describe();
    if (found.status.name !== 'CONTINUED_AS_NEW') return !isOpen(found);
    // Between two executions: the next one takes the lease over as soon as a worker begins it.
    const latest = await workflow.getHandle(holder.workflowId).describe();
    return !isOpen(latest) || firstRunOf(latest) !== firstRunOf(found);
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return true;
    throw error;
  }
}

function isOpen({ status }: WorkflowExecutionDescription): boolean {
  return status.name === 'RUNNING' || status.name === 'PAUSED';
}

/** Run id of the first execution of a chain that continues as new. */
function firstRunOf({ raw }: WorkflowExecutionDescription): string | null {
  return raw.workflowExecutionInfo?.firstRunId ?? null;
}
