import { DescribeDBClustersCommand } from '@aws-sdk/client-rds';
import type { DBCluster } from '@aws-sdk/client-rds';

import type { Dependencies } from '../../dependencies';
import { findById } from './find-by-id';
import type { Describable } from './find-by-id';

const CLUSTERS: Describable<DBCluster> = {
  noun: 'database cluster',
  parameter: 'DBClusterIdentifier',
  filter: 'db-cluster-id',
  idOf: (cluster) => cluster.DBClusterIdentifier,
  page: async (client, which) => {
    const reply = await client.send(new DescribeDBClustersCommand(which));
    return { items: reply.DBClusters, next: reply.Marker };
  },
};

/** The DB cluster; undefined when there is none of that id in the region. Asked together with others' questions. */
export function findCluster(
  dependencies: Dependencies,
  region: string,
  id: string,
): Promise<DBCluster | undefined> {
  return findById(dependencies, CLUSTERS, region, id);
}

export function clusterStatus(cluster: DBCluster): string {
  return cluster.Status ?? 'without a status';
}

/** Members but the one that an operator means, e.g. the readers. */
export function otherMembers(cluster: DBCluster | undefined, databaseId: string): readonly string[] {
  return (cluster?.DBClusterMembers ?? [])
    .map((one) => one.DBInstanceIdentifier ?? '')
    .filter((id) => id !== databaseId);
}
