import {
  CreateDBInstanceCommand,
  DeleteDBClusterCommand,
  ModifyDBClusterCommand,
  RestoreDBClusterFromSnapshotCommand,
} from '@aws-sdk/client-rds';
import type {
  CreateDBInstanceCommandInput,
  DBCluster,
  RestoreDBClusterFromSnapshotCommandInput,
} from '@aws-sdk/client-rds';

import type { StepContext, Undone } from '../../../workflows/runbook/step';
import type { Dependencies } from '../../dependencies';
import { needsPerson, terminal } from '../../errors';
import { askAws } from '../errors';
import { isOurs } from '../ownership';
import { isRepeated, lookAgain } from '../pace';
import { clusterSnapshots } from './cluster-snapshots';
import { isBroken, isServing } from './database-status';
import { clusterStatus, findCluster } from './find-cluster';
import { findDatabase } from './find-database';
import { adopted, deleteRestored } from './restored-database';
import type { RestoredDatabase } from './restored-database';

/** IAM actions of a step that restores a cluster snapshot and can take that back. */
export const CLUSTER_RESTORE_ACTIONS = [
  'rds:DescribeDBClusters',
  'rds:DescribeDBClusterSnapshots',
  'rds:RestoreDBClusterFromSnapshot',
  'rds:CreateDBInstance',
  'rds:ModifyDBCluster',
  'rds:DeleteDBCluster',
] as const;

export interface ClusterTarget {
  readonly region: string;
  readonly clusterId: string;
  /** Of its writer. */
  readonly databaseId: string;
  readonly snapshotId: string;
}

/** What cluster and writer are to be like: everything but their names and where they come from. */
export interface ClusterShape {
  readonly cluster: Omit<
    RestoreDBClusterFromSnapshotCommandInput,
    'DBClusterIdentifier' | 'SnapshotIdentifier' | 'Engine' | 'EngineVersion'
  >;
  readonly writer: Omit<
    CreateDBInstanceCommandInput,
    'DBInstanceIdentifier' | 'DBClusterIdentifier' | 'Engine'
  >;
}

/**
 * Restores a cluster snapshot under a name, and gives the cluster its writer once it is available: a restored cluster has no
 * instance. What an earlier attempt of this run has begun is adopted.
 * @param shape asked for only when a call has to be made
 * @throws Terminal when another cluster or database has the name; NotYet until the writer is being created
 */
export async function restoreCluster(
  dependencies: Dependencies,
  target: ClusterTarget,
  shape: () => ClusterShape | Promise<ClusterShape>,
  context: StepContext,
): Promise<RestoredDatabase> {
  const { region, clusterId, databaseId, snapshotId } = target;
  const cluster = await findCluster(dependencies, region, clusterId);
  if (cluster === undefined) {
    await beginCluster(dependencies, target, (await shape()).cluster, context);
    throw lookAgain(`cluster ${clusterId} is being restored`, context);
  }
  const status = adoptedCluster(target, cluster, context);
  if (isBroken(status)) {
    throw needsPerson(
      `cluster ${clusterId} in ${region} is ${status} after its restore from ${snapshotId}. Look at its events (key, ` +
        'subnets, capacity).',
    );
  }
  if (!isServing(status)) throw lookAgain(`cluster ${clusterId} is ${status}`, context);
  const writer = await findDatabase(dependencies, region, databaseId);
  if (writer !== undefined) return adopted(target, writer, context);
  const shaped = (await shape()).writer;
  await askAws(
    {
      doing: 'create',
      resource: `database ${databaseId} of cluster ${clusterId}`,
      region,
      pace: context.pace,
    },
    async () => {
      await dependencies.aws.rds(region).send(
        new CreateDBInstanceCommand({
          DBInstanceIdentifier: databaseId,
          DBClusterIdentifier: clusterId,
          Engine: cluster.Engine ?? 'aurora-postgresql',
          ...shaped,
        }),
      );
    },
    {
      exists: async ({ name, message }) => {
        const now = await findDatabase(dependencies, region, databaseId);
        if (now !== undefined) return void adopted(target, now, context);
        throw lookAgain(`the name ${databaseId} is not free yet: ${name}: ${message}`, context);
      },
    },
  );
  return { address: '', port: 5432 };
}

