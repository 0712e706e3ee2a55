import {
  AddTagsToResourceCommand,
  CopyDBSnapshotCommand,
  CreateDBInstanceReadReplicaCommand,
  CreateDBSnapshotCommand,
  DeleteDBInstanceCommand,
  DeleteDBSnapshotCommand,
  DescribeDBInstancesCommand,
  DescribeDBSnapshotsCommand,
  ListTagsForResourceCommand,
  ModifyDBInstanceCommand,
  PromoteReadReplicaCommand,
  RebootDBInstanceCommand,
  RemoveTagsFromResourceCommand,
  RestoreDBInstanceFromDBSnapshotCommand,
  StartDBInstanceCommand,
  StopDBInstanceCommand,
} from '@aws-sdk/client-rds';
import { Calendar } from '../../../lab/clock/calendar';
import { SECONDS } from '../../../lab/databases/durations';
import { eventually, PRIMARY, RdsLab, STANDBY } from './rds-lab';

let lab: RdsLab;

beforeAll(async () => {
  lab = await RdsLab.start(1500);
  await lab.establishPair();
  await lab.sql(PRIMARY, 'db-a', 'create table push (id int primary key)');
  await lab.sql(PRIMARY, 'db-a', 'insert into push values (1)');
});

afterAll(() => lab.stop());

const available = (region: string, id: string) => lab.statusesUntil(region, id, 'available');

const countOn = async (region: string, id: string): Promise<unknown> =>
  (await lab.sql(region, id, 'select count(*)::int as n from push'))[0]?.n;

async function snapshotStatus(region: string, id: string): Promise<string | undefined> {
  const reply = await lab.rds(region).send(new DescribeDBSnapshotsCommand({ DBSnapshotIdentifier: id }));
  return reply.DBSnapshots?.[0]?.Status;
}

test('a new replica has the defaults of its own region, not the settings of its source', async () => {
  const replica = await lab.describe(STANDBY, 'db-b');
  expect(replica).toMatchObject({
    AvailabilityZone: 'eu-west-1a',
    BackupRetentionPeriod: 0,
    VpcSecurityGroups: [{ VpcSecurityGroupId: 'sg-default', Status: 'active' }],
    TagList: [],
  });
});

test('a snapshot holds the data of its time, is copied to the other region and restored there as an own instance', async () => {
  const created = await lab
    .rds(PRIMARY)
    .send(new CreateDBSnapshotCommand({ DBInstanceIdentifier: 'db-a', DBSnapshotIdentifier: 's-1' }));
  expect(created.DBSnapshot).toMatchObject({ Status: 'creating' });
  await available(PRIMARY, 'db-a');
  await eventually(async () => (await snapshotStatus(PRIMARY, 's-1')) === 'available');
  await lab.sql(PRIMARY, 'db-a', 'insert into push values (2)');

  const copy = (source: string) =>
    lab.rds(STANDBY).send(
      new CopyDBSnapshotCommand({
        SourceDBSnapshotIdentifier: source,
        TargetDBSnapshotIdentifier: 's-copy',
      }),
    );
  await expect(copy('s-1')).rejects.toMatchObject({ name: 'DBSnapshotNotFoundFault' });
  const arn = created.DBSnapshot!.DBSnapshotArn!;
  expect((await copy(arn)).DBSnapshot).toMatchObject({
    SourceRegion: PRIMARY,
    SourceDBSnapshotIdentifier: arn,
  });
  await expect(copy(arn)).rejects.toMatchObject({ name: 'DBSnapshotAlreadyExistsFault' });
  const restore = new RestoreDBInstanceFromDBSnapshotCommand({
    DBInstanceIdentifier: 'db-r',
    DBSnapshotIdentifier: 's-copy',
  });
  await expect(lab.rds(STANDBY).send(restore)).rejects.toMatchObject({ name: 'InvalidDBSnapshotStateFault' });
  await eventually(async () => (await snapshotStatus(STANDBY, 's-copy')) === 'available');
  await lab.rds(STANDBY).send(restore);
  await available(STANDBY, 'db-r');
  expect(await countOn(STANDBY, 'db-r')).toBe(1);
  await lab.sql(STANDBY, 'db-r', 'insert into push values (100)');
  expect(await countOn(PRIMARY, 'db-a')).toBe(2);
  await expect(lab.rds(STANDBY).send(restore)).rejects.toMatchObject({
    name: 'DBInstanceAlreadyExistsFault',
  });
});

