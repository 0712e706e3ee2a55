import { AURORA } from '../cluster';
import { answerInstance, backupPhase } from '../control';
import type { ApiControl, Operation } from '../control';
import { SECONDS } from '../durations';
import { faults } from '../faults';
import type { InstanceTraits } from '../instance';
import { checkMaster, checkRetention } from '../preconditions';
import type { RdsRequest } from '../request';
import { createMember } from './clusters/create-member';
import { addInstance, checkNewId, defaultParameterGroup } from './new-instance';

export const createInstance: Operation = async (control, request) => {
  const id = request.need('DBInstanceIdentifier').toLowerCase();
  const engine = request.need('Engine');
  if (request.text('DBClusterIdentifier') !== undefined || engine === AURORA) {
    return createMember(control, request);
  }
  if (engine !== 'postgres') {
    throw faults.value(`Invalid DB engine: ${engine}; the lab has postgres and ${AURORA}.`);
  }
  const password = request.need('MasterUserPassword');
  checkMaster(request.need('MasterUsername'), password);
  checkNewId(control, request.region, id);
  const traits = await traitsOf(control, request, id);
  checkNewId(control, request.region, id);

  const instance = addInstance(control, traits);
  control.transitions.start(instance, {
    phases: [
      {
        status: 'creating',
        seconds: SECONDS.create,
        begin: () => instance.exclusively(() => control.servers.create(instance, password)),
        end: () => void (instance.reachable = true),
      },
      ...backupPhase(traits.retention),
    ],
    final: 'available',
  });
  return answerInstance(control, instance);
};

async function traitsOf(control: ApiControl, request: RdsRequest, id: string): Promise<InstanceTraits> {
  const { region, account } = request;
  const engineVersion = request.text('EngineVersion') ?? control.servers.engineVersion;
  const retention = request.number('BackupRetentionPeriod') ?? 1;
  checkRetention(retention);
  const parameterGroup = request.text('DBParameterGroupName') ?? defaultParameterGroup(engineVersion);
  const subnetGroup = request.text('DBSubnetGroupName') ?? 'default';
  await control.account.needParameterGroup(region, parameterGroup);
  await control.account.needSubnetGroup(region, subnetGroup);
  const groups = request.list('VpcSecurityGroupIds');
  return {
    id,
    region,
    account,
    instanceClass: request.need('DBInstanceClass'),
    allocatedStorage: request.number('AllocatedStorage') ?? 20,
    engineVersion,
    username: request.need('MasterUsername'),
    databaseName: request.text('DBName'),
    retention,
    multiAz: request.flag('MultiAZ') ?? false,
    deletionProtection: request.flag('DeletionProtection') ?? false,
    copyTags: request.flag('CopyTagsToSnapshot') ?? false,
    publiclyAccessible: request.flag('PubliclyAccessible') ?? false,
    encrypted: request.flag('StorageEncrypted') ?? false,
    kmsKeyId: request.text('KmsKeyId'),
    securityGroups: groups.length > 0 ? groups : await control.account.defaultSecurityGroups(region),
    parameterGroup,
    subnetGroup,
    availabilityZone: request.text('AvailabilityZone') ?? `${region}a`,
    maxAllocatedStorage: request.number('MaxAllocatedStorage'),
    backupWindow: request.text('PreferredBackupWindow'),
    maintenanceWindow: request.text('PreferredMaintenanceWindow'),
    logExports: request.list('EnableCloudwatchLogsExports'),
    certificateAuthority: request.text('CACertificateIdentifier'),
    tags: request.tags(),
  };
}
