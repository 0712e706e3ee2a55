import { answerInstance, factsOf } from '../control';
import type { ApiControl, Operation } from '../control';
import { SECONDS } from '../durations';
import { faults } from '../faults';
import type { DatabaseInstance } from '../instance';
import { checkReplica } from '../preconditions';
import { parseName } from '../request';
import type { RdsRequest } from '../request';
import { addInstance, checkNewId, defaultParameterGroup, inheritedTraits } from './new-instance';

/**
 * CreateDBInstanceReadReplica [A §5.3]: a streaming standby of the source. A replica in another Region starts with
 * that Region's default groups; every replica starts without backups, tags and Multi-AZ (gap R6).
 */
export const createReplica: Operation = async (control, request) => {
  const id = request.need('DBInstanceIdentifier').toLowerCase();
  const source = findSource(control, request);
  const crossRegion = source.region !== request.region;
  const kmsKeyId = request.text('KmsKeyId');
  const check = (): void => {
    checkNewId(control, request.region, id);
    if (!control.regions.reaches(source.region, request.region)) throw faults.unavailable(source.region);
    const replicas = control.store.replicasOf(source).length;
    checkReplica({ ...factsOf(control, source), replicas }, { crossRegion, kmsKeyId });
  };
  check();
  const groups = await groupsOf(control, request, source);
  check();

  const replica = addInstance(control, {
    ...inheritedTraits(source.traits),
    ...groups,
    id,
    region: request.region,
    account: request.account,
    instanceClass: request.text('DBInstanceClass') ?? source.traits.instanceClass,
    retention: 0,
    multiAz: request.flag('MultiAZ') ?? false,
    deletionProtection: request.flag('DeletionProtection') ?? false,
    copyTags: request.flag('CopyTagsToSnapshot') ?? false,
    publiclyAccessible: request.flag('PubliclyAccessible') ?? false,
    encrypted: source.traits.encrypted,
    kmsKeyId: kmsKeyId ?? source.traits.kmsKeyId,
    availabilityZone: request.text('AvailabilityZone') ?? `${request.region}a`,
    tags: request.tags(),
  });
  replica.source = { resourceId: source.resourceId, id: source.id, region: source.region };
  if (crossRegion) {
    control.transitions.start(source, {
      phases: [{ status: 'modifying', seconds: SECONDS.sourceOfReplica }],
      final: 'available',
    });
  }
  control.transitions.start(replica, {
    phases: [
      {
        status: 'creating',
        seconds: crossRegion ? SECONDS.replicaCrossRegion : SECONDS.replicaSameRegion,
        begin: () => replica.exclusively(() => control.servers.replicate(source, replica)),
        end: () => void (replica.reachable = true),
      },
    ],
    final: 'available',
  });
  return answerInstance(control, replica);
};

function findSource(control: ApiControl, request: RdsRequest): DatabaseInstance {
  const given = request.need('SourceDBInstanceIdentifier');
  const { region, id } = parseName(given, 'db', request.region);
  const source = control.store.instances.get(region, id);
  if (source === undefined) throw faults.noInstance(given);
  return source;
}

async function groupsOf(
  control: ApiControl,
  request: RdsRequest,
  source: DatabaseInstance,
): Promise<{ securityGroups: readonly string[]; parameterGroup: string; subnetGroup: string }> {
  const { region } = request;
  const sameRegion = source.region === region ? source.traits : undefined;
  const parameterGroup =
    request.text('DBParameterGroupName') ??
    sameRegion?.parameterGroup ??
    defaultParameterGroup(source.traits.engineVersion);
  const subnetGroup = request.text('DBSubnetGroupName') ?? sameRegion?.subnetGroup ?? 'default';
  await control.account.needParameterGroup(region, parameterGroup);
  await control.account.needSubnetGroup(region, subnetGroup);
  const groups = request.list('VpcSecurityGroupIds');
  const securityGroups =
    groups.length > 0
      ? groups
      : (sameRegion?.securityGroups ?? (await control.account.defaultSecurityGroups(region)));
  return { securityGroups, parameterGroup, subnetGroup };
}
