import {
  AddTagsToResourceCommand,
  CopyDBClusterSnapshotCommand,
  CreateDBClusterCommand,
  CreateDBClusterSnapshotCommand,
  DBClusterAlreadyExistsFault,
  DBClusterSnapshotAlreadyExistsFault,
  DBClusterSnapshotNotFoundFault,
  DBSnapshotNotFoundFault,
  DeleteDBClusterSnapshotCommand,
  DeleteDBInstanceCommand,
  DescribeDBClusterSnapshotAttributesCommand,
  DescribeDBClusterSnapshotsCommand,
  InvalidDBClusterSnapshotStateFault,
  InvalidDBClusterStateFault,
  KMSKeyNotAccessibleFault,
  ListTagsForResourceCommand,
  ModifyDBClusterSnapshotAttributeCommand,
  RemoveTagsFromResourceCommand,
  RestoreDBClusterFromSnapshotCommand,
  RestoreDBInstanceFromDBSnapshotCommand,
} from '@aws-sdk/client-rds';
import type { DBClusterSnapshot } from '@aws-sdk/client-rds';
import { countPushes, establishPushes } from './cluster-pushes';
import { gone, PRIMARY, RdsLab, STANDBY } from './rds-lab';

const OTHER_ACCOUNT = '210987654321';

let lab: RdsLab;

beforeAll(async () => {
  lab = await RdsLab.start(1500);
  await establishPushes(lab);
});

afterAll(() => lab.stop());

const countOn = (region: string, id: string): Promise<unknown> => countPushes(lab, region, id);

async function takeSnapshot(cluster: string, id: string): Promise<DBClusterSnapshot> {
  const command = new CreateDBClusterSnapshotCommand({
    DBClusterIdentifier: cluster,
    DBClusterSnapshotIdentifier: id,
  });
  return (await lab.rds(PRIMARY).send(command)).DBClusterSnapshot!;
}

test('a snapshot copied to the other region restores as a cluster with the rows of its time', async () => {
  lab.clock.hold();
  const created = await takeSnapshot('c-a', 's-1');
  expect(created).toMatchObject({
    Status: 'creating',
    SnapshotType: 'manual',
    DBClusterIdentifier: 'c-a',
    DBClusterSnapshotArn: 'arn:aws:rds:eu-central-1:123456789012:cluster-snapshot:s-1',
  });
  lab.clock.advance(90);
  expect(await lab.describeClusterSnapshot(PRIMARY, 's-1')).toMatchObject({
    Status: 'creating',
    PercentProgress: 50,
  });
  expect(await lab.describeCluster(PRIMARY, 'c-a')).toMatchObject({ Status: 'backing-up' });
  await expect(takeSnapshot('c-a', 's-1')).rejects.toThrow(DBClusterSnapshotAlreadyExistsFault);
  await expect(takeSnapshot('c-a', 's-2')).rejects.toThrow(InvalidDBClusterStateFault);
  lab.clock.release();
  await lab.clusterSnapshotUntil(PRIMARY, 's-1', 'available');
  await lab.clusterUntil(PRIMARY, 'c-a', 'available');
  await lab.sql(PRIMARY, 'db-a', 'insert into push values (2)');

  const copy = (SourceDBClusterSnapshotIdentifier: string) =>
    lab.rds(STANDBY).send(
      new CopyDBClusterSnapshotCommand({
        SourceDBClusterSnapshotIdentifier,
        TargetDBClusterSnapshotIdentifier: 's-copy',
      }),
    );
  await expect(copy('s-1')).rejects.toThrow(DBClusterSnapshotNotFoundFault);
  const copied = (await copy(created.DBClusterSnapshotArn!)).DBClusterSnapshot;
  expect(copied).toMatchObject({
    Status: 'copying',
    SourceDBClusterSnapshotArn: created.DBClusterSnapshotArn,
    SnapshotCreateTime: created.SnapshotCreateTime,
  });
  const restore = (more: object = {}) =>
    lab.rds(STANDBY).send(
      new RestoreDBClusterFromSnapshotCommand({
        DBClusterIdentifier: 'c-r',
        SnapshotIdentifier: 's-copy',
        Engine: 'aurora-postgresql',
        Tags: [{ Key: 'runbooks:run', Value: 'r' }],
        ...more,
      }),
    );
  await expect(restore()).rejects.toThrow(InvalidDBClusterSnapshotStateFault);
  await lab.clusterSnapshotUntil(STANDBY, 's-copy', 'available');
  await expect(restore({ SnapshotIdentifier: 's-x' })).rejects.toThrow(DBClusterSnapshotNotFoundFault);
  await expect(restore({ SnapshotIdentifier: created.DBClusterSnapshotArn })).rejects.toThrow(
    DBClusterSnapshotNotFoundFault,
  );
  await expect(
    lab.rds(STANDBY).send(
      new RestoreDBInstanceFromDBSnapshotCommand({
        DBInstanceIdentifier: 'db-x',
        DBSnapshotIdentifier: copied!.DBClusterSnapshotArn,
      }),
    ),
  ).rejects.toThrow(DBSnapshotNotFoundFault);

  const restored = (await restore({ VpcSecurityGroupIds: ['sg-b'] })).DBCluster;
  expect(restored).toMatchObject({
    Status: 'creating',
    BackupRetentionPeriod: 7,
    DatabaseName: 'bitbucket',
    VpcSecurityGroups: [{ VpcSecurityGroupId: 'sg-b' }],
    TagList: [{ Key: 'runbooks:run', Value: 'r' }],
  });
  expect(restored?.DBClusterMembers ?? []).toEqual([]);
  await expect(restore()).rejects.toThrow(DBClusterAlreadyExistsFault);
  await expect(lab.createWriter(STANDBY, 'c-r', 'db-r')).rejects.toThrow(InvalidDBClusterStateFault);
  await lab.clusterUntil(STANDBY, 'c-r', 'available');
  await expect(lab.sqlAt(restored!.Endpoint!, 'select 1')).rejects.toThrow('ECONNREFUSED');
  await lab.createWriter(STANDBY, 'c-r', 'db-r');
  await lab.statusesUntil(STANDBY, 'db-r', 'available');
  expect(await countOn(STANDBY, 'db-r')).toBe(1);
  await lab.sql(STANDBY, 'db-r', 'insert into push values (100)');
  expect(await countOn(PRIMARY, 'db-a')).toBe(2);
});

