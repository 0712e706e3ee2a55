import DataLoader from 'dataloader';

import { callSignal, noteAnswer } from '../runbook/call-scope';
import { attitudeToSilence } from './silence';

/** How long a question waits for others of its kind. */
const GATHER_MS = 30;
/** Below what every API takes in one filter: EC2 takes 200 values. */
const LARGEST_BATCH = 100;

type Loader = DataLoader<string, unknown>;

const loaders = new WeakMap<object, Map<string, Loader>>();
const separate = new WeakSet<object>();

/** Questions to this client are each asked by themselves from now on. */
export function askSeparately(client: object): void {
  separate.add(client);
}

/**
 * Many waits ask the same question: what is asked of one client within 30 ms becomes one call. Nothing is kept; the
 * call counts for the activity that asked first. The names found are the keys of the answer; a name that is missing in
 * it does not exist.
 * @param client the SDK client, which is one per region
 * @param kind of the question; those of one kind have the same `askMany`
 * @param askMany must depend on nothing but the client; is given no name twice
 */
export async function askTogether<V>(
  client: object,
  kind: string,
  key: string,
  askMany: (keys: readonly string[]) => Promise<ReadonlyMap<string, V>>,
): Promise<V | undefined> {
  const alone = async (): Promise<V | undefined> => (await askMany([key])).get(key);
  if (separate.has(client)) return alone();
  try {
    const found = (await loaderOf(client, kind, askMany).load(key)) as V | undefined;
    noteAnswer();
    return found;
  } catch (error) {
    // The call belonged to an activity that was cancelled; whoever was not asks again.
    if (isAbort(error) && callSignal()?.aborted !== true) return alone();
    throw error;
  }
}

/** Whoever really wants to know must not get the answer of one who accepts silence. */
function loaderOf(
  client: object,
  kind: string,
  askMany: (keys: readonly string[]) => Promise<ReadonlyMap<string, unknown>>,
): Loader {
  const ofClient = loaders.get(client) ?? new Map<string, Loader>();
  loaders.set(client, ofClient);
  const name = `${kind} ${attitudeToSilence()}`;
  const known = ofClient.get(name);
  if (known !== undefined) return known;
  const loader: Loader = new DataLoader(
    async (keys) => {
      const found = await askMany([...new Set(keys)]);
      return keys.map((one) => found.get(one));
    },
    { cache: false, maxBatchSize: LARGEST_BATCH, batchScheduleFn: (send) => setTimeout(send, GATHER_MS) },
  );
  ofClient.set(name, loader);
  return loader;
}

function isAbort(error: unknown): boolean {
  return error instanceof Error && error.name === 'AbortError';
}
