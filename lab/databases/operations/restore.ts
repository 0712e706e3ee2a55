import { answerInstance, backupPhase } from '../control';
import type { Operation } from '../control';
import { SECONDS } from '../durations';
import { faults } from '../faults';
import { needSnapshot } from '../find-snapshot';
import { checkRetention, checkSnapshotAvailable } from '../preconditions';
import { addInstance, checkNewId, defaultParameterGroup, inheritedTraits } from './new-instance';

/** RestoreDBInstanceFromDBSnapshot: always a new instance with default groups unless given [A §5.4]. */
export const restoreInstance: Operation = async (control, request) => {
  const { region, account } = request;
  const id = request.need('DBInstanceIdentifier').toLowerCase();
  const snapshot = needSnapshot(control, 'instance', request, request.need('DBSnapshotIdentifier'));
  if (snapshot.region !== region) throw faults.noSnapshot('instance', request.need('DBSnapshotIdentifier'));
  const check = (): void => {
    checkSnapshotAvailable(snapshot);
    checkNewId(control, region, id);
  };
  check();
  const former = snapshot.origin;
  const parameterGroup = request.text('DBParameterGroupName') ?? defaultParameterGroup(former.engineVersion);
  const subnetGroup = request.text('DBSubnetGroupName') ?? 'default';
  await control.account.needParameterGroup(region, parameterGroup);
  await control.account.needSubnetGroup(region, subnetGroup);
  const groups = request.list('VpcSecurityGroupIds');
  const securityGroups = groups.length > 0 ? groups : await control.account.defaultSecurityGroups(region);
  const retention = request.number('BackupRetentionPeriod') ?? former.retention;
  checkRetention(retention);
  check();

  const instance = addInstance(control, {
    ...inheritedTraits(former),
    id,
    region,
    account,
    instanceClass: request.text('DBInstanceClass') ?? former.instanceClass,
    retention,
    multiAz: request.flag('MultiAZ') ?? false,
    deletionProtection: request.flag('DeletionProtection') ?? false,
    copyTags: request.flag('CopyTagsToSnapshot') ?? false,
    publiclyAccessible: request.flag('PubliclyAccessible') ?? false,
    encrypted: snapshot.encrypted,
    kmsKeyId: snapshot.kmsKeyId,
    securityGroups,
    parameterGroup,
    subnetGroup,
    availabilityZone: request.text('AvailabilityZone') ?? `${region}a`,
    backupWindow: request.text('PreferredBackupWindow'),
    logExports: request.list('EnableCloudwatchLogsExports'),
    certificateAuthority: request.text('CACertificateIdentifier'),
    tags: request.tags(),
  });
  control.transitions.start(instance, {
    phases: [
      {
        status: 'creating',
        seconds: SECONDS.restore,
        begin: () => instance.exclusively(() => control.servers.restore(instance, snapshot.directory)),
        end: () => void (instance.reachable = true),
      },
      ...backupPhase(retention),
    ],
    final: 'available',
    failed: 'restore-error',
  });
  return answerInstance(control, instance);
};
