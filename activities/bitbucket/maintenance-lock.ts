import type { StepContext } from '../../workflows/runbook/step';
import { lookAgain } from '../aws/pace';
import type { Dependencies } from '../dependencies';
import type { MaintenanceOwner } from './answers';
import { BitbucketClient } from './client';
import { firstAnswer } from './first-answer';
import type { AskedNodes } from './first-answer';
import { isOfThisNode, ofThisNode } from './node-failure';
import { isGoodState } from './status';

/**
 * Who has locked Bitbucket; null = nobody. A node that restarts, or whose web application is gone, answers 404 as well:
 * that there is no lock is believed of a node that serves users, and while no other is in maintenance.
 * @throws NotYet where the nodes' answers prove neither; the last node's failure where none answers
 */
export async function findLock(
  dependencies: Dependencies,
  asked: AskedNodes,
  context: StepContext,
): Promise<MaintenanceOwner | null> {
  const states = await Promise.all(
    asked.nodes.map(async (url) => ({ url, ...(await new BitbucketClient({ baseUrl: url }).status()) })),
  );
  const good = states.filter(({ state }) => isGoodState(state)).map(({ url }) => url);
  let isFree = false;
  try {
    // A silent node costs its whole time limit: it is asked only where there is no better one.
    return await firstAnswer(
      dependencies,
      { ...asked, nodes: good.length > 0 ? good : asked.nodes },
      async (client) => {
        const lock = await client.maintenanceLock();
        if (lock !== null) return lock;
        // Asked after it: a node that serves now has not come up in between.
        const { state, detail } = await client.status();
        isFree ||= state === 'RUNNING';
        throw ofThisNode(
          lookAgain(
            `whether Bitbucket is locked is not known: a node without a lock says ${detail}`,
            context,
          ),
        );
      },
    );
  } catch (error) {
    if (!isOfThisNode(error)) throw error;
    const kept = states.find(({ state }) => state === 'MAINTENANCE');
    if (kept !== undefined)
      throw lookAgain(`${kept.url} is in maintenance, though no node tells of a lock`, context);
    if (isFree) return null;
    throw error;
  }
}

/**
 * Ends the lock at the first node that knows it. @returns false when Bitbucket is not locked any more
 * @param end false: this node knows of no lock
 * @throws where no node has ended it, and it may stand
 */
export async function endLock(
  dependencies: Dependencies,
  asked: AskedNodes,
  context: StepContext,
  end: (client: BitbucketClient) => Promise<boolean>,
): Promise<boolean> {
  try {
    return await firstAnswer(dependencies, asked, async (client) => {
      if (await end(client)) return true;
      throw ofThisNode(lookAgain('still locked: a node was asked to unlock that knows of no lock', context));
    });
  } catch (error) {
    if (!isOfThisNode(error)) throw error;
    if ((await findLock(dependencies, asked, context)) === null) return false;
    throw error;
  }
}
