import type { CommandError } from '../command-error';
import { messageOf } from '../connection';
import type { Session } from '../connection';
import { namespaceExists } from '../namespace';
import { readAttributes } from '../search-attributes';
import { pollers } from '../task-queue';
import { bad, good } from './finding';
import type { Finding } from './finding';

/** A worker that has not asked for so long has ended, or is busy with as much as it takes. */
const LIVING_SECONDS = 90;

/** What was seen of Temporal, and the workers that ask for work. */
interface TemporalSeen {
  readonly findings: readonly Finding[];
  readonly workers: readonly string[];
}

/** Server, namespace, search attributes, and whether a worker asks for work. */
export async function examineTemporal(connect: () => Promise<Session>): Promise<TemporalSeen> {
  const nobody = (finding: Finding): TemporalSeen => ({ findings: [finding], workers: [] });
  let session: Session;
  try {
    session = await connect();
  } catch (error) {
    return nobody(
      bad('Temporal', messageOf(error), (error as Partial<CommandError>).remedy ?? 'Start the server.'),
    );
  }
  try {
    const { address, namespace } = session;
    if (!(await namespaceExists(session))) {
      return nobody(
        bad(
          'Temporal',
          `no namespace "${namespace}" at ${address}`,
          'Run `runbooks setup --create-namespace`.',
        ),
      );
    }
    const attributes = await examine('search attributes', () => examineAttributes(session));
    let workers: readonly string[] = [];
    const worker = await examine('worker', async () => {
      const { workflows, activities } = await pollers(session, LIVING_SECONDS);
      workers = workflows.filter((identity) => activities.includes(identity));
      return judgeWorkers(session, workflows, activities);
    });
    return {
      findings: [good('Temporal', `${address}, namespace ${namespace}`), attributes, worker],
      workers,
    };
  } catch (error) {
    return nobody(bad('Temporal', messageOf(error), 'Look at the server’s own log.'));
  } finally {
    await session.close();
  }
}

async function examineAttributes(session: Session): Promise<Finding> {
  const wrong = (await readAttributes(session)).filter(({ present, wanted }) => present !== wanted);
  if (wrong.length === 0) return good('search attributes', 'all registered');
  const list = wrong.map(({ name, present }) => (present === null ? name : `${name} is ${present}`));
  return bad('search attributes', `missing: ${list.join(', ')}`, 'Run `runbooks setup`.');
}

function judgeWorkers(
  session: Session,
  workflows: readonly string[],
  activities: readonly string[],
): Finding {
  const identities = [...new Set([...workflows, ...activities])];
  if (workflows.length > 0 && activities.length > 0) {
    const [only = ''] = identities;
    const who = identities.length === 1 ? only : `${identities.length}: ${identities.join(', ')}`;
    return good('worker', `${who}; task queue ${session.taskQueue}`);
  }
  return bad(
    'worker',
    `none asks for work on task queue ${session.taskQueue}`,
    'Start one with `runbooks worker`, or say with RUNBOOKS_TASK_QUEUE which queue yours serve.',
  );
}

async function examine(name: string, look: () => Promise<Finding>): Promise<Finding> {
  try {
    return await look();
  } catch (error) {
    return bad(name, messageOf(error), 'Check the permissions in this namespace.');
  }
}