test('a snapshot says when it was taken by the calendar of that moment', async () => {
  const calendar = new Calendar(lab.directory.calendar);
  calendar.move(-86_400_000);
  const order = { DBInstanceIdentifier: 'db-a', DBSnapshotIdentifier: 's-yesterday' };
  await lab.rds(PRIMARY).send(new CreateDBSnapshotCommand(order));
  calendar.move(0);
  await available(PRIMARY, 'db-a');
  await eventually(async () => (await snapshotStatus(PRIMARY, 's-yesterday')) === 'available');
  const reply = await lab.rds(PRIMARY).send(new DescribeDBSnapshotsCommand(order));
  const taken = Number(reply.DBSnapshots?.[0]?.SnapshotCreateTime);
  expect(Math.round((Date.now() - taken) / 86_400_000)).toBe(1);
});

test('a snapshot of a replica restores as a writer', async () => {
  await lab
    .rds(STANDBY)
    .send(new CreateDBSnapshotCommand({ DBInstanceIdentifier: 'db-b', DBSnapshotIdentifier: 's-b' }));
  await eventually(async () => (await snapshotStatus(STANDBY, 's-b')) === 'available');
  await lab.rds(STANDBY).send(
    new RestoreDBInstanceFromDBSnapshotCommand({
      DBInstanceIdentifier: 'db-rb',
      DBSnapshotIdentifier: 's-b',
      PreferredBackupWindow: '01:00-01:30',
      EnableCloudwatchLogsExports: ['postgresql', 'upgrade'],
      CACertificateIdentifier: 'rds-ca-rsa4096-g1',
    }),
  );
  await available(STANDBY, 'db-rb');
  expect(await countOn(STANDBY, 'db-rb')).toBe(2);
  await lab.sql(STANDBY, 'db-rb', 'insert into push values (100)');
  await lab.rds(STANDBY).send(new DeleteDBSnapshotCommand({ DBSnapshotIdentifier: 's-b' }));
  await eventually(() =>
    snapshotStatus(STANDBY, 's-b').then(
      () => false,
      (error: Error) => error.name === 'DBSnapshotNotFoundFault',
    ),
  );
});

test('a restored instance has what the restore asked for, and no limit of storage before that is set', async () => {
  const restored = {
    PreferredBackupWindow: '01:00-01:30',
    EnabledCloudwatchLogsExports: ['postgresql', 'upgrade'],
    CACertificateIdentifier: 'rds-ca-rsa4096-g1',
  };
  expect(await lab.describe(STANDBY, 'db-rb')).toMatchObject(restored);
  expect(await lab.describe(STANDBY, 'db-rb')).not.toHaveProperty('MaxAllocatedStorage');
  const set = { MaxAllocatedStorage: 500, PreferredMaintenanceWindow: 'sat:02:00-sat:02:30' };
  await lab.rds(STANDBY).send(new ModifyDBInstanceCommand({ DBInstanceIdentifier: 'db-rb', ...set }));
  await available(STANDBY, 'db-rb');
  expect(await lab.describe(STANDBY, 'db-rb')).toMatchObject({ ...restored, ...set });
  expect((await lab.describe(PRIMARY, 'db-a')).EnabledCloudwatchLogsExports ?? []).toEqual([]);
});

