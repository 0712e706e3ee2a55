import type { Credentials } from '../../workflows/plan/instance';
import type { Dependencies } from '../dependencies';
import { resolveLogin } from '../secrets/login';
import { BitbucketClient } from './client';
import { NoAnswer } from './http';

export interface AskedNodes {
  /** Base URLs. */
  readonly nodes: readonly string[];
  readonly administrator: Credentials;
}

/**
 * Asks one node after the other until one answers: what is asked is the same at all of them.
 * @throws the last node's NoAnswer; any other failure at once
 */
export async function firstAnswer<T>(
  { secrets }: Dependencies,
  { nodes, administrator }: AskedNodes,
  ask: (client: BitbucketClient) => Promise<T>,
): Promise<T> {
  const credentials = await resolveLogin(secrets, administrator);
  let silence: unknown = new Error('no node is known to run');
  for (const baseUrl of nodes) {
    try {
      return await ask(new BitbucketClient({ baseUrl, credentials }));
    } catch (error) {
      if (!(error instanceof NoAnswer)) throw error;
      silence = error;
    }
  }
  throw silence;
}
