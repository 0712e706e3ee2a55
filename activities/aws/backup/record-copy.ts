import { TAGS } from '../../../workflows/plan/backup/manifest';
import { copyKey } from '../../../workflows/plan/backup/object-keys';
import type { StepContext } from '../../../workflows/runbook/step';
import { recordCopy } from '../../../workflows/steps/backup';
import type { RecordCopy } from '../../../workflows/steps/backup';
import type { Dependencies } from '../../dependencies';
import { implementStep } from '../../implement';
import type { StepImplementation } from '../../implement';
import { inVault, VAULT_ACTIONS } from '../in-vault';
import { STORE_WRITES } from '../s3/objects';
import { actionsOf, partKind } from './part-kinds';
import { provenRecord, writeRecord } from './records';

/** A record of its own beside the manifest, which is never changed. */
export function recordCopyImplementation(dependencies: Dependencies): StepImplementation {
  return implementStep<RecordCopy, { readonly key: string }>(recordCopy, {
    actions: [...STORE_WRITES, ...actionsOf('tag'), ...VAULT_ACTIONS],

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
      const { store, record, sha256, vault } = input;
      const there = inVault(dependencies, vault, record.place.region);
      for (const member of record.members) {
        await partKind(member.kind).tag(there, record.place.region, member, {
          [TAGS.manifest]: sha256,
        });
      }
      await writeRecord(dependencies, store, keyOf(input, context), record);
      return { key: keyOf(input, context) };
    },

    async verify(input, output, context) {
      const key = output?.key ?? keyOf(input, context);
      const where = await provenRecord(dependencies, input.store, { key, record: input.record }, context);
      return { output: { key }, facts: { record: where } };
    },
  });
}

function keyOf({ store, instance, record }: RecordCopy, { run }: StepContext): string {
  return copyKey(store, instance, record.backup, { ...record.place, runId: run.runId });
}
