import { checkMemberSettings } from '../cluster-rules';
import { answerInstance, backupPhase, factsOf, needInstance } from '../control';
import type { Control, Operation } from '../control';
import { SECONDS } from '../durations';
import { faults } from '../faults';
import type { DatabaseInstance, Settings } from '../instance';
import { checkIdentifier, checkModification } from '../preconditions';
import type { RdsRequest } from '../request';
import type { Phase } from '../transitions';
import { changesOnly, postpone } from './changes';

/**
 * ModifyDBInstance [A §4, §5.4]; gaps R9, R10. What may interrupt service waits in PendingModifiedValues for the
 * maintenance window, which the lab never reaches, or for a later call with ApplyImmediately; the rest is applied now.
 */
export const modifyInstance: Operation = async (control, request) => {
  const instance = needInstance(control, request);
  const settings = settingsOf(request);
  if (instance.cluster !== undefined) checkMemberSettings(instance.id, settings);
  const wanted = changesOnly<Settings>({ ...instance.traits, newId: instance.id }, settings);
  checkModification(factsOf(control, instance), wanted.retention);
  if (wanted.newId !== undefined) {
    checkIdentifier('NewDBInstanceIdentifier', wanted.newId, 63);
    const taken = control.store.instances.isTaken(instance.region, wanted.newId, control.clock.now());
    if (taken) throw faults.instanceExists();
  }
  if (wanted.password !== undefined && instance.source !== undefined) {
    throw faults.combination(`${instance.id} is a read replica: its master password is that of its source.`);
  }
  if (wanted.parameterGroup !== undefined) {
    await control.account.needParameterGroup(instance.region, wanted.parameterGroup);
  }
  checkModification(factsOf(control, instance), wanted.retention);

  const { now, later } = divide(instance, wanted, request.flag('ApplyImmediately') ?? false);
  instance.pending = later;
  if (Object.keys(now).length > 0) {
    control.transitions.start(instance, { phases: modification(control, instance, now), final: 'available' });
  }
  return answerInstance(control, instance);
};

function settingsOf(request: RdsRequest): Settings {
  const groups = request.list('VpcSecurityGroupIds');
  return {
    newId: request.text('NewDBInstanceIdentifier')?.toLowerCase(),
    instanceClass: request.text('DBInstanceClass'),
    allocatedStorage: request.number('AllocatedStorage'),
    engineVersion: request.text('EngineVersion'),
    multiAz: request.flag('MultiAZ'),
    retention: request.number('BackupRetentionPeriod'),
    password: request.text('MasterUserPassword'),
    deletionProtection: request.flag('DeletionProtection'),
    copyTags: request.flag('CopyTagsToSnapshot'),
    securityGroups: groups.length > 0 ? groups : undefined,
    parameterGroup: request.text('DBParameterGroupName'),
    maxAllocatedStorage: request.number('MaxAllocatedStorage'),
    backupWindow: request.text('PreferredBackupWindow'),
    maintenanceWindow: request.text('PreferredMaintenanceWindow'),
  };
}

const WAITING: readonly (keyof Settings)[] = [
  'newId',
  'instanceClass',
  'allocatedStorage',
  'engineVersion',
  'multiAz',
];

/** Divides into what is applied now and what waits. ApplyImmediately takes along what was waiting. */
export function divide(
  instance: { readonly pending: Settings; readonly traits: { readonly retention: number } },
  wanted: Settings,
  immediately: boolean,
): { readonly now: Settings; readonly later: Settings } {
  const all: Settings = { ...instance.pending, ...wanted };
  if (immediately) return { now: all, later: {} };
  const waiting = new Set(WAITING);
  // Between two periods above 0 nothing is interrupted; to and from 0 backups are switched on or off.
  const switchesBackups =
    all.retention !== undefined && (all.retention === 0) !== (instance.traits.retention === 0);
  if (switchesBackups) waiting.add('retention');
  return postpone(all, waiting);
}

function modification(control: Control, instance: DatabaseInstance, now: Settings): readonly Phase[] {
  const { newId, ...rest } = now;
  const phases: Phase[] = [];
  const startsBackups = instance.traits.retention === 0 && (rest.retention ?? 0) > 0;
  const { multiAz, ...soon } = rest;
  if (Object.keys(rest).length > 0) {
    if (multiAz !== undefined) instance.pending = { ...instance.pending, multiAz };
    phases.push({
      status: 'modifying',
      seconds: multiAz === undefined ? SECONDS.modify : SECONDS.modifyMultiAz,
      begin: () => apply(control, instance, soon),
      ...(multiAz === undefined ? {} : { end: () => converted(instance, multiAz) }),
    });
  }
  if (newId !== undefined) phases.push(...renaming(control, instance, newId));
  return startsBackups ? [...phases, ...backupPhase(rest.retention ?? 0)] : phases;
}

/** The second instance is there, or gone: until then it was pending [RDS guide, "Converting to Multi-AZ"]. */
function converted(instance: DatabaseInstance, multiAz: boolean): void {
  const { multiAz: _waiting, ...pending } = instance.pending;
  instance.pending = pending;
  instance.traits.multiAz = multiAz;
}

async function apply(control: Control, instance: DatabaseInstance, settings: Settings): Promise<void> {
  const { newId: _newId, password, parameterGroup, ...direct } = settings;
  Object.assign(instance.traits, direct);
  if (parameterGroup !== undefined) {
    instance.traits.parameterGroup = parameterGroup;
    instance.parameterGroupStatus = 'pending-reboot';
  }
  if (direct.securityGroups !== undefined) await control.servers.applyAccess(instance);
  if (password !== undefined) {
    await instance.exclusively(() =>
      control.servers.setPassword(instance.server, instance.traits.username, password),
    );
  }
}

/** The former endpoint goes at once, the new one comes at the end; replicas follow [A §5.4]; gap R9. */
function renaming(control: Control, instance: DatabaseInstance, newId: string): readonly Phase[] {
  const { clock, servers, store } = control;
  return [
    {
      status: 'renaming',
      seconds: SECONDS.rename,
      begin: () =>
        instance.exclusively(async () => {
          if (instance.id !== newId) {
            store.instances.rename(instance, newId, clock.now() + SECONDS.freedName * 1000);
          }
          await servers.move(instance);
        }),
      end: async () => {
        await instance.exclusively(() => servers.start(instance));
        for (const replica of store.replicasOf(instance)) await servers.follow(replica, instance);
      },
    },
  ];
}
