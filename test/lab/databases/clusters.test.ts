import {
  AddTagsToResourceCommand,
  CreateDBClusterCommand,
  CreateDBClusterSnapshotCommand,
  CreateDBInstanceCommand,
  CreateDBInstanceReadReplicaCommand,
  CreateDBSnapshotCommand,
  DBClusterAlreadyExistsFault,
  DBClusterNotFoundFault,
  DeleteDBClusterCommand,
  DeleteDBInstanceCommand,
  DescribeDBClustersCommand,
  DescribeDBInstancesCommand,
  InvalidDBClusterStateFault,
  InvalidDBInstanceStateFault,
  ListTagsForResourceCommand,
  ModifyDBClusterCommand,
  ModifyDBInstanceCommand,
  PromoteReadReplicaCommand,
  RebootDBInstanceCommand,
  RemoveTagsFromResourceCommand,
  RestoreDBClusterFromSnapshotCommand,
  StopDBInstanceCommand,
} from '@aws-sdk/client-rds';
import { SECONDS } from '../../../lab/databases/durations';
import { countPushes, establishPushes } from './cluster-pushes';
import { eventually, gone, PRIMARY, RdsLab, STANDBY } from './rds-lab';

const COMBINATION = { name: 'InvalidParameterCombination' };

let lab: RdsLab;

beforeAll(async () => {
  lab = await RdsLab.start(1500);
  await establishPushes(lab);
});

afterAll(() => lab.stop());

const countOn = (region: string, id: string): Promise<unknown> => countPushes(lab, region, id);

const create = (settings: object) =>
  lab.rds(PRIMARY).send(
    new CreateDBClusterCommand({
      DBClusterIdentifier: 'c-x',
      Engine: 'aurora-postgresql',
      MasterUsername: 'bitbucket',
      MasterUserPassword: 'correct-horse',
      ...settings,
    }),
  );

test('a cluster and its writer show what is the cluster’s, and the data are served at both endpoints', async () => {
  const cluster = await lab.describeCluster(PRIMARY, 'c-a');
  expect(cluster).toMatchObject({
    DBClusterArn: 'arn:aws:rds:eu-central-1:123456789012:cluster:c-a',
    Engine: 'aurora-postgresql',
    MasterUsername: 'bitbucket',
    DatabaseName: 'bitbucket',
    Port: 5432,
    BackupRetentionPeriod: 7,
    DeletionProtection: false,
    StorageEncrypted: false,
    CopyTagsToSnapshot: false,
    DBSubnetGroup: 'default',
    VpcSecurityGroups: [{ VpcSecurityGroupId: 'sg-a', Status: 'active' }],
    DBClusterMembers: [{ DBInstanceIdentifier: 'db-a', IsClusterWriter: true }],
    TagList: [{ Key: 'owner', Value: 'bitbucket' }],
  });
  expect(cluster.DBClusterParameterGroup).toMatch(/^default\.aurora-postgresql\d+$/);
  expect(cluster.DbClusterResourceId).toMatch(/^cluster-/);
  expect(cluster.PendingModifiedValues).toEqual({});
  const writer = await lab.describe(PRIMARY, 'db-a');
  expect(writer).toMatchObject({
    Engine: 'aurora-postgresql',
    EngineVersion: cluster.EngineVersion,
    DBClusterIdentifier: 'c-a',
    BackupRetentionPeriod: 7,
    MultiAZ: false,
    VpcSecurityGroups: [{ VpcSecurityGroupId: 'sg-a' }],
    TagList: [],
  });
  expect(cluster.Endpoint).not.toBe(writer.Endpoint?.Address);
  expect(await lab.sqlAt(cluster.Endpoint!, 'select id from push')).toEqual([{ id: 1 }]);
  expect(await lab.fleet.isWritable(PRIMARY, 'db-a')).toBe(true);
});

test('clusters are found by name, ARN and filter, page by page, and instances by their cluster', async () => {
  const client = lab.rds(PRIMARY);
  const ids = async (more: object) =>
    (await client.send(new DescribeDBClustersCommand(more))).DBClusters?.map(
      (one) => one.DBClusterIdentifier,
    );
  const { DBClusterArn } = await lab.describeCluster(PRIMARY, 'C-A');
  expect(await ids({ DBClusterIdentifier: DBClusterArn })).toEqual(['c-a']);
  const Filters = (Values: string[]) => [{ Name: 'db-cluster-id', Values }];
  expect(await ids({ Filters: Filters(['c-a', 'c-x']) })).toEqual(['c-a']);
  expect(await ids({ Filters: Filters(['c-x']) })).toEqual([]);
  expect(await ids({ MaxRecords: 20 })).toEqual(['c-a']);
  const members = await client.send(new DescribeDBInstancesCommand({ Filters: Filters(['c-a']) }));
  expect(members.DBInstances?.map((one) => one.DBInstanceIdentifier)).toEqual(['db-a']);
  await expect(lab.describeCluster(PRIMARY, 'c-x')).rejects.toThrow(DBClusterNotFoundFault);
  await expect(lab.describeCluster(STANDBY, 'c-a')).rejects.toThrow(DBClusterNotFoundFault);
});

