import { TAGS } from '../../../workflows/plan/backup/manifest';
import { copyKey } from '../../../workflows/plan/backup/object-keys';
import type { StepContext } from '../../../workflows/runbook/step';
import { recordCopy } from '../../../workflows/steps/backup';
import type { RecordCopy } from '../../../workflows/steps/backup';
import type { Dependencies } from '../../dependencies';
import { implementStep } from '../../implement';
import type { StepImplementation } from '../../implement';
import { lookAgain } from '../pace';
import { readObject, STORE_WRITES, writeOnce } from '../s3/objects';
import { actionsOf, partKind } from './part-kinds';

/** A record of its own beside the manifest, which is never changed. */
export function recordCopyImplementation(dependencies: Dependencies): StepImplementation {
  return implementStep<RecordCopy, { readonly key: string }>(recordCopy, {
    actions: [...STORE_WRITES, ...actionsOf('tag')],

    async check(input, context) {
      const { store, record } = input;
      return {
        state: 'needed',
        before: {},
        calls: [
          {
            service: 's3',
            action: 'PutObject',
            region: store.region,
            target: `record of the copy in ${record.place.region}`,
          },
          { service: 'aws', action: 'tag', region: record.place.region, target: `copy of ${record.backup}` },
        ],
        problems: [],
        output: { key: keyOf(input, context) },
      };
    },

    async run(input, context) {
      const { store, record, sha256 } = input;
      for (const member of record.members) {
        await partKind(member.kind).tag(dependencies, record.place.region, member, {
          [TAGS.manifest]: sha256,
        });
      }
      // One that is there was written by an attempt whose answer was lost: the key names backup, region, account and run.
      await writeOnce(dependencies, store, keyOf(input, context), `${JSON.stringify(record, null, 2)}\n`);
      return { key: keyOf(input, context) };
    },

    async verify(input, output, context) {
      const key = output?.key ?? keyOf(input, context);
      if ((await readObject(dependencies, input.store, key)) === undefined) {
        throw lookAgain(`s3://${input.store.bucket}/${key} is not visible yet`, context);
      }
      return { output: { key }, facts: { record: `s3://${input.store.bucket}/${key}` } };
    },
  });
}

function keyOf({ store, instance, record }: RecordCopy, { run }: StepContext): string {
  return copyKey(store, instance, record.backup, { ...record.place, runId: run.runId });
}
