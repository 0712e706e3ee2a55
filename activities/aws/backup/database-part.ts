import { AddTagsToResourceCommand, RemoveTagsFromResourceCommand } from '@aws-sdk/client-rds';

import { TAGS } from '../../../workflows/plan/backup/manifest';
import type { Member } from '../../../workflows/plan/backup/manifest';
import { databaseSnapshotName } from '../../../workflows/plan/backup/name';
import type { StepContext } from '../../../workflows/runbook/step';
import type { Dependencies } from '../../dependencies';
import { terminal } from '../../errors';
import { askAws } from '../errors';
import { isOurs, ownerTags } from '../ownership';
import type { SnapshotKind, StoredSnapshot } from '../rds/snapshot-kind';
import { deleteStoredSnapshot } from '../rds/snapshot-kinds';
import { findDatabaseSnapshots } from '../retention/find-database-snapshots';
import type { PartKindActs } from './part-kind';

/** Snapshots of a database, of either sort: the identifier is the same in every region. */
export function databasePart(kind: SnapshotKind): PartKindActs {
  const { calls, noun } = kind;
  const acting = (action: string): string => `rds:${action}`;
  const find = acting(calls.describe);
  return {
    service: 'rds',
    calls: { copy: calls.copy, discard: calls.delete, share: calls.share, tag: 'AddTagsToResource' },
    actions: {
      look: [find],
      copy: [find, acting(calls.copy), 'rds:AddTagsToResource', acting(calls.delete)],
      tag: ['rds:AddTagsToResource'],
      share: [acting(calls.describeSharing), acting(calls.share)],
      list: [find],
      discard: [acting(calls.delete)],
      untag: ['rds:RemoveTagsFromResource'],
    },

    async look(dependencies, region, { name, id }) {
      const snapshot = await kind.find(dependencies, region, id);
      if (snapshot === undefined) return { state: 'missing', progress: `${name} ${id} is not visible` };
      const { status, arn, sizeGiB, encrypted, kmsKeyId, percent } = snapshot;
      if (status === 'failed') return { state: 'failed', reason: `${name} ${id} failed` };
      if (status !== 'available') return { state: 'pending', progress: `${name} ${status}, ${percent} %` };
      const capturedAt = (snapshot.capturedAt ?? new Date()).toISOString();
      return {
        state: 'complete',
        account: arn?.split(':')[4] ?? '',
        member: { kind: kind.kind, name, id, arn, capturedAt, sizeGiB, encrypted, kmsKeyId },
      };
    },

    async copy(dependencies, { backup, to, member }, context) {
      const id = databaseSnapshotName(backup);
      const requireOurs = async (): Promise<boolean> => {
        const found = await kind.find(dependencies, to.region, id);
        if (found === undefined) return false;
        if (isOriginal(found, member)) {
          throw terminal(
            `${noun} ${id} in ${to.region} is what was to be copied there: two sites of one region share their backups. ` +
              'Take this one out of backup.copies.',
          );
        }
        if (isOurs(found.tags, context)) return true;
        throw terminal(
          `${noun} ${id} in ${to.region} exists and carries no tag of this run: it is not ours.`,
        );
      };
      if (await requireOurs()) return id;
      await askAws(
        { doing: 'copy', resource: `${noun} ${member.id}`, region: to.region, pace: context.pace },
        () =>
          kind.copy(dependencies.aws.rds(to.region), {
            source: member.arn ?? '',
            id,
            kmsKeyId: member.encrypted ? to.kmsKeyId : null,
            tags: [
              ...ownerTags(context),
              { Key: TAGS.backup, Value: backup },
              { Key: TAGS.volume, Value: member.name },
              { Key: TAGS.capturedAt, Value: member.capturedAt },
            ],
          }),
        { exists: async () => void (await requireOurs()) },
      );
      return id;
    },

    async discardCopies(dependencies, { backup, to, member }, context) {
      const id = databaseSnapshotName(backup);
      const found = await kind.find(dependencies, to.region, id);
      if (found === undefined || found.status === 'deleting' || !isOurs(found.tags, context)) return [];
      if (isOriginal(found, member)) return [];
      await deleteStoredSnapshot(dependencies, kind, to.region, found, context.pace);
      return [id];
    },

    sharedWith(dependencies, region, { id }) {
      return askAws({ doing: 'look who may use', resource: `${noun} ${id}`, region }, () =>
        kind.sharedWith(dependencies.aws.rds(region), id),
      );
    },

    share(dependencies, region, { id }, sharing) {
      return askAws({ doing: 'set who may use', resource: `${noun} ${id}`, region }, () =>
        kind.share(dependencies.aws.rds(region), id, sharing),
      );
    },

    list: (dependencies, place, instance, backups) =>
      findDatabaseSnapshots(dependencies, kind, place, { instance, backups }),

    async discard(dependencies, found, { pace }: StepContext) {
      if (found.condition === 'leaving') return;
      await deleteStoredSnapshot(dependencies, kind, found.place.region, found, pace);
    },

    async tag(dependencies, region, { id, arn }, tags) {
      await askAws({ doing: 'tag', resource: `${noun} ${id}`, region }, () =>
        dependencies.aws.rds(region).send(
          new AddTagsToResourceCommand({
            ResourceName: arn ?? '',
            Tags: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })),
          }),
        ),
      );
    },

    untag(dependencies: Dependencies, region, { id, arn }, { Key }) {
      return askAws(
        { doing: 'remove a tag of', resource: `${noun} ${id}`, region },
        async () => {
          await dependencies.aws
            .rds(region)
            .send(new RemoveTagsFromResourceCommand({ ResourceName: arn ?? '', TagKeys: [Key] }));
        },
        { notFound: () => undefined },
      );
    },
  };
}

/** A copy has the name of its original, in another region or account. */
function isOriginal(found: StoredSnapshot, { arn }: Member): boolean {
  return arn !== null && found.arn === arn;
}
