import { temporal } from '@temporalio/proto';
import type { Session } from './connection';

const TYPES = temporal.api.enums.v1.TaskQueueType;

/** Identities of the workers that asked for work within the last minutes, workflows and activities apart. */
export async function pollers(
  session: Session,
): Promise<{ readonly workflows: readonly string[]; readonly activities: readonly string[] }> {
  const [workflows, activities] = await Promise.all([
    pollersOf(session, TYPES.TASK_QUEUE_TYPE_WORKFLOW),
    pollersOf(session, TYPES.TASK_QUEUE_TYPE_ACTIVITY),
  ]);
  return { workflows, activities };
}

async function pollersOf(
  session: Session,
  taskQueueType: temporal.api.enums.v1.TaskQueueType,
): Promise<readonly string[]> {
  const described = await session.call('describing the task queue', () =>
    session.connection.workflowService.describeTaskQueue({
      namespace: session.namespace,
      taskQueue: { name: session.taskQueue },
      taskQueueType,
    }),
  );
  return (described.pollers ?? []).map((poller) => poller.identity ?? 'unnamed');
}
