import { temporal } from '@temporalio/proto';
import type { Session } from './connection';

const TYPES = temporal.api.enums.v1.TaskQueueType;
const MODES = temporal.api.enums.v1.WorkerVersioningMode;

/**
 * Workers that asked for work, workflows and activities apart: identity, and the version of their code if they tell it.
 * @param withinSeconds the server itself forgets them after five minutes only; an idle worker asks once a minute
 */
export async function pollers(
  session: Session,
  withinSeconds = Infinity,
): Promise<{ readonly workflows: readonly string[]; readonly activities: readonly string[] }> {
  const [workflows, activities] = await Promise.all([
    pollersOf(session, TYPES.TASK_QUEUE_TYPE_WORKFLOW, withinSeconds),
    pollersOf(session, TYPES.TASK_QUEUE_TYPE_ACTIVITY, withinSeconds),
  ]);
  return { workflows, activities };
}

async function pollersOf(
  session: Session,
  taskQueueType: temporal.api.enums.v1.TaskQueueType,
  withinSeconds: number,
): Promise<readonly string[]> {
  const described = await session.call('describing the task queue', () =>
    session.connection.workflowService.describeTaskQueue({
      namespace: session.namespace,
      taskQueue: { name: session.taskQueue },
      taskQueueType,
    }),
  );
  const since = Date.now() / 1000 - withinSeconds;
  return (described.pollers ?? [])
    .filter(({ lastAccessTime }) => Number(lastAccessTime?.seconds ?? 0) >= since)
    .map((poller) => describePoller(poller));
}

function describePoller({ identity, deploymentOptions }: temporal.api.taskqueue.v1.IPollerInfo): string {
  const { buildId, workerVersioningMode } = deploymentOptions ?? {};
  const name = identity ?? 'unnamed';
  if (buildId === undefined || buildId === null || buildId === '') return name;
  const pinned = workerVersioningMode === MODES.WORKER_VERSIONING_MODE_VERSIONED ? ', pinned' : '';
  return `${name} (build ${buildId}${pinned})`;
}