test('tags of a cluster are added, listed and removed by ARN', async () => {
  const client = lab.rds(PRIMARY);
  const { DBClusterArn: ResourceName } = await lab.describeCluster(PRIMARY, 'c-a');
  await client.send(new AddTagsToResourceCommand({ ResourceName, Tags: [{ Key: 'more', Value: 'a<b>&' }] }));
  await client.send(new RemoveTagsFromResourceCommand({ ResourceName, TagKeys: ['owner'] }));
  const { TagList } = await client.send(new ListTagsForResourceCommand({ ResourceName }));
  expect(TagList).toEqual([{ Key: 'more', Value: 'a<b>&' }]);
  expect((await lab.describeCluster(PRIMARY, 'c-a')).TagList).toEqual(TagList);
});

test('what is the cluster’s is refused of its instance, and what an Aurora instance cannot do', async () => {
  const client = lab.rds(PRIMARY);
  const member = { DBInstanceIdentifier: 'db-a' };
  for (const settings of [
    { BackupRetentionPeriod: 7 },
    { VpcSecurityGroupIds: ['sg-a'] },
    { MultiAZ: true },
    { DeletionProtection: true },
    { MasterUserPassword: 'another-horse' },
  ]) {
    const refused = client.send(new ModifyDBInstanceCommand({ ...member, ...settings }));
    await expect(refused).rejects.toMatchObject(COMBINATION);
  }
  for (const refused of [
    client.send(new CreateDBSnapshotCommand({ ...member, DBSnapshotIdentifier: 's-x' })),
    client.send(new StopDBInstanceCommand(member)),
    client.send(new PromoteReadReplicaCommand(member)),
    client.send(
      new CreateDBInstanceReadReplicaCommand({
        DBInstanceIdentifier: 'db-x',
        SourceDBInstanceIdentifier: 'db-a',
      }),
    ),
  ]) {
    await expect(refused).rejects.toThrow(InvalidDBInstanceStateFault);
  }
  const final = { ...member, FinalDBSnapshotIdentifier: 's-x' };
  await expect(client.send(new DeleteDBInstanceCommand(final))).rejects.toMatchObject(COMBINATION);
});

test('an instance of a cluster has its engine and none of its settings, and is the only one', async () => {
  const createMember = (settings: object) =>
    lab.rds(PRIMARY).send(
      new CreateDBInstanceCommand({
        DBInstanceIdentifier: 'db-x',
        DBClusterIdentifier: 'c-a',
        DBInstanceClass: 'db.r6g.large',
        Engine: 'aurora-postgresql',
        ...settings,
      }),
    );
  for (const settings of [
    { Engine: 'postgres' },
    { DBClusterIdentifier: undefined },
    { MasterUsername: 'bitbucket' },
    { BackupRetentionPeriod: 1 },
    { VpcSecurityGroupIds: ['sg-a'] },
    { DBSubnetGroupName: 'tuned' },
  ]) {
    await expect(createMember(settings)).rejects.toMatchObject(COMBINATION);
  }
  await expect(createMember({ DBClusterIdentifier: 'c-x' })).rejects.toThrow(DBClusterNotFoundFault);
  await expect(createMember({})).rejects.toThrow(InvalidDBClusterStateFault);
  await expect(createMember({ DBInstanceIdentifier: 'db-a' })).rejects.toMatchObject({
    name: 'DBInstanceAlreadyExistsFault',
  });
});

test('a new cluster is refused by its typed errors', async () => {
  await expect(create({ DBClusterIdentifier: 'c-a' })).rejects.toThrow(DBClusterAlreadyExistsFault);
  await expect(create({ DBSubnetGroupName: 'x' })).rejects.toMatchObject({
    name: 'DBSubnetGroupNotFoundFault',
  });
  await expect(create({ DBClusterParameterGroupName: 'x' })).rejects.toMatchObject({
    name: 'DBClusterParameterGroupNotFoundFault',
  });
  for (const wrong of [
    { Engine: 'aurora-mysql' },
    { BackupRetentionPeriod: 0 },
    { MasterUserPassword: 'short' },
    { MasterUsername: 'rdsadmin' },
    { DBClusterIdentifier: 'c--x' },
  ]) {
    await expect(create(wrong)).rejects.toMatchObject({ name: 'InvalidParameterValue' });
  }
});

