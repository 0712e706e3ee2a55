import type { DBInstance } from '@aws-sdk/client-rds';

import type { Facts } from '../../../workflows/runbook/step';

/** The settings that a promoted replica, or a restored database, lacks. */
export interface DatabaseSettings {
  readonly multiAz: boolean;
  readonly backupRetentionDays: number;
  readonly deletionProtection: boolean;
  readonly parameterGroup?: string | undefined;
  readonly securityGroups: readonly string[];
  /** GiB up to which RDS extends the storage by itself. */
  readonly maxAllocatedStorage?: number | undefined;
  readonly backupWindow?: string | undefined;
  readonly maintenanceWindow?: string | undefined;
}

export type Setting = keyof DatabaseSettings;

const CARRIED_OVER = ['maxAllocatedStorage', 'backupWindow', 'maintenanceWindow'] as const;

type CarriedOver = (typeof CARRIED_OVER)[number];

/** What RDS has now; what is pending still counts as not there. */
export function settingsOf(instance: DBInstance): DatabaseSettings {
  return {
    multiAz: instance.MultiAZ ?? false,
    backupRetentionDays: instance.BackupRetentionPeriod ?? 0,
    deletionProtection: instance.DeletionProtection ?? false,
    parameterGroup: instance.DBParameterGroups?.[0]?.DBParameterGroupName,
    securityGroups: (instance.VpcSecurityGroups ?? []).map((one) => one.VpcSecurityGroupId ?? '').sort(),
    ...carriedOver(instance),
  };
}

/** What a restored database gets from the former one, which the estate does not name [A §5.4]. */
export function carriedOver(former: DBInstance): Pick<DatabaseSettings, CarriedOver> {
  const { AllocatedStorage = 0, MaxAllocatedStorage = 0 } = former;
  return {
    // At the storage itself it would switch the extension off.
    ...(MaxAllocatedStorage > AllocatedStorage ? { maxAllocatedStorage: MaxAllocatedStorage } : {}),
    ...(former.PreferredBackupWindow === undefined ? {} : { backupWindow: former.PreferredBackupWindow }),
    ...(former.PreferredMaintenanceWindow === undefined
      ? {}
      : { maintenanceWindow: former.PreferredMaintenanceWindow }),
  };
}

/** What of the former database is neither restored nor set, by name. */
export function notCarriedOver(now: DBInstance, former: DBInstance): readonly string[] {
  const differ: readonly (readonly [string, (one: DBInstance) => unknown])[] = [
    ['log exports', (one) => [...(one.EnabledCloudwatchLogsExports ?? [])].sort().join(', ') || 'none'],
    ['CA certificate', (one) => one.CACertificateIdentifier ?? 'none'],
    ['Performance Insights', (one) => onOff(one.PerformanceInsightsEnabled)],
    ['enhanced monitoring', (one) => (one.MonitoringInterval ? `every ${one.MonitoringInterval} s` : 'off')],
    ['storage throughput', (one) => one.StorageThroughput ?? 'none'],
    ['provisioned IOPS', (one) => one.Iops ?? 'none'],
  ];
  return differ.flatMap(([what, of]) =>
    of(now) === of(former) ? [] : [`${what}: ${String(of(now))}, formerly ${String(of(former))}`],
  );
}

function onOff(enabled: boolean | undefined): string {
  return enabled === true ? 'on' : 'off';
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
    ...CARRIED_OVER.filter((name) => wanted[name] !== undefined && now[name] !== wanted[name]),
  ];
}

export function settingsAsFacts(settings: DatabaseSettings): Facts {
  return {
    multiAz: settings.multiAz,
    backupRetentionDays: settings.backupRetentionDays,
    deletionProtection: settings.deletionProtection,
    parameterGroup: settings.parameterGroup ?? null,
    securityGroups: settings.securityGroups.join(','),
    ...Object.fromEntries(
      CARRIED_OVER.flatMap((name) => (settings[name] === undefined ? [] : [[name, settings[name]]])),
    ),
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
    ...(has('maxAllocatedStorage') ? { MaxAllocatedStorage: wanted.maxAllocatedStorage } : {}),
    ...(has('backupWindow') ? { PreferredBackupWindow: wanted.backupWindow } : {}),
    ...(has('maintenanceWindow') ? { PreferredMaintenanceWindow: wanted.maintenanceWindow } : {}),
  };
}
