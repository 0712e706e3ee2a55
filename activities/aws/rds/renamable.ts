import { ModifyDBClusterCommand, ModifyDBInstanceCommand } from '@aws-sdk/client-rds';

import type { SetDatabaseAside } from '../../../workflows/steps/restore';
import type { Dependencies } from '../../dependencies';
import type { TagLike } from '../ownership';
import { sourceOf, statusOf } from './database-status';
import { clusterStatus, findCluster } from './find-cluster';
import { findDatabase } from './find-database';

/** A DB instance or a DB cluster as a renaming sees it. */
export interface Named {
  readonly arn: string;
  readonly status: string;
  /** Survives a renaming. */
  readonly resourceId: string | null;
  /** The name that it is about to get. */
  readonly pendingId: string | undefined;
  /** Of a replica. */
  readonly source: string | null;
  readonly replicas: readonly string[];
  readonly tags: readonly TagLike[];
}

/** What is set aside by another name: the database, and the cluster where it is of one. */
export interface Renamable {
  readonly noun: 'database' | 'cluster';
  readonly region: string;
  /** Its name, and the one that it is to get. */
  readonly id: string;
  readonly asideId: string;
  /** Key of `before` and `material` for its resource id. */
  readonly fact: 'resourceId' | 'clusterResourceId';
  /** Of the API, for plans. */
  readonly call: { readonly action: string; readonly parameter: string };
  find(id: string): Promise<Named | undefined>;
  /** Begins the renaming, at once rather than in the maintenance window. */
  rename(from: string, to: string): Promise<void>;
}

/** The instance first: as long as it has the name, a restored cluster gets no writer. */
export function renamables(
  dependencies: Dependencies,
  { region, databaseId, asideId, cluster }: SetDatabaseAside,
): readonly Renamable[] {
  const instance: Renamable = {
    ...{ noun: 'database', region, id: databaseId, asideId, fact: 'resourceId' },
    call: { action: 'ModifyDBInstance', parameter: 'NewDBInstanceIdentifier' },
    find: (id) => findNamedInstance(dependencies, region, id),
    async rename(from, to) {
      await dependencies.aws.rds(region).send(
        new ModifyDBInstanceCommand({
          DBInstanceIdentifier: from,
          NewDBInstanceIdentifier: to,
          ApplyImmediately: true,
        }),
      );
    },
  };
  if (cluster === undefined) return [instance];
  return [
    instance,
    {
      ...{ noun: 'cluster', region, id: cluster.id, asideId: cluster.asideId, fact: 'clusterResourceId' },
      call: { action: 'ModifyDBCluster', parameter: 'NewDBClusterIdentifier' },
      find: (id) => findNamedCluster(dependencies, region, id),
      async rename(from, to) {
        await dependencies.aws.rds(region).send(
          new ModifyDBClusterCommand({
            DBClusterIdentifier: from,
            NewDBClusterIdentifier: to,
            ApplyImmediately: true,
          }),
        );
      },
    },
  ];
}

async function findNamedInstance(
  dependencies: Dependencies,
  region: string,
  id: string,
): Promise<Named | undefined> {
  const found = await findDatabase(dependencies, region, id);
  if (found === undefined) return undefined;
  return {
    arn: found.DBInstanceArn ?? '',
    status: statusOf(found),
    resourceId: found.DbiResourceId ?? null,
    pendingId: found.PendingModifiedValues?.DBInstanceIdentifier,
    source: sourceOf(found),
    replicas: found.ReadReplicaDBInstanceIdentifiers ?? [],
    tags: found.TagList ?? [],
  };
}

async function findNamedCluster(
  dependencies: Dependencies,
  region: string,
  id: string,
): Promise<Named | undefined> {
  const found = await findCluster(dependencies, region, id);
  if (found === undefined) return undefined;
  return {
    arn: found.DBClusterArn ?? '',
    status: clusterStatus(found),
    resourceId: found.DbClusterResourceId ?? null,
    pendingId: found.PendingModifiedValues?.DBClusterIdentifier,
    source: found.ReplicationSourceIdentifier || null,
    replicas: found.ReadReplicaIdentifiers ?? [],
    tags: found.TagList ?? [],
  };
}
