import { PORT } from './postgres/settings';
import type { DatabaseInstance, Settings } from './instance';

/** What a Describe tells besides the instance's own record. */
export interface InstanceView {
  readonly status: string;
  readonly replicas: readonly DatabaseInstance[];
  /** Identifier of the source now, or what it was when it was deleted. */
  readonly source: DatabaseInstance | undefined;
  readonly replication: Replication | undefined;
}

/** StatusInfos of type "read replication" [A §5.3]. */
export interface Replication {
  readonly status: 'replicating' | 'error' | 'terminated';
  readonly message: string;
}

/** A DBInstance in the words of the RDS API. An ARN names instances of other Regions, an identifier those of this. */
export function renderInstance(instance: DatabaseInstance, view: InstanceView): object {
  const { traits } = instance;
  const nameOf = (other: DatabaseInstance): string =>
    other.region === instance.region ? other.id : other.arn;
  const source = view.source === undefined ? instance.source?.id : nameOf(view.source);
  return {
    DBInstanceIdentifier: traits.id,
    DBInstanceArn: instance.arn,
    DbiResourceId: instance.resourceId,
    DBInstanceClass: traits.instanceClass,
    DBInstanceStatus: view.status,
    DBClusterIdentifier: instance.cluster?.id,
    PromotionTier: instance.cluster === undefined ? undefined : 1,
    Engine: instance.engine,
    EngineVersion: traits.engineVersion,
    LicenseModel: 'postgresql-license',
    MasterUsername: traits.username,
    DBName: traits.databaseName,
    Endpoint: instance.reachable
      ? { Address: instance.address, Port: PORT, HostedZoneId: 'ZLABDATABASES' }
      : undefined,
    AllocatedStorage: traits.allocatedStorage,
    StorageType: instance.cluster === undefined ? 'gp3' : 'aurora',
    InstanceCreateTime: new Date(instance.createdAt),
    BackupRetentionPeriod: traits.retention,
    MaxAllocatedStorage: traits.maxAllocatedStorage,
    PreferredBackupWindow: traits.backupWindow ?? '03:00-03:30',
    PreferredMaintenanceWindow: traits.maintenanceWindow ?? 'sun:04:00-sun:04:30',
    EnabledCloudwatchLogsExports: { member: traits.logExports ?? [] },
    CACertificateIdentifier: traits.certificateAuthority ?? 'rds-ca-rsa2048-g1',
    MultiAZ: traits.multiAz,
    AvailabilityZone: traits.availabilityZone,
    DeletionProtection: traits.deletionProtection,
    CopyTagsToSnapshot: traits.copyTags,
    PubliclyAccessible: traits.publiclyAccessible,
    StorageEncrypted: traits.encrypted,
    KmsKeyId: traits.kmsKeyId,
    AutoMinorVersionUpgrade: false,
    IAMDatabaseAuthenticationEnabled: false,
    VpcSecurityGroups: renderSecurityGroups(traits.securityGroups),
    DBParameterGroups: {
      DBParameterGroup: {
        DBParameterGroupName: traits.parameterGroup,
        ParameterApplyStatus: instance.parameterGroupStatus,
      },
    },
    DBSubnetGroup: { DBSubnetGroupName: traits.subnetGroup, SubnetGroupStatus: 'Complete' },
    PendingModifiedValues: renderPending(instance.pending),
    ReadReplicaSourceDBInstanceIdentifier: instance.source === undefined ? undefined : source,
    ReadReplicaDBInstanceIdentifiers: {
      ReadReplicaDBInstanceIdentifier: view.replicas.map(nameOf),
    },
    StatusInfos: {
      DBInstanceStatusInfo:
        view.replication === undefined
          ? []
          : {
              StatusType: 'read replication',
              Status: view.replication.status,
              Normal: view.replication.status === 'replicating',
              Message: view.replication.message === '' ? undefined : view.replication.message,
            },
    },
    TagList: renderTags(traits.tags),
  };
}

function renderPending(pending: Settings): object {
  return {
    DBInstanceIdentifier: pending.newId,
    DBInstanceClass: pending.instanceClass,
    AllocatedStorage: pending.allocatedStorage,
    EngineVersion: pending.engineVersion,
    MultiAZ: pending.multiAz,
    BackupRetentionPeriod: pending.retention,
    MasterUserPassword: pending.password === undefined ? undefined : '****',
  };
}

export function renderTags(tags: Readonly<Record<string, string>>): object {
  return { Tag: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })) };
}

export function renderSecurityGroups(groups: readonly string[]): object {
  return { VpcSecurityGroupMembership: groups.map((id) => ({ VpcSecurityGroupId: id, Status: 'active' })) };
}
