import { AURORA, DatabaseCluster } from '../../cluster';
import type { ClusterTraits } from '../../cluster';
import { checkClusterRetention } from '../../cluster-rules';
import type { ApiControl, Control } from '../../control';
import { QUOTAS } from '../../durations';
import { faults } from '../../faults';
import { newResourceId } from '../../instance';
import { checkIdentifier } from '../../preconditions';
import type { RdsRequest } from '../../request';
import { defaultParameterGroup } from '../new-instance';

export function needAurora(request: RdsRequest): void {
  const engine = request.need('Engine');
  if (engine !== AURORA)
    throw faults.value(`Invalid DB engine: ${engine}; clusters of the lab have ${AURORA}.`);
}

/** @throws AwsFault for an identifier that is malformed or in use, and for the quota */
export function checkNewCluster(control: Control, region: string, id: string): void {
  checkIdentifier('DBClusterIdentifier', id, 63);
  if (control.store.clusters.isTaken(region, id, control.clock.now())) throw faults.clusterExists();
  if (control.store.clusters.all(region).length >= QUOTAS.clusters) throw faults.clusterQuota();
}

/** What the caller of a call that makes a cluster decides, whatever it is made of. */
export async function requestedTraits(
  control: ApiControl,
  request: RdsRequest,
  { engineVersion, retention }: { readonly engineVersion: string; readonly retention: number },
): Promise<Omit<ClusterTraits, 'id' | 'username' | 'databaseName' | 'encrypted' | 'kmsKeyId'>> {
  const { region, account } = request;
  const days = request.number('BackupRetentionPeriod') ?? retention;
  checkClusterRetention(days);
  const parameterGroup =
    request.text('DBClusterParameterGroupName') ?? defaultParameterGroup(engineVersion, AURORA);
  const subnetGroup = request.text('DBSubnetGroupName') ?? 'default';
  await control.account.needClusterParameterGroup(region, parameterGroup);
  await control.account.needSubnetGroup(region, subnetGroup);
  const groups = request.list('VpcSecurityGroupIds');
  return {
    ...{ region, account, engineVersion, parameterGroup, subnetGroup },
    retention: days,
    deletionProtection: request.flag('DeletionProtection') ?? false,
    copyTags: request.flag('CopyTagsToSnapshot') ?? false,
    securityGroups: groups.length > 0 ? groups : await control.account.defaultSecurityGroups(region),
    tags: request.tags(),
  };
}

/** Records a cluster in status `creating`, without data and instance. */
export function addCluster(control: Control, traits: ClusterTraits): DatabaseCluster {
  const { servers, store, clock } = control;
  const resourceId = newResourceId('cluster');
  const address = servers.allocate(traits.region);
  const storage = servers.makeStorage(resourceId);
  const cluster = new DatabaseCluster(traits, resourceId, address, storage, clock.now());
  store.clusters.add(cluster);
  return cluster;
}
