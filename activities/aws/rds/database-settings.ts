import type { DBInstance } from '@aws-sdk/client-rds';

import type { Facts } from '../../../workflows/runbook/step';

/** The settings that a promoted replica lacks. */
export interface DatabaseSettings {
  readonly multiAz: boolean;
  readonly backupRetentionDays: number;
  readonly deletionProtection: boolean;
  readonly parameterGroup?: string | undefined;
  readonly securityGroups: readonly string[];
}

export type Setting = keyof DatabaseSettings;

/** What RDS has now; what is pending still counts as not there. */
export function settingsOf(instance: DBInstance): DatabaseSettings {
  return {
    multiAz: instance.MultiAZ ?? false,
    backupRetentionDays: instance.BackupRetentionPeriod ?? 0,
    deletionProtection: instance.DeletionProtection ?? false,
    parameterGroup: instance.DBParameterGroups?.[0]?.DBParameterGroupName,
    securityGroups: (instance.VpcSecurityGroups ?? []).map((one) => one.VpcSecurityGroupId ?? '').sort(),
  };
}

/** Names of the settings that differ. Not wanted at all counts as equal. */
export function differences(now: DatabaseSettings, wanted: DatabaseSettings): readonly Setting[] {
  const groups = (settings: DatabaseSettings): string => [...settings.securityGroups].sort().join(',');
  return [
    ...(now.multiAz === wanted.multiAz ? [] : (['multiAz'] as const)),
    ...(now.backupRetentionDays === wanted.backupRetentionDays ? [] : (['backupRetentionDays'] as const)),
    ...(now.deletionProtection === wanted.deletionProtection ? [] : (['deletionProtection'] as const)),
    ...(wanted.parameterGroup === undefined || now.parameterGroup === wanted.parameterGroup
      ? []
      : (['parameterGroup'] as const)),
    ...(wanted.securityGroups.length === 0 || groups(now) === groups(wanted)
      ? []
      : (['securityGroups'] as const)),
  ];
}

export function settingsAsFacts(settings: DatabaseSettings): Facts {
  return {
    multiAz: settings.multiAz,
    backupRetentionDays: settings.backupRetentionDays,
    deletionProtection: settings.deletionProtection,
    parameterGroup: settings.parameterGroup ?? null,
    securityGroups: settings.securityGroups.join(','),
  };
}

/** The settings in `before`; undefined when the check could not read them. */
export function settingsFromFacts(facts: Facts): DatabaseSettings | undefined {
  const { multiAz, backupRetentionDays, deletionProtection, parameterGroup, securityGroups } = facts;
  if (typeof multiAz !== 'boolean' || typeof backupRetentionDays !== 'number') return undefined;
  return {
    multiAz,
    backupRetentionDays,
    deletionProtection: deletionProtection === true,
    ...(typeof parameterGroup === 'string' ? { parameterGroup } : {}),
    securityGroups:
      typeof securityGroups === 'string' && securityGroups !== '' ? securityGroups.split(',') : [],
  };
}

/** Members of ModifyDBInstance for the named settings. */
export function modification(wanted: DatabaseSettings, names: readonly Setting[]) {
  const has = (name: Setting): boolean => names.includes(name);
  return {
    ...(has('multiAz') ? { MultiAZ: wanted.multiAz } : {}),
    ...(has('backupRetentionDays') ? { BackupRetentionPeriod: wanted.backupRetentionDays } : {}),
    ...(has('deletionProtection') ? { DeletionProtection: wanted.deletionProtection } : {}),
    ...(has('parameterGroup') && wanted.parameterGroup !== undefined
      ? { DBParameterGroupName: wanted.parameterGroup }
      : {}),
    ...(has('securityGroups') ? { VpcSecurityGroupIds: [...wanted.securityGroups] } : {}),
  };
}
