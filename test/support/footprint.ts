import { DescribeAutoScalingGroupsCommand } from '@aws-sdk/client-auto-scaling';
import { DescribeAlarmsCommand } from '@aws-sdk/client-cloudwatch';
import { DescribeSecurityGroupsCommand, DescribeVolumesCommand } from '@aws-sdk/client-ec2';
import { DescribeDBClustersCommand, DescribeDBInstancesCommand } from '@aws-sdk/client-rds';
import { readFileSync } from 'node:fs';
import type { FailoverBench } from './failover-bench';

const ROOT = '/dev/sda1';

/** Everything of both sites that a failover could change; equal footprints: nothing was changed, or all was taken back. */
export async function footprint(bench: FailoverBench) {
  const [primary, standby] = await Promise.all([siteOf(bench, 'primary'), siteOf(bench, 'standby')]);
  const { routes, instance } = bench.world;
  const { zoneId, name } = bench.world.estateInput().instances[instance]!.dns;
  const record = routes.zone(zoneId).served.find((one) => one.name.startsWith(name));
  return { primary, standby, dns: record?.values.join() };
}

async function siteOf({ world, aws: all }: FailoverBench, name: 'primary' | 'standby') {
  const { layout, fileServerId, databaseGroupId } = world.sites[name];
  const aws = all[name];
  const [groups, rules, volumes, databases, clusters, alarms] = await Promise.all([
    aws.autoScaling.send(new DescribeAutoScalingGroupsCommand({})),
    aws.ec2.send(new DescribeSecurityGroupsCommand({ GroupIds: [databaseGroupId] })),
    aws.ec2.send(new DescribeVolumesCommand({})),
    aws.rds.send(new DescribeDBInstancesCommand({})),
    aws.rds.send(new DescribeDBClustersCommand({})),
    aws.cloudWatch.send(new DescribeAlarmsCommand({ AlarmNames: [...layout.alarms] })),
  ]);
  return {
    groups: groups.AutoScalingGroups?.map((group) => ({
      numbers: [group.MinSize, group.DesiredCapacity, group.MaxSize],
      suspended: group.SuspendedProcesses?.map(({ ProcessName }) => ProcessName).sort(),
      nodes: group.Instances?.length,
    })),
    ingress: rules.SecurityGroups?.flatMap(({ IpPermissions = [] }) =>
      IpPermissions.map(({ FromPort, IpRanges = [] }) => [FromPort, ...IpRanges.map(({ CidrIp }) => CidrIp)]),
    ),
    exports: readFileSync(world.hosts.exportFile(fileServerId), 'utf8'),
    // Without root volumes: nodes that were stopped and started again are new machines.
    volumes: volumes.Volumes?.filter(({ Attachments = [] }) => Attachments[0]?.Device !== ROOT)
      .map(({ VolumeId, State, Attachments = [] }) => ({
        id: VolumeId,
        state: State,
        attached: Attachments.map(({ InstanceId, Device }) => [InstanceId, Device]),
      }))
      .sort((one, other) => String(one.id).localeCompare(String(other.id))),
    databases: databases.DBInstances?.map((database) => ({
      id: database.DBInstanceIdentifier,
      source: database.ReadReplicaSourceDBInstanceIdentifier ?? null,
      retention: database.BackupRetentionPeriod,
      // RDS takes long to set up the second instance, and users are let in before that.
      multiAz: database.MultiAZ === true || database.PendingModifiedValues?.MultiAZ === true,
    })),
    clusters: clusters.DBClusters?.map((cluster) => ({
      id: cluster.DBClusterIdentifier,
      resourceId: cluster.DbClusterResourceId,
      protected: cluster.DeletionProtection,
      members: cluster.DBClusterMembers?.map(({ DBInstanceIdentifier }) => DBInstanceIdentifier),
    })),
    alarms: alarms.MetricAlarms?.map(({ AlarmName, ActionsEnabled }) => [AlarmName, ActionsEnabled]).sort(),
    stack: world.stacks.parameters(layout.region, layout.stack),
  };
}
