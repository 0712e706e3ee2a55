import type { DrillSite, Site } from '../../../workflows/plan/instance';
import { observeDrillSite } from '../../../workflows/steps/verify';
import type { DrillFacts } from '../../../workflows/steps/verify';
import type { Dependencies } from '../../dependencies';
import { implementObservation } from '../../implement';
import type { ObservationImplementation } from '../../implement';
import { findGroup } from '../auto-scaling/group';
import { findStack, parameterOf } from '../cloudformation/stack';
import { findInstance } from '../ec2/find-instances';
import { isSameDevice } from '../ec2/volume-layout';
import { tagValue } from '../ownership';
import { statusOf } from '../rds/database-status';
import { clusterStatus, findCluster } from '../rds/find-cluster';
import { findDatabase } from '../rds/find-database';
import { liveDatabasesIn } from './live-databases';

/** Stack parameter of the version that the nodes install [B §9.1]. */
const VERSION = 'BitbucketVersion';

/** Unlike the look at a site it fails when a door is shut: nothing is urgent, and nothing is begun in the dark. */
export function observeDrillSiteImplementation(dependencies: Dependencies): ObservationImplementation {
  return implementObservation(
    observeDrillSite,
    [
      'autoscaling:DescribeAutoScalingGroups',
      'cloudformation:DescribeStacks',
      'ec2:DescribeInstances',
      'rds:DescribeDBClusters',
      'rds:DescribeDBInstances',
    ],
    ({ drill, sites }) => lookAtDrillSite(dependencies, drill, sites),
  );
}

export async function lookAtDrillSite(
  dependencies: Dependencies,
  { region, stack, nodes, fileServer, database }: DrillSite,
  sites: readonly Pick<Site, 'name' | 'region' | 'database'>[] = [],
): Promise<DrillFacts> {
  const { autoScalingGroup } = nodes;
  const [server, group, instance, cluster, found] = await Promise.all([
    findInstance(dependencies, region, fileServer.instanceId),
    findGroup(dependencies, { region, autoScalingGroup }),
    findDatabase(dependencies, region, database.id),
    database.cluster === undefined ? undefined : findCluster(dependencies, region, database.cluster),
    findStack(dependencies, region, stack.name),
  ]);
  return {
    fileServer: server?.State?.Name ?? null,
    availabilityZone: server?.Placement?.AvailabilityZone ?? '',
    attached: (server?.BlockDeviceMappings ?? [])
      .filter(({ DeviceName = '' }) =>
        fileServer.volumes.some(({ device }) => isSameDevice(DeviceName, device)),
      )
      .map(({ DeviceName, Ebs }) => `${DeviceName ?? '?'} ${Ebs?.VolumeId ?? '?'}`),
    group:
      group === undefined
        ? null
        : { desired: group.DesiredCapacity ?? 0, instances: group.Instances?.length ?? 0 },
    database:
      instance === undefined
        ? null
        : { status: statusOf(instance), run: tagValue(instance.TagList, 'runbooks:run') ?? null },
    cluster:
      cluster === undefined
        ? null
        : { status: clusterStatus(cluster), run: tagValue(cluster.TagList, 'runbooks:run') ?? null },
    version: found === undefined ? null : (parameterOf(found, VERSION) ?? null),
    live: found === undefined ? [] : liveDatabasesIn(found, sites),
  };
}
