import { objections } from '../../../workflows/plan/backup/objections';
import type { Doomed } from '../../../workflows/plan/backup/objections';
import { backupPrefix } from '../../../workflows/plan/backup/object-keys';
import type { FoundSnapshot } from '../../../workflows/plan/backup/restore-point';
import { placeKey, placeName } from '../../../workflows/plan/backup/restore-point';
import type { PlannedCall, StepContext } from '../../../workflows/runbook/step';
import { deleteRestorePoint } from '../../../workflows/steps/restore-points';
import type { DeleteRestorePoint, FoundRestorePoints } from '../../../workflows/steps/restore-points';
import type { Dependencies } from '../../dependencies';
import { needsPerson } from '../../errors';
import { implementStep } from '../../implement';
import type { StepImplementation } from '../../implement';
import { listMembers, memberCall } from '../backup/part-kinds';
import { lookAgain } from '../pace';
import { STORE_WRITES } from '../s3/objects';
import { atPlace, LOOK_ACTIONS, lookForPoints } from './look-for-points';
import { findRecord, recordDeletion } from './record-deletion';
import { markAsDeleting, REMOVAL_ACTIONS, removeMembers } from './remove-members';

type Output = { readonly deleted: readonly string[]; readonly record: string };

/** [B §13.4 #11] Whole pairs only, and only while nothing speaks against it. */
export function deleteRestorePointImplementation(dependencies: Dependencies): StepImplementation {
  return implementStep<DeleteRestorePoint, Output>(deleteRestorePoint, {
    actions: [...LOOK_ACTIONS, ...REMOVAL_ACTIONS, ...STORE_WRITES],

    async check(input, context) {
      const [look, snapshots] = await Promise.all([
        lookAround(dependencies, input, context),
        membersLeft(dependencies, input, context),
      ]);
      const against = objections(doomedOf(input, context), look.points, look.silent, input.decidedAt);
      return {
        state: 'needed',
        before: Object.fromEntries(snapshots.map(({ id, status }) => [id, status])),
        calls: [...snapshots.map(callOf), recordCall(input, context)],
        problems: against.map((objection) => ({
          code: 'restorePointProtected',
          message: `${input.backup} in ${placeName(input.place)} must not be deleted: ${objection}.`,
          remedy: 'Leave it (skip), or end what protects it and retry.',
        })),
        output: { deleted: input.members.map(({ id }) => id), record: '' },
        material: {
          members: input.members.map(({ id }) => id).join(', '),
          capturedAt: input.capturedAt,
        },
        notes: [input.reason],
      };
    },

    async run(input, context) {
      const [look, snapshots] = await Promise.all([
        lookAround(dependencies, input, context),
        membersLeft(dependencies, input, context),
      ]);
      const against = objections(doomedOf(input, context), look.points, look.silent, input.decidedAt);
      if (against.length > 0) {
        throw needsPerson(
          `${input.backup} in ${placeName(input.place)} was not deleted: ${against.join('; ')}. ` +
            'Leave it (skip), or end what protects it and retry.',
        );
      }
      const there = atPlace(dependencies, input.place, input.vaults);
      await markAsDeleting(there, snapshots, context);
      await removeMembers(there, snapshots, context);
      const record = await recordDeletion(dependencies, input, context);
      return { deleted: input.members.map(({ id }) => id), record };
    },

    async verify(input, output, context) {
      const left = await membersLeft(dependencies, input, context);
      if (left.length > 0) {
        throw lookAgain(
          `still there: ${left.map(({ id, status }) => `${id} (${status})`).join(', ')}`,
          context,
        );
      }
      const record = output?.record ?? (await findRecord(dependencies, input, context));
      if (record === undefined) throw lookAgain('its deletion is not recorded yet', context);
      const deleted = input.members.map(({ id }) => id);
      return { output: { deleted, record }, facts: { deleted: deleted.join(', '), record } };
    },
  });
}

function lookAround(
  dependencies: Dependencies,
  { backup, anchors, store, sites, vaults, timeZone }: DeleteRestorePoint,
  { instance }: StepContext,
): Promise<FoundRestorePoints> {
  const backups = [...new Set([backup, ...anchors])];
  return lookForPoints(dependencies, instance, { store, sites, vaults, timeZone, backups });
}

/** Those of its members that are there still, by tags and id: another snapshot is none of our business. */
async function membersLeft(
  dependencies: Dependencies,
  { place, backup, members, vaults }: DeleteRestorePoint,
  { instance }: StepContext,
): Promise<readonly FoundSnapshot[]> {
  const there = atPlace(dependencies, place, vaults);
  const found = await listMembers(there, place, instance, [backup]);
  return found.filter(({ kind, id }) => members.some((one) => one.kind === kind && one.id === id));
}

function doomedOf(input: DeleteRestorePoint, { run }: StepContext): Doomed {
  return { ...input, run: run.workflowId };
}

function callOf({ kind, id, place: { region } }: FoundSnapshot): PlannedCall {
  return memberCall(kind, 'discard', { region, target: id });
}

function recordCall({ store, place, backup }: DeleteRestorePoint, { instance }: StepContext): PlannedCall {
  const { bucket, region } = store;
  const target = `s3://${bucket}/${backupPrefix(store, instance, backup)}records/`;
  return { service: 's3', action: 'PutObject', region, target, parameters: { place: placeKey(place) } };
}
