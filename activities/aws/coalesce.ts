import DataLoader from 'dataloader';

import { acceptsSilence } from './silence';

/** How long a question waits for others of its kind. */
const GATHER_MS = 30;
const LARGEST_BATCH = 100;

/** Apart, because whoever really wants to know must not get the answer of one who accepts silence. */
const loaders = {
  asking: new WeakMap<object, DataLoader<string, unknown>>(),
  acceptingSilence: new WeakMap<object, DataLoader<string, unknown>>(),
};

/**
 * Many waits ask the same question: what is asked of one client within 30 ms becomes one call. Nothing is kept; the
 * call counts for the activity that asked first. The names found are the keys of the answer; a name that is missing in
 * it does not exist.
 * @param client the SDK client, which is one per region
 * @param askMany must depend on nothing but the client; one kind of question per client
 */
export function askTogether<V>(
  client: object,
  key: string,
  askMany: (keys: readonly string[]) => Promise<ReadonlyMap<string, V>>,
): Promise<V | undefined> {
  const known = acceptsSilence() ? loaders.acceptingSilence : loaders.asking;
  let loader = known.get(client) as DataLoader<string, V | undefined> | undefined;
  if (loader === undefined) {
    loader = new DataLoader<string, V | undefined>(
      async (keys) => {
        const found = await askMany(keys);
        return keys.map((one) => found.get(one));
      },
      {
        cache: false,
        maxBatchSize: LARGEST_BATCH,
        batchScheduleFn: (send) => setTimeout(send, GATHER_MS),
      },
    );
    known.set(client, loader);
  }
  return loader.load(key);
}
