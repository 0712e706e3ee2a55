import {
  CopyDBSnapshotCommand,
  CreateDBSnapshotCommand,
  DeleteDBSnapshotCommand,
  DescribeDBSnapshotAttributesCommand,
  DescribeDBSnapshotsCommand,
  ModifyDBSnapshotAttributeCommand,
} from '@aws-sdk/client-rds';
import type { DBSnapshot } from '@aws-sdk/client-rds';

import { allPages } from '../pages';
import { findDatabaseSnapshot } from './database-snapshots';
import { statusOf } from './database-status';
import { findDatabase } from './find-database';
import type { SnapshotKind, StoredSnapshot } from './snapshot-kind';

/** DB snapshots: of an instance that stands by itself. */
export const instanceSnapshots: SnapshotKind = {
  kind: 'rds',
  noun: 'database snapshot',
  arnType: 'snapshot',
  parameter: 'DBSnapshotIdentifier',
  calls: {
    describe: 'DescribeDBSnapshots',
    describeSource: 'DescribeDBInstances',
    create: 'CreateDBSnapshot',
    copy: 'CopyDBSnapshot',
    delete: 'DeleteDBSnapshot',
    describeSharing: 'DescribeDBSnapshotAttributes',
    share: 'ModifyDBSnapshotAttribute',
  },

  async find(dependencies, region, id) {
    const found = await findDatabaseSnapshot(dependencies, region, id);
    return found === undefined ? undefined : stored(found);
  },

  async list(client) {
    const found = await allPages(async (Marker) => {
      const reply = await client.send(
        new DescribeDBSnapshotsCommand({
          SnapshotType: 'manual',
          ...(Marker === undefined ? {} : { Marker }),
        }),
      );
      return { items: reply.DBSnapshots, next: reply.Marker };
    });
    return found.map(stored);
  },

  async findSource(dependencies, region, { id }) {
    const instance = await findDatabase(dependencies, region, id);
    if (instance === undefined) return undefined;
    return { id, status: statusOf(instance), resourceId: instance.DbiResourceId ?? null };
  },

  async create(client, { of, id, tags }) {
    await client.send(
      new CreateDBSnapshotCommand({ DBInstanceIdentifier: of, DBSnapshotIdentifier: id, Tags: tags }),
    );
  },

  async copy(client, { source, id, kmsKeyId, tags }) {
    await client.send(
      new CopyDBSnapshotCommand({
        // By ARN: a plain name would mean one of this region [A §5.4]. The SDK signs for the source's region by it.
        SourceDBSnapshotIdentifier: source,
        TargetDBSnapshotIdentifier: id,
        ...(kmsKeyId === null ? {} : { KmsKeyId: kmsKeyId }),
        Tags: [...tags],
      }),
    );
  },

  async delete(client, id) {
    await client.send(new DeleteDBSnapshotCommand({ DBSnapshotIdentifier: id }));
  },

  async sharedWith(client, id) {
    const reply = await client.send(new DescribeDBSnapshotAttributesCommand({ DBSnapshotIdentifier: id }));
    const attributes = reply.DBSnapshotAttributesResult?.DBSnapshotAttributes ?? [];
    return attributes.find(({ AttributeName }) => AttributeName === 'restore')?.AttributeValues ?? [];
  },

  async share(client, id, { account, allowed }) {
    await client.send(
      new ModifyDBSnapshotAttributeCommand({
        DBSnapshotIdentifier: id,
        AttributeName: 'restore',
        ...(allowed ? { ValuesToAdd: [account] } : { ValuesToRemove: [account] }),
      }),
    );
  },
};

function stored(snapshot: DBSnapshot): StoredSnapshot {
  return {
    id: snapshot.DBSnapshotIdentifier ?? '',
    arn: snapshot.DBSnapshotArn ?? null,
    status: snapshot.Status ?? 'without a status',
    percent: snapshot.PercentProgress ?? 0,
    capturedAt: snapshot.OriginalSnapshotCreateTime ?? snapshot.SnapshotCreateTime,
    startedAt: snapshot.SnapshotCreateTime,
    sizeGiB: snapshot.AllocatedStorage ?? null,
    encrypted: snapshot.Encrypted === true,
    kmsKeyId: snapshot.KmsKeyId ?? null,
    engine: snapshot.Engine ?? null,
    engineVersion: snapshot.EngineVersion ?? null,
    tags: snapshot.TagList ?? [],
  };
}