test('the data of a cluster outlive its instance: the next one serves them, and a snapshot without one holds them', async () => {
  await lab.rds(STANDBY).send(new DeleteDBInstanceCommand({ DBInstanceIdentifier: 'db-r' }));
  await gone(() => lab.describe(STANDBY, 'db-r'), 'DBInstanceNotFoundFault');
  const { DBClusterMembers } = await lab.describeCluster(STANDBY, 'c-r');
  expect(DBClusterMembers ?? []).toEqual([]);
  await lab.rds(STANDBY).send(
    new CreateDBClusterSnapshotCommand({
      DBClusterIdentifier: 'c-r',
      DBClusterSnapshotIdentifier: 's-bare',
    }),
  );
  await lab.clusterSnapshotUntil(STANDBY, 's-bare', 'available');
  await lab.clusterUntil(STANDBY, 'c-r', 'available');
  await lab.createWriter(STANDBY, 'c-r', 'db-r');
  await lab.statusesUntil(STANDBY, 'db-r', 'available');
  expect(await countOn(STANDBY, 'db-r')).toBe(2);
});

test('a shared snapshot is copied by the other account, by its own name and ARN only, and no more when it is withdrawn', async () => {
  const { DBClusterSnapshotArn } = await lab.describeClusterSnapshot(STANDBY, 's-copy');
  const other = lab.rds(STANDBY, OTHER_ACCOUNT);
  const copy = (id: string) =>
    other.send(
      new CopyDBClusterSnapshotCommand({
        SourceDBClusterSnapshotIdentifier: DBClusterSnapshotArn,
        TargetDBClusterSnapshotIdentifier: id,
      }),
    );
  const share = (change: object) =>
    lab.rds(STANDBY).send(
      new ModifyDBClusterSnapshotAttributeCommand({
        DBClusterSnapshotIdentifier: 's-copy',
        AttributeName: 'restore',
        ...change,
      }),
    );
  await expect(copy('s-theirs')).rejects.toThrow(DBClusterSnapshotNotFoundFault);
  const shared = (await share({ ValuesToAdd: [OTHER_ACCOUNT] })).DBClusterSnapshotAttributesResult;
  expect(shared).toEqual({
    DBClusterSnapshotIdentifier: 's-copy',
    DBClusterSnapshotAttributes: [{ AttributeName: 'restore', AttributeValues: [OTHER_ACCOUNT] }],
  });
  await copy('s-theirs');
  const theirs = await other.send(new DescribeDBClusterSnapshotsCommand({}));
  expect(theirs.DBClusterSnapshots?.map((one) => one.DBClusterSnapshotArn)).toEqual([
    `arn:aws:rds:eu-west-1:${OTHER_ACCOUNT}:cluster-snapshot:s-theirs`,
  ]);
  await share({ ValuesToRemove: [OTHER_ACCOUNT] });
  const described = await lab
    .rds(STANDBY)
    .send(new DescribeDBClusterSnapshotAttributesCommand({ DBClusterSnapshotIdentifier: 's-copy' }));
  expect(
    described.DBClusterSnapshotAttributesResult?.DBClusterSnapshotAttributes?.[0]?.AttributeValues ?? [],
  ).toEqual([]);
  await expect(copy('s-more')).rejects.toThrow(DBClusterSnapshotNotFoundFault);
});

