import { grpcCode } from './connection';
import type { Session } from './connection';

const NOT_FOUND = 5;

export async function namespaceExists(session: Session): Promise<boolean> {
  const { namespace } = session;
  try {
    await session.call('describing the namespace', () =>
      session.connection.workflowService.describeNamespace({ namespace }),
    );
    return true;
  } catch (error) {
    if (grpcCode(error) === NOT_FOUND) return false;
    throw error;
  }
}
