import { GetMetricDataCommand } from '@aws-sdk/client-cloudwatch';
import { PromoteReadReplicaCommand } from '@aws-sdk/client-rds';
import { eventually, PRIMARY, RdsLab, STANDBY } from './rds-lab';

let lab: RdsLab;

beforeAll(async () => {
  lab = await RdsLab.start(100);
  await lab.establishPair();
  await lab.sql(PRIMARY, 'db-a', 'create table push (id int primary key)');
});

afterAll(() => lab.stop());

const countOn = async (region: string, id: string): Promise<unknown> =>
  lab.sql(region, id, 'select count(*)::int as n from push').then(
    (rows) => rows[0]?.n,
    () => undefined,
  );

async function lagPoints(): Promise<readonly number[]> {
  const reply = await lab.cloudWatch(STANDBY).send(
    new GetMetricDataCommand({
      StartTime: new Date(Date.now() - 600_000),
      EndTime: new Date(Date.now() + 1000),
      MetricDataQueries: [
        {
          Id: 'lag',
          MetricStat: {
            Metric: {
              Namespace: 'AWS/RDS',
              MetricName: 'ReplicaLag',
              Dimensions: [{ Name: 'DBInstanceIdentifier', Value: 'db-b' }],
            },
            Period: 1,
            Stat: 'Maximum',
          },
        },
      ],
    }),
  );
  return reply.MetricDataResults![0]!.Values!;
}

test('a commit on the source arrives on the replica, which refuses writes', async () => {
  await lab.sql(PRIMARY, 'db-a', 'insert into push values (1)');
  await eventually(async () => (await countOn(STANDBY, 'db-b')) === 1);
  await expect(lab.sql(STANDBY, 'db-b', 'insert into push values (2)')).rejects.toThrow('read-only');
  const replica = await lab.describe(STANDBY, 'db-b');
  expect(replica.ReadReplicaSourceDBInstanceIdentifier).toBe('arn:aws:rds:eu-central-1:123456789012:db:db-a');
  expect(replica.StatusInfos).toMatchObject([{ StatusType: 'read replication', Status: 'replicating' }]);
  const source = await lab.describe(PRIMARY, 'db-a');
  expect(source.ReadReplicaDBInstanceIdentifiers).toEqual(['arn:aws:rds:eu-west-1:123456789012:db:db-b']);
  expect(source.DbiResourceId).not.toBe(replica.DbiResourceId);
});

test('the lag is measured: a paused replay makes it grow, newest point first, and a resumed one drops it', async () => {
  await lab.fleet.pauseReplay(STANDBY, 'db-b');
  await eventually(async () => ((await lagPoints())[0] ?? 0) > 3);
  await lab.fleet.resumeReplay(STANDBY, 'db-b');
  await lab.sql(PRIMARY, 'db-a', 'insert into push values (2)');
  await eventually(async () => ((await lagPoints())[0] ?? 9) < 2);
});

test('a partition stops the stream only, and mending it brings the missed commits', async () => {
  await lab.fleet.partition(PRIMARY, STANDBY);
  await lab.sql(PRIMARY, 'db-a', 'insert into push values (3)');
  await eventually(async () => (await lab.describe(STANDBY, 'db-b')).StatusInfos?.[0]?.Status === 'error');
  expect(await countOn(STANDBY, 'db-b')).toBe(2);
  await lab.fleet.mend();
  await eventually(async () => (await countOn(STANDBY, 'db-b')) === 3);
});

test('an instance whose security groups are all closed refuses connections and ends those it has', async () => {
  const held = lab.sql(PRIMARY, 'db-a', 'select pg_sleep(30)');
  const ended = expect(held).rejects.toThrow();
  await eventually(async () => {
    const rows = await lab.fleet.query(
      PRIMARY,
      'db-a',
      `select 1 from pg_stat_activity where query like 'select pg_sleep%'`,
    );
    return rows.length > 0;
  });
  lab.bus.emit('securityGroup', { region: PRIMARY, groupId: 'sg-a', open: false });
  await ended;
  await expect(lab.sql(PRIMARY, 'db-a', 'select 1')).rejects.toThrow('pg_hba.conf rejects');
  expect(await lab.fleet.isWritable(PRIMARY, 'db-a')).toBe(false);
  lab.bus.emit('securityGroup', { region: PRIMARY, groupId: 'sg-a', open: true });
  await eventually(async () => (await countOn(PRIMARY, 'db-a')) === 3);
  await eventually(
    async () => (await lab.describe(STANDBY, 'db-b')).StatusInfos?.[0]?.Status === 'replicating',
  );
});

test('with the source region gone the replica is promoted through the statuses of RDS and takes writes', async () => {
  const before = await lab.describe(STANDBY, 'db-b');
  await lab.fleet.crash(PRIMARY);
  await expect(lab.sql(PRIMARY, 'db-a', 'select 1')).rejects.toThrow('ECONNREFUSED');
  await eventually(async () => (await lab.describe(STANDBY, 'db-b')).StatusInfos?.[0]?.Status === 'error');
  const reply = await lab
    .rds(STANDBY)
    .send(new PromoteReadReplicaCommand({ DBInstanceIdentifier: 'db-b', BackupRetentionPeriod: 3 }));
  expect(reply.DBInstance?.DBInstanceStatus).toBe('modifying');
  const seen = await lab.statusesUntil(STANDBY, 'db-b', 'available');
  expect(seen).toEqual(['modifying', 'rebooting', 'backing-up', 'available']);
  const after = await lab.describe(STANDBY, 'db-b');
  expect(after.ReadReplicaSourceDBInstanceIdentifier).toBeUndefined();
  expect(after.StatusInfos ?? []).toEqual([]);
  expect(after.BackupRetentionPeriod).toBe(3);
  expect(after.Endpoint).toEqual(before.Endpoint);
  expect(after.DbiResourceId).toBe(before.DbiResourceId);
  await lab.sql(STANDBY, 'db-b', 'insert into push values (100)');
  expect(await lab.fleet.isWritable(STANDBY, 'db-b')).toBe(true);
});

test('a restored region brings the old writer back as it was, without what the new one has written', async () => {
  await lab.fleet.restore(PRIMARY);
  expect(await countOn(PRIMARY, 'db-a')).toBe(3);
  expect(await lab.fleet.isWritable(PRIMARY, 'db-a')).toBe(true);
  expect((await lab.describe(PRIMARY, 'db-a')).ReadReplicaDBInstanceIdentifiers ?? []).toEqual([]);
});

test('what is no replica is not promoted, and what is not there is not found', async () => {
  const promote = (region: string, id: string) =>
    lab.rds(region).send(new PromoteReadReplicaCommand({ DBInstanceIdentifier: id }));
  await expect(promote(PRIMARY, 'db-a')).rejects.toMatchObject({
    name: 'InvalidDBInstanceStateFault',
    $metadata: { httpStatusCode: 400 },
  });
  await expect(promote(PRIMARY, 'db-z')).rejects.toMatchObject({
    name: 'DBInstanceNotFoundFault',
    $metadata: { httpStatusCode: 404 },
  });
});
