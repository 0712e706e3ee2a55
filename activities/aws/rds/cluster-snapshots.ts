import {
  CopyDBClusterSnapshotCommand,
  CreateDBClusterSnapshotCommand,
  DeleteDBClusterSnapshotCommand,
  DescribeDBClusterSnapshotAttributesCommand,
  DescribeDBClusterSnapshotsCommand,
  ModifyDBClusterSnapshotAttributeCommand,
} from '@aws-sdk/client-rds';
import type { DBClusterSnapshot } from '@aws-sdk/client-rds';

import { TAGS } from '../../../workflows/plan/backup/manifest';
import { tagValue } from '../ownership';
import { allPages } from '../pages';
import { findById } from './find-by-id';
import type { Describable } from './find-by-id';
import { clusterStatus, findCluster } from './find-cluster';
import type { SnapshotKind, StoredSnapshot } from './snapshot-kind';

const SNAPSHOTS: Describable<DBClusterSnapshot> = {
  noun: 'cluster snapshot',
  parameter: 'DBClusterSnapshotIdentifier',
  filter: 'db-cluster-snapshot-id',
  idOf: (snapshot) => snapshot.DBClusterSnapshotIdentifier,
  page: async (client, which) => {
    const reply = await client.send(new DescribeDBClusterSnapshotsCommand(which));
    return { items: reply.DBClusterSnapshots, next: reply.Marker };
  },
};

/** DB cluster snapshots: of Aurora, whose instances have none of their own. */
export const clusterSnapshots: SnapshotKind = {
  kind: 'aurora',
  noun: 'cluster snapshot',
  arnType: 'cluster-snapshot',
  parameter: 'DBClusterSnapshotIdentifier',
  calls: {
    describe: 'DescribeDBClusterSnapshots',
    describeSource: 'DescribeDBClusters',
    create: 'CreateDBClusterSnapshot',
    copy: 'CopyDBClusterSnapshot',
    delete: 'DeleteDBClusterSnapshot',
    describeSharing: 'DescribeDBClusterSnapshotAttributes',
    share: 'ModifyDBClusterSnapshotAttribute',
  },

  async find(dependencies, region, id) {
    const found = await findById(dependencies, SNAPSHOTS, region, id);
    return found === undefined ? undefined : stored(found);
  },

  async list(client) {
    const found = await allPages((Marker) =>
      SNAPSHOTS.page(client, {
        SnapshotType: 'manual',
        ...(Marker === undefined ? {} : { Marker }),
      }),
    );
    return found.map(stored);
  },

  async findSource(dependencies, region, { cluster: id = '' }) {
    const cluster = await findCluster(dependencies, region, id);
    if (cluster === undefined) return undefined;
    return { id, status: clusterStatus(cluster), resourceId: cluster.DbClusterResourceId ?? null };
  },

  async create(client, { of, id, tags }) {
    await client.send(
      new CreateDBClusterSnapshotCommand({
        DBClusterIdentifier: of,
        DBClusterSnapshotIdentifier: id,
        Tags: tags,
      }),
    );
  },

  async copy(client, { source, id, kmsKeyId, tags }) {
    await client.send(
      new CopyDBClusterSnapshotCommand({
        // By ARN, as with DB snapshots: a plain name would mean one of this region.
        SourceDBClusterSnapshotIdentifier: source,
        TargetDBClusterSnapshotIdentifier: id,
        ...(kmsKeyId === null ? {} : { KmsKeyId: kmsKeyId }),
        Tags: [...tags],
      }),
    );
  },

  async delete(client, id) {
    await client.send(new DeleteDBClusterSnapshotCommand({ DBClusterSnapshotIdentifier: id }));
  },

  async sharedWith(client, id) {
    const reply = await client.send(
      new DescribeDBClusterSnapshotAttributesCommand({ DBClusterSnapshotIdentifier: id }),
    );
    const attributes = reply.DBClusterSnapshotAttributesResult?.DBClusterSnapshotAttributes ?? [];
    return attributes.find(({ AttributeName }) => AttributeName === 'restore')?.AttributeValues ?? [];
  },

  async share(client, id, { account, allowed }) {
    await client.send(
      new ModifyDBClusterSnapshotAttributeCommand({
        DBClusterSnapshotIdentifier: id,
        AttributeName: 'restore',
        ...(allowed ? { ValuesToAdd: [account] } : { ValuesToRemove: [account] }),
      }),
    );
  },
};

function stored(snapshot: DBClusterSnapshot): StoredSnapshot {
  const startedAt = snapshot.SnapshotCreateTime;
  // A copy does not tell when its original was made, but by our own tag.
  const captured = Date.parse(tagValue(snapshot.TagList, TAGS.capturedAt) ?? '');
  return {
    id: snapshot.DBClusterSnapshotIdentifier ?? '',
    arn: snapshot.DBClusterSnapshotArn ?? null,
    status: snapshot.Status ?? 'without a status',
    percent: snapshot.PercentProgress ?? 0,
    capturedAt: Number.isNaN(captured) ? startedAt : new Date(captured),
    startedAt,
    sizeGiB: snapshot.AllocatedStorage ?? null,
    encrypted: snapshot.StorageEncrypted === true,
    kmsKeyId: snapshot.KmsKeyId ?? null,
    engine: snapshot.Engine ?? null,
    engineVersion: snapshot.EngineVersion ?? null,
    tags: snapshot.TagList ?? [],
  };
}