/** Deletes writer and cluster that this run has restored; no other is touched. */
export async function deleteRestoredCluster(
  dependencies: Dependencies,
  { region, clusterId, databaseId }: Omit<ClusterTarget, 'snapshotId'>,
  context: StepContext,
): Promise<Undone> {
  // A cluster is not deleted while an instance is in it.
  const { changed, facts } = await deleteRestored(dependencies, { region, databaseId }, context);
  const cluster = await findCluster(dependencies, region, clusterId);
  const all = { ...facts, clusterId };
  if (cluster === undefined || !isOurs(cluster.TagList, context)) {
    return { changed: changed || isRepeated(), facts: all };
  }
  const status = clusterStatus(cluster);
  if (status === 'deleting') throw lookAgain(`cluster ${clusterId} is deleting`, context);
  const about = {
    resource: `the restored cluster ${clusterId}`,
    region,
    state: status,
    pace: context.pace,
  };
  const client = dependencies.aws.rds(region);
  if (cluster.DeletionProtection === true) {
    await askAws({ ...about, doing: 'lift the deletion protection of' }, () =>
      client.send(
        new ModifyDBClusterCommand({
          DBClusterIdentifier: clusterId,
          DeletionProtection: false,
          ApplyImmediately: true,
        }),
      ),
    );
    throw lookAgain(`the deletion protection of ${clusterId} is being lifted`, context);
  }
  await askAws(
    { ...about, doing: 'delete' },
    async () => {
      await client.send(
        // It holds nothing but what the snapshot holds.
        new DeleteDBClusterCommand({ DBClusterIdentifier: clusterId, SkipFinalSnapshot: true }),
      );
    },
    { notFound: () => undefined },
  );
  throw lookAgain(`cluster ${clusterId} is being deleted`, context);
}

async function beginCluster(
  dependencies: Dependencies,
  target: ClusterTarget,
  shape: ClusterShape['cluster'],
  context: StepContext,
): Promise<void> {
  const { region, clusterId, snapshotId } = target;
  const snapshot = await clusterSnapshots.find(dependencies, region, snapshotId);
  await askAws(
    {
      doing: `restore ${snapshotId} as`,
      resource: `cluster ${clusterId}`,
      region,
      pace: context.pace,
    },
    async () => {
      await dependencies.aws.rds(region).send(
        new RestoreDBClusterFromSnapshotCommand({
          DBClusterIdentifier: clusterId,
          SnapshotIdentifier: snapshotId,
          Engine: snapshot?.engine ?? 'aurora-postgresql',
          // Without it AWS would take the newest version of the region.
          ...(snapshot?.engineVersion ? { EngineVersion: snapshot.engineVersion } : {}),
          ...shape,
        }),
      );
    },
    {
      // Ours by a lost answer, or a name that a renaming or a deletion has freed a moment ago [A §5.4, §6].
      exists: async ({ name, message }) => {
        const now = await findCluster(dependencies, region, clusterId);
        if (now !== undefined) return void adoptedCluster(target, now, context);
        throw lookAgain(`the name ${clusterId} is not free yet: ${name}: ${message}`, context);
      },
    },
  );
}

/** @throws Terminal when the cluster is not this run's */
function adoptedCluster(
  { region, clusterId }: Pick<ClusterTarget, 'region' | 'clusterId'>,
  cluster: DBCluster,
  context: StepContext,
): string {
  const status = clusterStatus(cluster);
  if (isOurs(cluster.TagList, context)) return status;
  throw terminal(
    `cluster ${clusterId} in ${region} (${status}) exists and carries no tag of this run. ` +
      'Look whose it is: nothing is restored over it.',
  );
}