test('what may interrupt service waits for ApplyImmediately; deletion protection does not', async () => {
  const modify = (settings: object) =>
    lab.rds(PRIMARY).send(new ModifyDBInstanceCommand({ DBInstanceIdentifier: 'db-a', ...settings }));
  await modify({ MultiAZ: true, DeletionProtection: true });
  await available(PRIMARY, 'db-a');
  expect(await lab.describe(PRIMARY, 'db-a')).toMatchObject({
    MultiAZ: false,
    DeletionProtection: true,
    PendingModifiedValues: { MultiAZ: true },
  });
  await modify({ ApplyImmediately: true });
  await available(PRIMARY, 'db-a');
  const after = await lab.describe(PRIMARY, 'db-a');
  expect(after.MultiAZ).toBe(true);
  expect(after.PendingModifiedValues).toEqual({});
  await expect(modify({ DBParameterGroupName: 'unknown' })).rejects.toMatchObject({
    name: 'DBParameterGroupNotFoundFault',
  });
  await expect(modify({ BackupRetentionPeriod: 0 })).rejects.toMatchObject({
    name: 'InvalidParameterCombination',
  });
});

test('a renamed source has a new endpoint, keeps its data and identity, and its replica follows it', async () => {
  const before = await lab.describe(PRIMARY, 'db-a');
  await lab.rds(PRIMARY).send(
    new ModifyDBInstanceCommand({
      DBInstanceIdentifier: 'db-a',
      NewDBInstanceIdentifier: 'db-n',
      ApplyImmediately: true,
    }),
  );
  // The status from before the call may still be shown.
  await lab.clock.sleep(SECONDS.staleRead + 1);
  await eventually(() =>
    lab.describe(PRIMARY, 'db-n').then(
      (found) => found.DBInstanceStatus === 'available',
      () => false,
    ),
  );
  const after = await lab.describe(PRIMARY, 'db-n');
  expect(after.DbiResourceId).toBe(before.DbiResourceId);
  expect(after.Endpoint?.Address).not.toBe(before.Endpoint?.Address);
  await expect(lab.describe(PRIMARY, 'db-a')).rejects.toMatchObject({ name: 'DBInstanceNotFoundFault' });
  await lab.sql(PRIMARY, 'db-n', 'insert into push values (3)');
  await eventually(async () => (await countOn(STANDBY, 'db-b')) === 3);
  expect((await lab.describe(STANDBY, 'db-b')).ReadReplicaSourceDBInstanceIdentifier).toBe(
    after.DBInstanceArn,
  );
});

test('a source of a replica is not stopped; an instance without one stops, starts and reboots for real', async () => {
  await expect(
    lab.rds(PRIMARY).send(new StopDBInstanceCommand({ DBInstanceIdentifier: 'db-n' })),
  ).rejects.toMatchObject({ name: 'InvalidDBInstanceStateFault' });
  const startedAt = () => lab.sql(STANDBY, 'db-r', 'select pg_postmaster_start_time()::text as at');
  const first = await startedAt();
  await lab.rds(STANDBY).send(new StopDBInstanceCommand({ DBInstanceIdentifier: 'db-r' }));
  await lab.statusesUntil(STANDBY, 'db-r', 'stopped');
  await expect(startedAt()).rejects.toThrow('ECONNREFUSED');
  await lab.rds(STANDBY).send(new StartDBInstanceCommand({ DBInstanceIdentifier: 'db-r' }));
  await available(STANDBY, 'db-r');
  const second = await startedAt();
  expect(second).not.toEqual(first);
  await lab.rds(STANDBY).send(new RebootDBInstanceCommand({ DBInstanceIdentifier: 'db-r' }));
  await available(STANDBY, 'db-r');
  expect(await startedAt()).not.toEqual(second);
});

