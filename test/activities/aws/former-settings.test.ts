import type { DBInstance } from '@aws-sdk/client-rds';

import { configureDatabaseImplementation } from '../../../activities/aws/rds/configure-database';
import { restoreDatabaseImplementation } from '../../../activities/aws/rds/restore-database';
import type { ConfigureDatabase, ConfiguredDatabase } from '../../../workflows/steps/database';
import type { RestoreDatabase } from '../../../workflows/steps/restore';
import { fakeAws } from './fake-aws';
import { context, StepDriver } from './step-driver';

const FORMER: DBInstance = {
  DBInstanceIdentifier: 'b-aside',
  DBInstanceStatus: 'available',
  DBInstanceClass: 'db.m5.large',
  AllocatedStorage: 100,
  MaxAllocatedStorage: 1000,
  PreferredBackupWindow: '01:00-01:30',
  PreferredMaintenanceWindow: 'sat:02:00-sat:02:30',
  EnabledCloudwatchLogsExports: ['postgresql', 'upgrade'],
  CACertificateIdentifier: 'rds-ca-rsa4096-g1',
};

/** RDS with the former database and, once it is restored, another one like a restore makes it. */
function rds(former: DBInstance, restored?: DBInstance) {
  return fakeAws({
    DescribeDBInstances: ({ DBInstanceIdentifier: one, Filters }) => {
      const asked = one ?? (Filters as { Values: string[] }[] | undefined)?.[0]?.Values;
      return {
        DBInstances: [former, ...(restored === undefined ? [] : [restored])].filter((each) =>
          asked?.includes(each.DBInstanceIdentifier!),
        ),
      };
    },
  });
}

const restoring: RestoreDatabase = {
  ...{ region: 'eu-central-1', databaseId: 'b', snapshotId: 's', asideId: 'b-aside', securityGroups: [] },
  ...{ databaseName: 'bitbucket', credentials: { username: 'bitbucket', password: 'env:DB' } },
};
const setting: ConfigureDatabase = {
  ...{ region: 'eu-central-1', databaseId: 'b', multiAz: false, backupRetentionDays: 7, securityGroups: [] },
  ...{ deletionProtection: false, afterRestore: true, formerId: 'b-aside' },
};

async function restoreLike(former: DBInstance) {
  const { dependencies, calls } = rds(former);
  await new StepDriver(restoreDatabaseImplementation(dependencies), context('restoreDatabase')).runOnce(
    restoring,
  );
  return calls[0]!;
}

test('a restore asks for the log exports and the certificate authority of the former database', async () => {
  expect(await restoreLike(FORMER)).toMatchObject({
    action: 'RestoreDBInstanceFromDBSnapshot',
    input: {
      EnableCloudwatchLogsExports: ['postgresql', 'upgrade'],
      CACertificateIdentifier: 'rds-ca-rsa4096-g1',
    },
  });
});

test('an authority whose certificates have ended is not asked for: RDS would refuse the restore', async () => {
  const ended = { CAIdentifier: 'rds-ca-2019', ValidTill: new Date('2024-08-22') };
  const { input } = await restoreLike({ ...FORMER, CertificateDetails: ended });
  expect(input).not.toHaveProperty('CACertificateIdentifier');
});

function configure(former: DBInstance, restored: DBInstance) {
  const aws = rds(former, { DBInstanceIdentifier: 'b', DBInstanceStatus: 'available', ...restored });
  const driver = new StepDriver<ConfigureDatabase, ConfiguredDatabase>(
    configureDatabaseImplementation(aws.dependencies),
    context('configureDatabase'),
  );
  return { ...aws, driver };
}

test('windows and the limit of storage are set as the former database has them, and waited for', async () => {
  const { driver, calls } = configure(FORMER, {
    BackupRetentionPeriod: 7,
    PreferredBackupWindow: '03:00-03:30',
    PreferredMaintenanceWindow: 'sun:04:00-sun:04:30',
  });
  const wanted = {
    MaxAllocatedStorage: 1000,
    PreferredBackupWindow: '01:00-01:30',
    PreferredMaintenanceWindow: 'sat:02:00-sat:02:30',
  };
  expect((await driver.check(setting)).calls[0]).toMatchObject({
    parameters: { maxAllocatedStorage: 1000, backupWindow: '01:00-01:30' },
  });
  await driver.runOnce(setting);
  expect(calls).toMatchObject([{ action: 'ModifyDBInstance', input: { ...wanted, ApplyImmediately: true } }]);
  await expect(driver.verifyOnce(setting)).rejects.toMatchObject({
    type: 'NotYet',
    message: expect.stringContaining('maxAllocatedStorage, backupWindow, maintenanceWindow'),
  });
});

test('a limit that the storage has reached is none, and a plan finds the former database under its own name', async () => {
  const full = { ...FORMER, AllocatedStorage: 1000 };
  const { driver, calls } = configure(full, { BackupRetentionPeriod: 7, AllocatedStorage: 100 });
  await driver.runOnce(setting);
  expect(calls[0]!.input).not.toHaveProperty('MaxAllocatedStorage');
  const { dependencies } = rds({ ...FORMER, DBInstanceIdentifier: 'b' });
  const planned = await configureDatabaseImplementation(dependencies).parts.check(setting, {
    ...context('configureDatabase'),
    token: null,
  });
  expect(planned.calls[0]).toMatchObject({ parameters: { maxAllocatedStorage: 1000 } });
});

test('what differs from the former database after all is told by name', async () => {
  const had = { PerformanceInsightsEnabled: true, MonitoringInterval: 60 };
  const { PreferredBackupWindow, PreferredMaintenanceWindow, MaxAllocatedStorage } = FORMER;
  const set = {
    PreferredBackupWindow,
    PreferredMaintenanceWindow,
    MaxAllocatedStorage,
    AllocatedStorage: 100,
  };
  const { EnabledCloudwatchLogsExports, CACertificateIdentifier } = FORMER;
  const same = { ...set, BackupRetentionPeriod: 7, EnabledCloudwatchLogsExports, CACertificateIdentifier };
  expect(await configure(FORMER, same as DBInstance).driver.verifyOnce(setting)).not.toHaveProperty(
    'degraded',
  );
  const { degraded } = await configure({ ...FORMER, ...had }, same).driver.verifyOnce(setting);
  expect(degraded).toEqual([
    'Performance Insights: off, formerly on',
    'enhanced monitoring: off, formerly every 60 s',
  ]);
});