test('a renamed cluster leaves its name and endpoint at once, its instance keeps its own, and the name is refused for a while', async () => {
  const client = lab.rds(PRIMARY);
  const modify = (settings: object) =>
    client.send(new ModifyDBClusterCommand({ DBClusterIdentifier: 'c-a', ...settings }));
  const before = await lab.describeCluster(PRIMARY, 'c-a');
  const instance = await lab.describe(PRIMARY, 'db-a');
  lab.clock.hold();
  const waiting = (await modify({ NewDBClusterIdentifier: 'C-N' })).DBCluster;
  expect(waiting).toMatchObject({
    DBClusterIdentifier: 'c-a',
    PendingModifiedValues: { DBClusterIdentifier: 'c-n' },
  });
  await modify({ ApplyImmediately: true });
  await gone(() => lab.describeCluster(PRIMARY, 'c-a'), 'DBClusterNotFoundFault');
  lab.clock.advance(SECONDS.freedName - 1);
  expect((await lab.describeCluster(PRIMARY, 'c-n')).Status).toBe('renaming');
  await expect(create({ DBClusterIdentifier: 'c-a' })).rejects.toThrow(DBClusterAlreadyExistsFault);
  lab.clock.advance(2);
  await create({ DBClusterIdentifier: 'c-a' });
  lab.clock.release();
  await lab.clusterUntil(PRIMARY, 'c-n', 'available');
  const after = await lab.describeCluster(PRIMARY, 'c-n');
  expect(after.DbClusterResourceId).toBe(before.DbClusterResourceId);
  expect(after.Endpoint).not.toBe(before.Endpoint);
  expect(after.PendingModifiedValues).toEqual({});
  expect(await lab.describe(PRIMARY, 'db-a')).toMatchObject({
    DBClusterIdentifier: 'c-n',
    Endpoint: instance.Endpoint,
  });
  expect(await lab.sqlAt(after.Endpoint!, 'select id from push')).toEqual([{ id: 1 }]);
  await expect(lab.sqlAt(before.Endpoint!, 'select 1')).rejects.toThrow('ECONNREFUSED');
});

test('a renamed instance stays the writer of its cluster, whose endpoint stays', async () => {
  const { Endpoint } = await lab.describeCluster(PRIMARY, 'c-n');
  await lab.rds(PRIMARY).send(
    new ModifyDBInstanceCommand({
      DBInstanceIdentifier: 'db-a',
      NewDBInstanceIdentifier: 'db-n',
      ApplyImmediately: true,
    }),
  );
  await gone(() => lab.describe(PRIMARY, 'db-a'), 'DBInstanceNotFoundFault');
  await lab.statusesUntil(PRIMARY, 'db-n', 'available');
  expect(await lab.describeCluster(PRIMARY, 'c-n')).toMatchObject({
    Endpoint,
    DBClusterMembers: [{ DBInstanceIdentifier: 'db-n' }],
  });
  expect(await lab.sqlAt(Endpoint!, 'select id from push')).toEqual([{ id: 1 }]);
});

test('a cluster and its instance are renamed at once, as a restore does it', async () => {
  const client = lab.rds(PRIMARY);
  const before = await lab.describeCluster(PRIMARY, 'c-n');
  const at = { ApplyImmediately: true };
  await Promise.all([
    client.send(
      new ModifyDBClusterCommand({ DBClusterIdentifier: 'c-n', NewDBClusterIdentifier: 'c-m', ...at }),
    ),
    client.send(
      new ModifyDBInstanceCommand({ DBInstanceIdentifier: 'db-n', NewDBInstanceIdentifier: 'db-m', ...at }),
    ),
  ]);
  await gone(() => lab.describeCluster(PRIMARY, 'c-n'), 'DBClusterNotFoundFault');
  await gone(() => lab.describe(PRIMARY, 'db-n'), 'DBInstanceNotFoundFault');
  await lab.clusterUntil(PRIMARY, 'c-m', 'available');
  await lab.statusesUntil(PRIMARY, 'db-m', 'available');
  const after = await lab.describeCluster(PRIMARY, 'c-m');
  expect(after.DBClusterMembers).toMatchObject([{ DBInstanceIdentifier: 'db-m' }]);
  expect(await lab.sqlAt(after.Endpoint!, 'select id from push')).toEqual([{ id: 1 }]);
  expect(await countOn(PRIMARY, 'db-m')).toBe(1);
  await expect(lab.sqlAt(before.Endpoint!, 'select 1')).rejects.toThrow('ECONNREFUSED');
});

