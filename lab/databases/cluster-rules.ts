import { faults } from './faults';
import type { Settings } from './instance';

interface ClusterFacts {
  readonly id: string;
  readonly status: string;
}

export function checkClusterReady({ id, status }: ClusterFacts, action: string): void {
  if (status === 'available') return;
  throw faults.clusterState(
    `Cannot ${action} DB cluster ${id}: it is not in the available state but ${status}.`,
  );
}

/** Backups of a cluster cannot be switched off. */
export function checkClusterRetention(days: number): void {
  if (Number.isInteger(days) && days >= 1 && days <= 35) return;
  throw faults.value(`Invalid backup retention period: ${days}. Must be between 1 and 35.`);
}

/** DeleteDBCluster: the instances go first. */
export function checkClusterDeletion(
  cluster: ClusterFacts & {
    readonly deletionProtection: boolean;
    /** Status of its instance. */
    readonly writer: string | undefined;
  },
  request: { readonly skipFinalSnapshot: boolean; readonly finalSnapshotId: string | undefined },
): void {
  const { skipFinalSnapshot, finalSnapshotId } = request;
  if (cluster.deletionProtection) {
    throw faults.combination(
      'Cannot delete protected Cluster, please disable deletion protection and try again.',
    );
  }
  if (skipFinalSnapshot && finalSnapshotId !== undefined) {
    throw faults.combination(
      'FinalDBSnapshotIdentifier can not be specified when SkipFinalSnapshot is true.',
    );
  }
  if (!skipFinalSnapshot && finalSnapshotId === undefined) {
    throw faults.combination('FinalDBSnapshotIdentifier is required unless SkipFinalSnapshot is specified.');
  }
  if (cluster.status === 'deleting') throw faults.clusterState(`${cluster.id} is already being deleted.`);
  if (cluster.writer !== undefined && cluster.writer !== 'deleting') {
    throw faults.clusterState(
      'Cluster cannot be deleted, it still contains DB instances in non-deleting state.',
    );
  }
  if (finalSnapshotId !== undefined) checkClusterReady(cluster, 'create the final snapshot of');
}

/** Parameters of CreateDBInstance that belong to the cluster of a member. */
const OF_CLUSTER = [
  'MasterUsername',
  'MasterUserPassword',
  'DBName',
  'AllocatedStorage',
  'BackupRetentionPeriod',
  'VpcSecurityGroupIds',
  'MultiAZ',
  'DeletionProtection',
  'StorageEncrypted',
  'KmsKeyId',
] as const;

/** CreateDBInstance in a cluster. */
export function checkNewMember(
  cluster: ClusterFacts & { readonly subnetGroup: string; readonly writer: string | undefined },
  request: {
    /** Names of the parameters that the caller has set. */
    readonly names: ReadonlySet<string>;
    readonly subnetGroup: string | undefined;
  },
): void {
  const foreign = OF_CLUSTER.find((name) => request.names.has(name));
  if (foreign !== undefined) {
    throw faults.combination(
      `The requested DB Instance will be a member of a DB Cluster. Set ${foreign} for the DB Cluster.`,
    );
  }
  if (request.subnetGroup !== undefined && request.subnetGroup !== cluster.subnetGroup) {
    throw faults.combination(`The DB subnet group of ${cluster.id} is ${cluster.subnetGroup}.`);
  }
  checkClusterReady(cluster, 'create an instance in');
  if (cluster.writer !== undefined) {
    throw faults.clusterState(
      `${cluster.id} has the instance ${cluster.writer}; a cluster of the lab has one at most.`,
    );
  }
}

/** ModifyDBInstance of a member: these are the cluster's, also where the value would stay the same. */
export function checkMemberSettings(id: string, wanted: Settings): void {
  const {
    retention,
    securityGroups,
    multiAz,
    deletionProtection,
    password,
    allocatedStorage,
    engineVersion,
  } = wanted;
  const foreign = Object.entries({
    BackupRetentionPeriod: retention,
    VpcSecurityGroupIds: securityGroups,
    MultiAZ: multiAz,
    DeletionProtection: deletionProtection,
    MasterUserPassword: password,
    AllocatedStorage: allocatedStorage,
    EngineVersion: engineVersion,
  }).find(([, value]) => value !== undefined)?.[0];
  if (foreign === undefined) return;
  throw faults.combination(`${id} is a member of a DB cluster: modify ${foreign} of the DB cluster.`);
}
