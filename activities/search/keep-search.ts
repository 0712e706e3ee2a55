import { searchKey } from '../../workflows/plan/backup/object-keys';
import type { PlannedCall, StepContext } from '../../workflows/runbook/step';
import { keepSearch } from '../../workflows/steps/search';
import type { KeepSearch } from '../../workflows/steps/search';
import { provenRecord, writeRecord } from '../aws/backup/records';
import { lookAgain } from '../aws/pace';
import { STORE_WRITES } from '../aws/s3/objects';
import type { Dependencies } from '../dependencies';
import { implementStep } from '../implement';
import type { StepImplementation } from '../implement';
import { connectSearch } from './connect';
import { isOurs } from './ownership';

/** A record of its own beside the manifest, which is never changed; or nothing at all. */
export function keepSearchImplementation(dependencies: Dependencies): StepImplementation {
  return implementStep<KeepSearch, { readonly key: string | null }>(keepSearch, {
    actions: STORE_WRITES,

    async check(input, context) {
      return {
        state: 'needed',
        before: {},
        calls: callsFor(input, context),
        problems: [],
        output: { key: input.record === null ? null : keyOf(input, context) },
      };
    },

    async run(input, context) {
      const { record, store, search, name } = input;
      if (record !== null) {
        const key = keyOf(input, context);
        await writeRecord(dependencies, store, key, record);
        return { key };
      }
      const client = await connectSearch(dependencies, search);
      const snapshot = await client.snapshot(name);
      if (snapshot !== null && isOurs(snapshot, context)) await client.deleteSnapshot(name);
      return { key: null };
    },

    async verify(input, _output, context) {
      const { record, store, search, name } = input;
      if (record !== null) {
        const key = keyOf(input, context);
        const where = await provenRecord(dependencies, store, { key, record }, context);
        return { output: { key }, facts: { record: where } };
      }
      const snapshot = await (await connectSearch(dependencies, search)).snapshot(name);
      if (snapshot !== null && isOurs(snapshot, context))
        throw lookAgain(`the snapshot ${name} is still there: ${snapshot.state}`, context);
      return { output: { key: null }, facts: { deleted: name } };
    },
  });
}

/** A plan knows not yet which of the two it will be. */
function callsFor(input: KeepSearch, context: StepContext): readonly PlannedCall[] {
  const { store, search, name, record } = input;
  const write: PlannedCall = {
    ...{ service: 's3', action: 'PutObject', region: store.region },
    target: `s3://${store.bucket}/${keyOf(input, context)}`,
  };
  const remove: PlannedCall = {
    ...{ service: 'search', action: 'DELETE _snapshot', target: search.url },
    parameters: { repository: search.repository, snapshot: name },
  };
  if (context.token === null && record !== null) return [write, remove];
  return record === null ? [remove] : [write];
}

function keyOf({ store, backup }: KeepSearch, { instance, run }: StepContext): string {
  return searchKey(store, instance, backup, run.runId);
}