test('the data of a cluster whose server has died below the notice of RDS are backed up, and a reboot revives it', async () => {
  await lab.fleet.powerOff(PRIMARY, 'db-m');
  await lab.rds(PRIMARY).send(
    new CreateDBClusterSnapshotCommand({
      DBClusterIdentifier: 'c-m',
      DBClusterSnapshotIdentifier: 's-dead',
    }),
  );
  await lab.clusterSnapshotUntil(PRIMARY, 's-dead', 'available');
  await lab.clusterUntil(PRIMARY, 'c-m', 'available');
  await expect(countOn(PRIMARY, 'db-m')).rejects.toThrow('ECONNREFUSED');
  await lab.rds(PRIMARY).send(new RebootDBInstanceCommand({ DBInstanceIdentifier: 'db-m' }));
  await lab.statusesUntil(PRIMARY, 'db-m', 'available');
  expect(await countOn(PRIMARY, 'db-m')).toBe(1);
});

test('settings of the cluster reach its instance: retention, security groups and password', async () => {
  const modify = async (settings: object): Promise<void> => {
    await lab
      .rds(PRIMARY)
      .send(new ModifyDBClusterCommand({ DBClusterIdentifier: 'c-m', ...settings, ApplyImmediately: true }));
    await lab.clusterUntil(PRIMARY, 'c-m', 'available');
  };
  lab.bus.emit('securityGroup', { region: PRIMARY, groupId: 'sg-shut', open: false });
  await modify({ VpcSecurityGroupIds: ['sg-shut'], BackupRetentionPeriod: 3 });
  await expect(countOn(PRIMARY, 'db-m')).rejects.toThrow('pg_hba.conf rejects');
  expect(await lab.fleet.isWritable(PRIMARY, 'db-m')).toBe(false);
  expect(await lab.describe(PRIMARY, 'db-m')).toMatchObject({
    BackupRetentionPeriod: 3,
    VpcSecurityGroups: [{ VpcSecurityGroupId: 'sg-shut' }],
  });
  lab.bus.emit('securityGroup', { region: PRIMARY, groupId: 'sg-shut', open: true });
  await eventually(() => lab.fleet.isWritable(PRIMARY, 'db-m'));
  await modify({ MasterUserPassword: 'another-horse' });
  await expect(countOn(PRIMARY, 'db-m')).rejects.toThrow('password authentication failed');
  await modify({ MasterUserPassword: 'correct-horse' });
  expect(await countOn(PRIMARY, 'db-m')).toBe(1);
});

test('a region that loses its power and gets it back has its clusters and their data', async () => {
  await lab.fleet.crash(PRIMARY);
  expect(await lab.fleet.isWritable(PRIMARY, 'db-m')).toBe(false);
  await lab.fleet.restore(PRIMARY);
  expect(await countOn(PRIMARY, 'db-m')).toBe(1);
});

test('a cluster goes after its instance, unprotected, and leaves a final snapshot of its last rows', async () => {
  const client = lab.rds(PRIMARY);
  const remove = (more: object) =>
    client.send(new DeleteDBClusterCommand({ DBClusterIdentifier: 'c-m', ...more }));
  const protect = async (DeletionProtection: boolean): Promise<void> => {
    await client.send(new ModifyDBClusterCommand({ DBClusterIdentifier: 'c-m', DeletionProtection }));
    await lab.clusterUntil(PRIMARY, 'c-m', 'available');
  };
  await protect(true);
  await expect(remove({ SkipFinalSnapshot: true })).rejects.toMatchObject(COMBINATION);
  await protect(false);
  await expect(remove({})).rejects.toMatchObject(COMBINATION);
  await expect(remove({ SkipFinalSnapshot: true })).rejects.toThrow(InvalidDBClusterStateFault);
  await lab.sql(PRIMARY, 'db-m', 'insert into push values (2)');
  lab.clock.hold();
  await client.send(new DeleteDBInstanceCommand({ DBInstanceIdentifier: 'db-m', SkipFinalSnapshot: true }));
  // While the instance is being deleted, the cluster may already be told to go.
  const reply = await remove({ FinalDBSnapshotIdentifier: 's-final' });
  expect(reply.DBCluster?.Status).toBe('deleting');
  await expect(remove({ SkipFinalSnapshot: true })).rejects.toThrow(InvalidDBClusterStateFault);
  lab.clock.release();
  await gone(() => lab.describeCluster(PRIMARY, 'c-m'), 'DBClusterNotFoundFault');
  await lab.clusterSnapshotUntil(PRIMARY, 's-final', 'available');
  await client.send(
    new RestoreDBClusterFromSnapshotCommand({
      DBClusterIdentifier: 'c-m',
      SnapshotIdentifier: 's-final',
      Engine: 'aurora-postgresql',
    }),
  );
  await lab.clusterUntil(PRIMARY, 'c-m', 'available');
  await lab.createWriter(PRIMARY, 'c-m', 'db-m');
  await lab.statusesUntil(PRIMARY, 'db-m', 'available');
  expect(await countOn(PRIMARY, 'db-m')).toBe(2);
});
