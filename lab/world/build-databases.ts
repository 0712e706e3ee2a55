import {
  CreateDBClusterCommand,
  CreateDBInstanceCommand,
  CreateDBInstanceReadReplicaCommand,
  DescribeDBClustersCommand,
  DescribeDBInstancesCommand,
} from '@aws-sdk/client-rds';

import type { LabAws } from './aws';
import type { BuiltSite } from './lab-estate';
import { ACCOUNT, DATABASE_NAME, DATABASE_USER, INSTANCE } from './layout';
import { need, until } from './until';

export interface DatabaseEndpoint {
  readonly host: string;
  readonly port: number;
}

/** The writable database of the primary site. @returns its endpoint once it is available */
export async function createDatabase(
  aws: LabAws,
  { layout, databaseGroupId }: BuiltSite,
  password: string,
): Promise<DatabaseEndpoint> {
  await aws.rds.send(
    new CreateDBInstanceCommand({
      DBInstanceIdentifier: layout.databaseId,
      DBInstanceClass: 'db.m5.large',
      Engine: 'postgres',
      AllocatedStorage: 100,
      DBName: DATABASE_NAME,
      MasterUsername: DATABASE_USER,
      MasterUserPassword: password,
      VpcSecurityGroupIds: [databaseGroupId],
      BackupRetentionPeriod: 7,
      DeletionProtection: true,
      MultiAZ: true,
      Tags: [{ Key: 'Cluster', Value: INSTANCE }],
    }),
  );
  return untilAvailable(aws, layout.databaseId);
}

/** The same as the writer of an Aurora cluster. */
export async function createAuroraDatabase(
  aws: LabAws,
  { layout, databaseGroupId }: BuiltSite,
  password: string,
): Promise<DatabaseEndpoint> {
  const { databaseCluster, databaseId } = layout;
  const tags = [{ Key: 'Cluster', Value: INSTANCE }];
  await aws.rds.send(
    new CreateDBClusterCommand({
      DBClusterIdentifier: databaseCluster,
      Engine: 'aurora-postgresql',
      DatabaseName: DATABASE_NAME,
      MasterUsername: DATABASE_USER,
      MasterUserPassword: password,
      VpcSecurityGroupIds: [databaseGroupId],
      BackupRetentionPeriod: 7,
      DeletionProtection: true,
      Tags: tags,
    }),
  );
  await until(`cluster ${databaseCluster} available`, 60, async () => {
    const { DBClusters } = await aws.rds.send(
      new DescribeDBClustersCommand({ DBClusterIdentifier: databaseCluster }),
    );
    return DBClusters?.[0]?.Status === 'available' || undefined;
  });
  await aws.rds.send(
    new CreateDBInstanceCommand({
      DBInstanceIdentifier: databaseId,
      DBClusterIdentifier: databaseCluster,
      DBInstanceClass: 'db.r6g.large',
      Engine: 'aurora-postgresql',
      Tags: tags,
    }),
  );
  return untilAvailable(aws, databaseId);
}

/** The cross-region replica of the standby site; available when this resolves. */
export async function createReplica(aws: LabAws, site: BuiltSite, source: BuiltSite): Promise<void> {
  const { region, databaseId } = source.layout;
  await aws.rds.send(
    new CreateDBInstanceReadReplicaCommand({
      DBInstanceIdentifier: site.layout.databaseId,
      SourceDBInstanceIdentifier: `arn:aws:rds:${region}:${ACCOUNT}:db:${databaseId}`,
      DBInstanceClass: 'db.m5.large',
      VpcSecurityGroupIds: [site.databaseGroupId],
      Tags: [{ Key: 'Cluster', Value: site.layout.stack }],
    }),
  );
  await untilAvailable(aws, site.layout.databaseId);
}

function untilAvailable(aws: LabAws, databaseId: string): Promise<DatabaseEndpoint> {
  return until(`database ${databaseId} available`, 60, async () => {
    const { DBInstances } = await aws.rds.send(
      new DescribeDBInstancesCommand({ DBInstanceIdentifier: databaseId }),
    );
    const instance = DBInstances?.[0];
    if (instance?.DBInstanceStatus !== 'available') return undefined;
    return {
      host: need(instance.Endpoint?.Address, 'Endpoint.Address'),
      port: instance.Endpoint?.Port ?? 5432,
    };
  });
}
