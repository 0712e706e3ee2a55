import { AURORA } from '../../cluster';
import type { DatabaseCluster } from '../../cluster';
import { checkNewMember } from '../../cluster-rules';
import { answerInstance, needCluster } from '../../control';
import type { ApiControl } from '../../control';
import { SECONDS } from '../../durations';
import { faults } from '../../faults';
import type { InstanceTraits } from '../../instance';
import type { RdsRequest } from '../../request';
import { addInstance, checkNewId, defaultParameterGroup } from '../new-instance';

/**
 * CreateDBInstance with a cluster: the writer of the data that the cluster has. A restored cluster has to be available
 * first, as AWS documents it; the lab asks that of every one.
 */
export async function createMember(control: ApiControl, request: RdsRequest): Promise<object> {
  const id = request.need('DBInstanceIdentifier').toLowerCase();
  if (request.text('DBClusterIdentifier') === undefined || request.need('Engine') !== AURORA) {
    throw faults.combination(`Instances of DB clusters have the engine ${AURORA}, and no others have.`);
  }
  const cluster = needCluster(control, request);
  const { subnetGroup } = cluster.traits;
  const check = (): void => {
    checkNewId(control, request.region, id);
    const { id: name, status } = cluster;
    const writer = control.store.writerOf(cluster)?.id;
    const wanted = { names: request.names, subnetGroup: request.text('DBSubnetGroupName') };
    checkNewMember({ id: name, status, subnetGroup, writer }, wanted);
  };
  check();
  const parameterGroup =
    request.text('DBParameterGroupName') ?? defaultParameterGroup(cluster.traits.engineVersion, AURORA);
  await control.account.needParameterGroup(request.region, parameterGroup);
  check();

  const instance = addInstance(
    control,
    {
      ...sharedTraits(cluster),
      ...{ id, parameterGroup, subnetGroup },
      region: request.region,
      account: request.account,
      instanceClass: request.need('DBInstanceClass'),
      copyTags: request.flag('CopyTagsToSnapshot') ?? false,
      publiclyAccessible: request.flag('PubliclyAccessible') ?? false,
      availabilityZone: request.text('AvailabilityZone') ?? `${request.region}a`,
      tags: request.tags(),
    },
    cluster,
  );
  control.transitions.start(instance, {
    phases: [
      {
        status: 'creating',
        seconds: SECONDS.create,
        begin: () => instance.exclusively(() => control.servers.open(instance)),
        end: () => void (instance.reachable = true),
      },
    ],
    final: 'available',
  });
  return answerInstance(control, instance);
}

/** What a member shows of its cluster. Storage grows by itself, and the protection of the data is not the instance's. */
function sharedTraits({
  traits,
}: DatabaseCluster): Pick<
  InstanceTraits,
  | 'engineVersion'
  | 'username'
  | 'databaseName'
  | 'retention'
  | 'encrypted'
  | 'kmsKeyId'
  | 'securityGroups'
  | 'allocatedStorage'
  | 'multiAz'
  | 'deletionProtection'
> {
  const { engineVersion, username, databaseName, retention, encrypted, kmsKeyId, securityGroups } = traits;
  return {
    ...{ engineVersion, username, databaseName, retention, encrypted, kmsKeyId, securityGroups },
    ...{ allocatedStorage: 1, multiAz: false, deletionProtection: false },
  };
}