test('a deleted source leaves the cross-region replica with its data and a terminated replication', async () => {
  const remove = (options: object) =>
    lab.rds(PRIMARY).send(new DeleteDBInstanceCommand({ DBInstanceIdentifier: 'db-n', ...options }));
  await lab.rds(PRIMARY).send(
    new CreateDBInstanceReadReplicaCommand({
      DBInstanceIdentifier: 'db-same',
      SourceDBInstanceIdentifier: 'db-n',
    }),
  );
  await available(PRIMARY, 'db-same');
  await expect(remove({ SkipFinalSnapshot: true })).rejects.toMatchObject({
    name: 'InvalidParameterCombination',
  });
  await lab
    .rds(PRIMARY)
    .send(new ModifyDBInstanceCommand({ DBInstanceIdentifier: 'db-n', DeletionProtection: false }));
  await available(PRIMARY, 'db-n');
  await expect(remove({})).rejects.toMatchObject({ name: 'InvalidParameterCombination' });
  await remove({ FinalDBSnapshotIdentifier: 's-final' });
  await eventually(() =>
    lab.describe(PRIMARY, 'db-n').then(
      () => false,
      (error: Error) => error.name === 'DBInstanceNotFoundFault',
    ),
  );
  expect(await snapshotStatus(PRIMARY, 's-final')).toBe('available');
  expect((await lab.describe(STANDBY, 'db-b')).StatusInfos).toMatchObject([
    { Status: 'terminated', Normal: false },
  ]);
  expect(await countOn(STANDBY, 'db-b')).toBe(3);
  expect((await lab.describe(PRIMARY, 'db-same')).ReadReplicaSourceDBInstanceIdentifier).toBeUndefined();
  await lab.sql(PRIMARY, 'db-same', 'insert into push values (4)');
});

test('tags are added, listed and removed by ARN, and instances are found by filter', async () => {
  const found = await lab
    .rds(STANDBY)
    .send(
      new DescribeDBInstancesCommand({ Filters: [{ Name: 'db-instance-id', Values: ['db-b', 'db-r'] }] }),
    );
  expect(found.DBInstances?.map((instance) => instance.DBInstanceIdentifier)).toEqual(['db-b', 'db-r']);
  const ResourceName = found.DBInstances![0]!.DBInstanceArn!;
  const client = lab.rds(STANDBY);
  const Tags = [
    { Key: 'runbooks:run', Value: 'r<1>&' },
    { Key: 'old', Value: '' },
  ];
  await client.send(new AddTagsToResourceCommand({ ResourceName, Tags }));
  await client.send(new RemoveTagsFromResourceCommand({ ResourceName, TagKeys: ['old'] }));
  const listed = await client.send(new ListTagsForResourceCommand({ ResourceName }));
  expect(listed.TagList).toEqual([{ Key: 'runbooks:run', Value: 'r<1>&' }]);
});

test('a promotion that a power loss interrupts goes on when the region is back', async () => {
  await lab.rds(STANDBY).send(new PromoteReadReplicaCommand({ DBInstanceIdentifier: 'db-b' }));
  await lab.fleet.crash(STANDBY);
  expect(await lab.fleet.isWritable(STANDBY, 'db-b')).toBe(false);
  await lab.fleet.restore(STANDBY);
  await available(STANDBY, 'db-b');
  await lab.sql(STANDBY, 'db-b', 'insert into push values (4)');
  expect((await lab.describe(STANDBY, 'db-b')).ReadReplicaSourceDBInstanceIdentifier).toBeUndefined();
});

test('a server that dies below the notice of RDS is revived by a reboot', async () => {
  await lab.fleet.powerOff(PRIMARY, 'db-same');
  await expect(countOn(PRIMARY, 'db-same')).rejects.toThrow('ECONNREFUSED');
  await lab.rds(PRIMARY).send(new RebootDBInstanceCommand({ DBInstanceIdentifier: 'db-same' }));
  await available(PRIMARY, 'db-same');
  expect(await countOn(PRIMARY, 'db-same')).toBe(4);
});

test('new security groups of an instance hold at once for its connections', async () => {
  lab.bus.emit('securityGroup', { region: PRIMARY, groupId: 'sg-shut', open: false });
  const modify = (VpcSecurityGroupIds: string[]) =>
    lab
      .rds(PRIMARY)
      .send(new ModifyDBInstanceCommand({ DBInstanceIdentifier: 'db-same', VpcSecurityGroupIds }));
  await modify(['sg-shut']);
  await available(PRIMARY, 'db-same');
  await expect(countOn(PRIMARY, 'db-same')).rejects.toThrow('pg_hba.conf rejects');
  await modify(['sg-shut', 'sg-a']);
  await available(PRIMARY, 'db-same');
  expect(await countOn(PRIMARY, 'db-same')).toBe(4);
});
