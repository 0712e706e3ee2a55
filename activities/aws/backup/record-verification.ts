import { TAGS } from '../../../workflows/plan/backup/manifest';
import { verificationKey } from '../../../workflows/plan/backup/object-keys';
import type { FoundSnapshot } from '../../../workflows/plan/backup/restore-point';
import type { StepContext } from '../../../workflows/runbook/step';
import { recordVerification } from '../../../workflows/steps/verify';
import type { RecordVerification } from '../../../workflows/steps/verify';
import type { Dependencies } from '../../dependencies';
import { implementStep } from '../../implement';
import type { StepImplementation } from '../../implement';
import { lookAgain } from '../pace';
import { STORE_WRITES } from '../s3/objects';
import { findMembers } from './hold-backup';
import { actionsOf, memberCall, partKind } from './part-kinds';
import { provenRecord, writeRecord } from './records';

/** A record of its own beside the manifest, which is never changed; and a tag, for whoever cannot ask the store. */
export function recordVerificationImplementation(dependencies: Dependencies): StepImplementation {
  return implementStep<RecordVerification, { readonly key: string }>(recordVerification, {
    actions: [...STORE_WRITES, ...actionsOf('list'), ...actionsOf('tag')],

    async check(input, context) {
      const { store, record, members = [] } = input;
      const key = keyOf(input, context);
      const { region } = record.place;
      return {
        state: 'needed',
        before: {},
        calls: [
          { service: 's3', action: 'PutObject', region: store.region, target: `s3://${store.bucket}/${key}` },
          ...members.map(({ kind, id }) => memberCall(kind, 'tag', { region, target: id })),
        ],
        problems: [],
        output: { key },
      };
    },

    async run(input, context) {
      const key = keyOf(input, context);
      await writeRecord(dependencies, input.store, key, input.record);
      for (const member of await untagged(dependencies, input, context)) {
        const tags = { [TAGS.verification]: resultOf(input) };
        await partKind(member.kind).tag(dependencies, member.place.region, member, tags);
      }
      return { key };
    },

    async verify(input, output, context) {
      const key = output?.key ?? keyOf(input, context);
      const where = await provenRecord(dependencies, input.store, { key, record: input.record }, context);
      const open = await untagged(dependencies, input, context);
      if (open.length > 0)
        throw lookAgain(`no result to be seen yet on ${open.map(({ id }) => id).join(', ')}`, context);
      return { output: { key }, facts: { record: where, result: input.record.result } };
    },
  });
}

/** Members that do not tell the result yet. What has been deleted meanwhile needs to tell nothing. */
async function untagged(
  dependencies: Dependencies,
  input: RecordVerification,
  context: StepContext,
): Promise<readonly FoundSnapshot[]> {
  const { record, members = [] } = input;
  if (members.length === 0) return [];
  const hold = { region: record.place.region, backup: record.backup, members };
  const found = await findMembers(dependencies, hold, context);
  return found.filter(
    ({ tags, condition }) => condition !== 'leaving' && tags[TAGS.verification] !== resultOf(input),
  );
}

function resultOf({ record: { result, at } }: RecordVerification): string {
  return `${result} ${at}`;
}

function keyOf({ store, instance, record }: RecordVerification, { run }: StepContext): string {
  return verificationKey(store, instance, record.backup, { ...record.place, runId: run.runId });
}
