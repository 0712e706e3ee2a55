import type { Credentials } from '../../workflows/plan/instance';
import type { Dependencies } from '../dependencies';
import { resolveLogin } from '../secrets/login';
import { BitbucketClient } from './client';
import { isOfThisNode } from './node-failure';

export interface AskedNodes {
  /** Base URLs. */
  readonly nodes: readonly string[];
  readonly administrator: Credentials;
}

/**
 * Asks one node after the other until one answers: what is asked is the same at all of them, and one that restarts or is
 * broken says nothing of the others.
 * @throws the last node's failure; at once what every node would say, e.g. of a wrong password
 */
export async function firstAnswer<T>(
  { secrets }: Dependencies,
  { nodes, administrator }: AskedNodes,
  ask: (client: BitbucketClient) => Promise<T>,
): Promise<T> {
  const credentials = await resolveLogin(secrets, administrator);
  let last: unknown = new Error('no node is known to run');
  for (const baseUrl of nodes) {
    try {
      return await ask(new BitbucketClient({ baseUrl, credentials }));
    } catch (error) {
      if (!isOfThisNode(error)) throw error;
      last = error;
    }
  }
  throw last;
}
