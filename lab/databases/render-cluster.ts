import { AURORA } from './cluster';
import type { ClusterSettings, DatabaseCluster } from './cluster';
import type { DatabaseInstance } from './instance';
import { PORT } from './postgres/settings';
import { renderSecurityGroups, renderTags } from './render';

/** What a Describe tells besides the cluster's own record. */
export interface ClusterView {
  readonly status: string;
  readonly writer: DatabaseInstance | undefined;
}

/** A DBCluster in the words of the RDS API; unlike an instance it names its groups by plain texts. */
export function renderCluster(cluster: DatabaseCluster, { status, writer }: ClusterView): object {
  const { traits } = cluster;
  return {
    DBClusterIdentifier: traits.id,
    DBClusterArn: cluster.arn,
    DbClusterResourceId: cluster.resourceId,
    Status: status,
    Engine: AURORA,
    EngineMode: 'provisioned',
    EngineVersion: traits.engineVersion,
    MasterUsername: traits.username,
    DatabaseName: traits.databaseName,
    // Told whether or not somebody answers there.
    Endpoint: cluster.address,
    ReaderEndpoint: cluster.address,
    HostedZoneId: 'ZLABDATABASES',
    Port: PORT,
    AllocatedStorage: 1,
    StorageType: 'aurora',
    AvailabilityZones: { AvailabilityZone: ['a', 'b', 'c'].map((zone) => `${traits.region}${zone}`) },
    MultiAZ: false,
    ClusterCreateTime: new Date(cluster.createdAt),
    BackupRetentionPeriod: traits.retention,
    PreferredBackupWindow: '03:00-03:30',
    PreferredMaintenanceWindow: 'sun:04:00-sun:04:30',
    DeletionProtection: traits.deletionProtection,
    CopyTagsToSnapshot: traits.copyTags,
    StorageEncrypted: traits.encrypted,
    KmsKeyId: traits.kmsKeyId,
    IAMDatabaseAuthenticationEnabled: false,
    VpcSecurityGroups: renderSecurityGroups(traits.securityGroups),
    DBClusterParameterGroup: traits.parameterGroup,
    DBSubnetGroup: traits.subnetGroup,
    DBClusterMembers: {
      DBClusterMember:
        writer === undefined
          ? []
          : {
              DBInstanceIdentifier: writer.id,
              IsClusterWriter: true,
              DBClusterParameterGroupStatus: 'in-sync',
              PromotionTier: 1,
            },
    },
    PendingModifiedValues: renderPending(cluster.pending),
    TagList: renderTags(traits.tags),
  };
}

function renderPending(pending: ClusterSettings): object {
  return {
    DBClusterIdentifier: pending.newId,
    MasterUserPassword: pending.password === undefined ? undefined : '****',
  };
}
