import { verificationKey } from '../../../workflows/plan/backup/object-keys';
import type { StepContext } from '../../../workflows/runbook/step';
import { recordVerification } from '../../../workflows/steps/verify';
import type { RecordVerification } from '../../../workflows/steps/verify';
import type { Dependencies } from '../../dependencies';
import { implementStep } from '../../implement';
import type { StepImplementation } from '../../implement';
import { STORE_WRITES } from '../s3/objects';
import { provenRecord, writeRecord } from './records';

/** A record of its own beside the manifest, which is never changed. */
export function recordVerificationImplementation(dependencies: Dependencies): StepImplementation {
  return implementStep<RecordVerification, { readonly key: string }>(recordVerification, {
    actions: STORE_WRITES,

    async check(input, context) {
      const { store } = input;
      const key = keyOf(input, context);
      return {
        state: 'needed',
        before: {},
        calls: [
          { service: 's3', action: 'PutObject', region: store.region, target: `s3://${store.bucket}/${key}` },
        ],
        problems: [],
        output: { key },
      };
    },

    async run(input, context) {
      const key = keyOf(input, context);
      await writeRecord(dependencies, input.store, key, input.record);
      return { key };
    },

    async verify(input, output, context) {
      const key = output?.key ?? keyOf(input, context);
      const where = await provenRecord(dependencies, input.store, { key, record: input.record }, context);
      return { output: { key }, facts: { record: where, result: input.record.result } };
    },
  });
}

function keyOf({ store, instance, record }: RecordVerification, { run }: StepContext): string {
  return verificationKey(store, instance, record.backup, { ...record.place, runId: run.runId });
}
