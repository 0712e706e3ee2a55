import {
  AddTagsToResourceCommand,
  CopyDBSnapshotCommand,
  DescribeDBSnapshotAttributesCommand,
  ModifyDBSnapshotAttributeCommand,
} from '@aws-sdk/client-rds';

import { TAGS } from '../../../workflows/plan/backup/manifest';
import { databaseSnapshotName } from '../../../workflows/plan/backup/name';
import { terminal } from '../../errors';
import { askAws } from '../errors';
import { isOurs, ownerTags } from '../ownership';
import { deleteDatabaseSnapshot, findDatabaseSnapshot } from '../rds/database-snapshots';
import type { PartKindActs } from './part-kind';

/** DB snapshots: the identifier is the same in every region. */
export const rdsPart: PartKindActs = {
  actions: {
    look: ['rds:DescribeDBSnapshots'],
    copy: ['rds:DescribeDBSnapshots', 'rds:CopyDBSnapshot', 'rds:AddTagsToResource', 'rds:DeleteDBSnapshot'],
    tag: ['rds:AddTagsToResource'],
    share: ['rds:DescribeDBSnapshotAttributes', 'rds:ModifyDBSnapshotAttribute'],
  },

  async look(dependencies, region, { name, id }) {
    const snapshot = await findDatabaseSnapshot(dependencies, region, id);
    if (snapshot === undefined) return { state: 'pending', progress: `${name} ${id} is not visible` };
    const state = snapshot.Status ?? 'unknown';
    if (state === 'failed') return { state: 'failed', reason: `${name} ${id} failed` };
    if (state !== 'available') {
      return { state: 'pending', progress: `${name} ${state}, ${snapshot.PercentProgress ?? 0} %` };
    }
    const arn = snapshot.DBSnapshotArn ?? null;
    const taken = snapshot.OriginalSnapshotCreateTime ?? snapshot.SnapshotCreateTime ?? new Date();
    return {
      state: 'complete',
      account: arn?.split(':')[4] ?? '',
      member: {
        kind: 'rds',
        name,
        id,
        arn,
        capturedAt: taken.toISOString(),
        sizeGiB: snapshot.AllocatedStorage ?? null,
        encrypted: snapshot.Encrypted === true,
        kmsKeyId: snapshot.KmsKeyId ?? null,
      },
    };
  },

  async copy(dependencies, { backup, to, member }, context) {
    const id = databaseSnapshotName(backup);
    const client = dependencies.aws.rds(to.region);
    const requireOurs = async (): Promise<boolean> => {
      const found = await findDatabaseSnapshot(dependencies, to.region, id);
      if (found === undefined) return false;
      if (isOurs(found.TagList, context)) return true;
      throw terminal(
        `database snapshot ${id} in ${to.region} exists and carries no tag of this run: it is not ours.`,
      );
    };
    if (await requireOurs()) return id;
    await askAws(
      { doing: 'copy', resource: `database snapshot ${member.id}`, region: to.region, pace: context.pace },
      async () => {
        await client.send(
          new CopyDBSnapshotCommand({
            // By ARN: a plain name would mean one of this region [A §5.4]. The SDK signs for the source's region by it.
            SourceDBSnapshotIdentifier: member.arn ?? '',
            TargetDBSnapshotIdentifier: id,
            ...(to.kmsKeyId === null || !member.encrypted ? {} : { KmsKeyId: to.kmsKeyId }),
            Tags: [
              ...ownerTags(context),
              { Key: TAGS.backup, Value: backup },
              { Key: TAGS.volume, Value: member.name },
              { Key: TAGS.capturedAt, Value: member.capturedAt },
            ],
          }),
        );
      },
      { exists: async () => void (await requireOurs()) },
    );
    return id;
  },

  async discardCopies(dependencies, { backup, to }, context) {
    const id = databaseSnapshotName(backup);
    const found = await findDatabaseSnapshot(dependencies, to.region, id);
    if (found === undefined || found.Status === 'deleting' || !isOurs(found.TagList, context)) return [];
    await deleteDatabaseSnapshot(dependencies, to.region, found, context.pace);
    return [id];
  },

  async sharedWith(dependencies, region, { id }) {
    const reply = await askAws(
      { doing: 'look who may use', resource: `database snapshot ${id}`, region },
      () =>
        dependencies.aws
          .rds(region)
          .send(new DescribeDBSnapshotAttributesCommand({ DBSnapshotIdentifier: id })),
    );
    const attributes = reply.DBSnapshotAttributesResult?.DBSnapshotAttributes ?? [];
    return attributes.find(({ AttributeName }) => AttributeName === 'restore')?.AttributeValues ?? [];
  },

  async share(dependencies, region, { id }, { account, allowed }) {
    await askAws({ doing: 'set who may use', resource: `database snapshot ${id}`, region }, () =>
      dependencies.aws.rds(region).send(
        new ModifyDBSnapshotAttributeCommand({
          DBSnapshotIdentifier: id,
          AttributeName: 'restore',
          ...(allowed ? { ValuesToAdd: [account] } : { ValuesToRemove: [account] }),
        }),
      ),
    );
  },

  async tag(dependencies, region, { id, arn }, tags) {
    await askAws({ doing: 'tag', resource: `database snapshot ${id}`, region }, () =>
      dependencies.aws.rds(region).send(
        new AddTagsToResourceCommand({
          ResourceName: arn ?? '',
          Tags: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })),
        }),
      ),
    );
  },
};