test('tags of a snapshot are added, listed and removed by ARN, and a copy takes them along when told', async () => {
  const client = lab.rds(STANDBY);
  const { DBClusterSnapshotArn: ResourceName } = await lab.describeClusterSnapshot(STANDBY, 's-copy');
  const Tags = [
    { Key: 'kept', Value: 'yes' },
    { Key: 'old', Value: '' },
  ];
  await client.send(new AddTagsToResourceCommand({ ResourceName, Tags }));
  await client.send(new RemoveTagsFromResourceCommand({ ResourceName, TagKeys: ['old'] }));
  const { TagList } = await client.send(new ListTagsForResourceCommand({ ResourceName }));
  expect(TagList).toEqual([{ Key: 'kept', Value: 'yes' }]);
  const copy = await client.send(
    new CopyDBClusterSnapshotCommand({
      SourceDBClusterSnapshotIdentifier: 's-copy',
      TargetDBClusterSnapshotIdentifier: 's-tagged',
      CopyTags: true,
    }),
  );
  expect(copy.DBClusterSnapshot?.TagList).toEqual(TagList);
});

test('snapshots are found by filter and type, and go when they are deleted', async () => {
  const client = lab.rds(STANDBY);
  const ids = async (more: object) =>
    (await client.send(new DescribeDBClusterSnapshotsCommand(more))).DBClusterSnapshots?.map(
      (one) => one.DBClusterSnapshotIdentifier,
    );
  const Filters = (Name: string, ...Values: string[]) => ({ Filters: [{ Name, Values }] });
  expect(await ids(Filters('db-cluster-id', 'c-r'))).toEqual(['s-bare']);
  expect(await ids(Filters('db-cluster-snapshot-id', 's-copy', 's-x'))).toEqual(['s-copy']);
  expect(await ids({ DBClusterIdentifier: 'c-a', SnapshotType: 'manual' })).toEqual(['s-copy', 's-tagged']);
  expect(await ids({ SnapshotType: 'automated' })).toEqual([]);
  await client.send(new DeleteDBClusterSnapshotCommand({ DBClusterSnapshotIdentifier: 's-bare' }));
  await gone(() => lab.describeClusterSnapshot(STANDBY, 's-bare'), 'DBClusterSnapshotNotFoundFault');
});

test('a copy that is deleted while it is under way is called off', async () => {
  const client = lab.rds(STANDBY);
  lab.clock.hold();
  await client.send(
    new CopyDBClusterSnapshotCommand({
      SourceDBClusterSnapshotIdentifier: 's-copy',
      TargetDBClusterSnapshotIdentifier: 's-off',
    }),
  );
  const remove = new DeleteDBClusterSnapshotCommand({ DBClusterSnapshotIdentifier: 's-off' });
  expect((await client.send(remove)).DBClusterSnapshot?.Status).toBe('deleting');
  await expect(client.send(remove)).rejects.toThrow(InvalidDBClusterSnapshotStateFault);
  lab.clock.release();
  await gone(() => lab.describeClusterSnapshot(STANDBY, 's-off'), 'DBClusterSnapshotNotFoundFault');
});

test('a restore that a power loss interrupts goes on when the region is back', async () => {
  lab.clock.hold();
  await lab.rds(STANDBY).send(
    new RestoreDBClusterFromSnapshotCommand({
      DBClusterIdentifier: 'c-p',
      SnapshotIdentifier: 's-copy',
      Engine: 'aurora-postgresql',
    }),
  );
  await lab.fleet.crash(STANDBY);
  lab.clock.release();
  await lab.fleet.restore(STANDBY);
  await lab.clusterUntil(STANDBY, 'c-p', 'available');
  await lab.createWriter(STANDBY, 'c-p', 'db-p');
  await lab.statusesUntil(STANDBY, 'db-p', 'available');
  expect(await countOn(STANDBY, 'db-p')).toBe(1);
});

test('an encrypted snapshot needs a key of the region to leave for it, and stays encrypted', async () => {
  await lab.rds(PRIMARY).send(
    new CreateDBClusterCommand({
      DBClusterIdentifier: 'c-e',
      Engine: 'aurora-postgresql',
      MasterUsername: 'bitbucket',
      MasterUserPassword: 'correct-horse',
      StorageEncrypted: true,
      KmsKeyId: 'key-1',
    }),
  );
  await lab.clusterUntil(PRIMARY, 'c-e', 'available');
  const { DBClusterSnapshotArn } = await takeSnapshot('c-e', 's-e');
  await lab.clusterSnapshotUntil(PRIMARY, 's-e', 'available');
  const copy = (more: object) =>
    lab.rds(STANDBY).send(
      new CopyDBClusterSnapshotCommand({
        SourceDBClusterSnapshotIdentifier: DBClusterSnapshotArn,
        TargetDBClusterSnapshotIdentifier: 's-e',
        ...more,
      }),
    );
  await expect(copy({})).rejects.toThrow(KMSKeyNotAccessibleFault);
  expect((await copy({ KmsKeyId: 'key-2' })).DBClusterSnapshot).toMatchObject({
    StorageEncrypted: true,
    KmsKeyId: 'key-2',
  });
});
