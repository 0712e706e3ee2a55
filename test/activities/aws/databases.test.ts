import { CreateSecurityGroupCommand } from '@aws-sdk/client-ec2';
import {
  DescribeDBInstancesCommand,
  DescribeDBSnapshotsCommand,
  ModifyDBInstanceCommand,
  RemoveTagsFromResourceCommand,
} from '@aws-sdk/client-rds';
import type { DBInstance } from '@aws-sdk/client-rds';

import { configureDatabaseImplementation } from '../../../activities/aws/rds/configure-database';
import { promoteReplicaImplementation } from '../../../activities/aws/rds/promote-replica';
import { snapshotDatabaseImplementation } from '../../../activities/aws/rds/snapshot-database';
import type {
  ConfiguredDatabase,
  ConfigureDatabase,
  PromotedDatabase,
  PromoteReplica,
} from '../../../workflows/steps/database';
import { until } from '../../support/until';
import { AwsLab, OWNER, PRIMARY, STANDBY } from './aws-lab';
import { codes, context, StepDriver } from './step-driver';

/** Never promoted: every test leaves it as it was. */
const id = 'standby';
const PRIMARY_ID = 'primary';
/** Are promoted on the way. */
const FATED = 'fated-standby';
const BLIND = 'blind-standby';
let lab: AwsLab;

beforeAll(async () => {
  lab = await AwsLab.start();
  await lab.establishPair(PRIMARY_ID, id);
  await lab.establishPair('fated-primary', FATED);
  await lab.establishPair('blind-primary', BLIND);
  await commit();
});
afterAll(() => lab.stop());
afterEach(async () => {
  lab.gateway.faults.clear();
  await lab.fleet.mend();
});

const commit = () =>
  lab.fleet.query(PRIMARY, PRIMARY_ID, 'create table if not exists pushes (at timestamptz default now())');

const promotion = (o: Partial<PromoteReplica> = {}): PromoteReplica => ({
  region: STANDBY,
  databaseId: id,
  databaseName: 'bitbucket',
  credentials: OWNER,
  backupRetentionDays: 7,
  lagLimitSeconds: 300,
  ...o,
});
const promoter = (workflow?: string) =>
  new StepDriver<PromoteReplica, PromotedDatabase>(
    promoteReplicaImplementation(lab.dependencies),
    context('promoteReplica', workflow),
  );

async function describe(databaseId = id): Promise<DBInstance> {
  const reply = await lab.clients
    .rds(STANDBY)
    .send(new DescribeDBInstancesCommand({ DBInstanceIdentifier: databaseId }));
  return reply.DBInstances![0]!;
}

test('promotes, proves it by a write, and promotes nothing again when the answers are lost', async () => {
  const input = promotion({ databaseId: FATED });
  await lab.fleet.query(PRIMARY, 'fated-primary', 'create table pushes (at timestamptz default now())');
  const from = lab.ledgerLength;
  lab.loseAnswers('PromoteReadReplica', 2);
  const driver = promoter();
  const { check, first, second } = await driver.twice(input);
  expect(check).toMatchObject({ state: 'needed', problems: [], before: { status: 'available' } });
  expect(check.before.lossSeconds).toBeLessThan(60);
  expect(check.calls.map((call) => call.action)).toEqual(['AddTagsToResource', 'PromoteReadReplica']);
  expect(first.facts).toMatchObject({ status: 'available', inRecovery: false, writeAccepted: true });
  expect(Date.parse(first.output.lastReplayedAt!)).toBeLessThan(Date.now());
  expect(second.output).toEqual(first.output);
  expect(lab.changes(from)).toEqual(['AddTagsToResource', 'PromoteReadReplica']);
  expect(driver.progress.join('\n')).toMatch(/fated-standby is \w+.*still a replica of arn:aws:rds/);
  expect(await describe(FATED)).toMatchObject({ BackupRetentionPeriod: 7 });
  expect(await driver.check(input)).toMatchObject({ state: 'done', calls: [], problems: [] });
  expect(await lab.fleet.query(STANDBY, FATED, 'select * from runbooks_probe')).toEqual([]);
});

test('a promotion that nobody can prove needs consent, is made all the same, and then asks', async () => {
  const input = promotion({ databaseId: BLIND, credentials: { ...OWNER, password: 'env:WRONG' } });
  const driver = promoter();
  const [problem, ...others] = (await driver.check(input)).problems;
  expect(others).toEqual([]);
  expect(problem).toMatchObject({
    code: 'databaseSessionFailed',
    consent: 'blindPromotion',
    message: expect.stringContaining('The worker cannot open a session to blind-standby'),
    remedy: expect.stringContaining('the step will then ask after the promotion'),
  });
  // Somebody else changes the replica meanwhile: that is waited for, and not taken for our own promotion.
  await lab.slowly(async () => {
    await lab.clients.rds(STANDBY).send(
      new ModifyDBInstanceCommand({
        DBInstanceIdentifier: BLIND,
        BackupRetentionPeriod: 3,
        ApplyImmediately: true,
      }),
    );
    await until(
      'modifying',
      async () => (await describe(BLIND)).DBInstanceStatus === 'modifying' || undefined,
    );
  });
  const output = await driver.run(input);
  expect(driver.progress[0]).toMatch(/^blind-standby is modifying, still a replica of arn:aws:rds/);
  await until('the promotion', async () => {
    const { ReadReplicaSourceDBInstanceIdentifier: source } = await describe(BLIND);
    return source === undefined || undefined;
  });
  await expect(driver.verify(input, output)).rejects.toMatchObject({ type: 'NeedsPerson' });
  const unset = promotion({ databaseId: BLIND, credentials: { ...OWNER, password: 'env:NOT_THERE' } });
  await expect(driver.verify(unset, output)).rejects.toMatchObject({
    type: 'NeedsPerson',
    message: expect.stringContaining('cannot sign in as bitbucket'),
  });
  expect(await driver.verify(promotion({ databaseId: BLIND }), output)).toMatchObject({
    facts: { writeAccepted: true },
  });
});

test('a metric that cannot be read makes the loss unknown at worst', async () => {
  lab.gateway.faults.add({
    match: { action: 'GetMetricData' },
    effect: { kind: 'error', code: 'AccessDenied', status: 403 },
  });
  expect((await promoter().check(promotion())).problems).toEqual([]);
  const blind = await promoter().check(promotion({ credentials: { ...OWNER, password: 'env:WRONG' } }));
  expect(blind.problems).toMatchObject([
    { code: 'databaseSessionFailed', consent: 'blindPromotion' },
    { code: 'lagUnknown', consent: 'dataLoss', message: expect.stringContaining('AccessDenied') },
  ]);
});

test('a database that something else promoted is not taken for ours', async () => {
  const input = promotion({ databaseId: FATED });
  const other = promoter('other/1');
  expect(codes(await other.check(input))).toEqual(['notAReplica']);
  await expect(other.run(input)).rejects.toMatchObject({ type: 'Terminal' });
});

test('sets what a promoted replica lacks, and gives it back', async () => {
  const group = await lab.clients
    .ec2(STANDBY)
    .send(new CreateSecurityGroupCommand({ GroupName: 'db', Description: 'database' }));
  const input: ConfigureDatabase = {
    region: STANDBY,
    databaseId: FATED,
    multiAz: true,
    backupRetentionDays: 14,
    deletionProtection: true,
    securityGroups: [group.GroupId!],
  };
  const settings = new StepDriver<ConfigureDatabase, { changed: readonly string[] }>(
    configureDatabaseImplementation(lab.dependencies),
    context('configureDatabase'),
  );
  const { check, first } = await settings.twice(input);
  expect(check).toMatchObject({
    state: 'needed',
    problems: [],
    before: { multiAz: false, backupRetentionDays: 7 },
  });
  expect(first.output.changed).toEqual([
    'multiAz',
    'backupRetentionDays',
    'deletionProtection',
    'securityGroups',
  ]);
  expect(await describe(FATED)).toMatchObject({
    MultiAZ: true,
    BackupRetentionPeriod: 14,
    DeletionProtection: true,
  });
  expect(await settings.check(input)).toMatchObject({ state: 'done', calls: [] });
  expect(await settings.undo(input, check.before, first.output)).toMatchObject({ changed: true });
  await until('former settings', async () => {
    const now = await describe(FATED);
    return (now.BackupRetentionPeriod === 7 && now.DeletionProtection === false) || undefined;
  });
});

test('a failover need not wait until RDS has set up the second instance, only until it does so', async () => {
  const input: ConfigureDatabase = {
    region: STANDBY,
    databaseId: FATED,
    multiAz: true,
    backupRetentionDays: 7,
    deletionProtection: true,
    securityGroups: [],
  };
  await until('the end of what was before', async () => {
    const { DBInstanceStatus, MultiAZ } = await describe(FATED);
    return (DBInstanceStatus === 'available' && MultiAZ === false) || undefined;
  });
  const settings = new StepDriver<ConfigureDatabase, ConfiguredDatabase>(
    configureDatabaseImplementation(lab.dependencies),
    context('configureDatabase', 'hasty/1'),
  );
  const hasty = { ...input, multiAzMayFollow: true };
  const changed = await settings.run(hasty);
  const first = await settings.verify(hasty, changed);
  expect(first.output.multiAzFollows).toBe(true);
  const during = await describe(FATED);
  expect(during).toMatchObject({ MultiAZ: false, DeletionProtection: true, DBInstanceStatus: 'modifying' });
  // Who has time waits for the end.
  const second = await settings.verify(input, changed);
  expect(second.output.multiAzFollows).toBeUndefined();
  expect(await describe(FATED)).toMatchObject({ MultiAZ: true, DBInstanceStatus: 'available' });
});

test('all problems at once', async () => {
  const check = await promoter().check(
    promotion({ backupRetentionDays: 0, credentials: { ...OWNER, password: 'env:WRONG' } }),
  );
  expect(codes(check)).toEqual(expect.arrayContaining(['databaseSessionFailed', 'retentionOutOfRange']));
  expect(codes(await promoter().check(promotion({ databaseId: 'nobody' })))).toEqual(['replicaNotFound']);
});

test('refuses to promote while the replica is backing-up', async () => {
  const snapshots = snapshotter('another/1');
  await snapshots.run({ region: STANDBY, databaseId: id });
  await until('backing-up', async () => (await describe()).DBInstanceStatus === 'backing-up' || undefined);
  expect(codes(await promoter().check(promotion()))).toContain('replicaBackingUp');
  await until('the end of it', async () => (await describe()).DBInstanceStatus === 'available' || undefined);
});

test('a replica whose storage RDS is working on is no reason to refuse a failover', async () => {
  let shown = 'storage-optimization';
  lab.gateway.use({
    service: 'rds',
    handlers: {
      DescribeDBInstances: async (_call, forward) => {
        const reply = await forward();
        const status = (word: string): string => `<DBInstanceStatus>${word}<`;
        return {
          ...reply,
          body: Buffer.from(reply.body.toString().replaceAll(status('available'), status(shown))),
        };
      },
    },
  });
  try {
    for (const status of ['storage-optimization', 'storage-initialization', 'configuring-log-exports']) {
      shown = status;
      expect(codes(await promoter().check(promotion()))).toEqual([]);
    }
    shown = 'upgrading';
    expect(codes(await promoter().check(promotion()))).toEqual(['replicaNotAvailable']);
  } finally {
    shown = 'available';
  }
});

test('a replica cut off from its living source shows how far it is behind, and asks for consent', async () => {
  await lab.fleet.partition(PRIMARY, STANDBY);
  await commit();
  const problem = await until('lag above the limit', async () => {
    const check = await promoter().check(promotion({ lagLimitSeconds: 1 }));
    return check.problems.find((one) => one.code === 'replicaLagAboveLimit');
  });
  expect(problem).toMatchObject({
    consent: 'dataLoss',
    message: expect.stringMatching(/lose \d+ s.*limit is 1 s/),
  });
});

test('a dead source region does not turn the time since into a loss', async () => {
  await until('a point of the metric', async () => {
    const check = await promoter().check(promotion({ lagLimitSeconds: 0 }));
    return check.before.lossSeconds !== null || undefined;
  });
  await new Promise((resolve) => setTimeout(resolve, 1200));
  await lab.fleet.crash(PRIMARY);
  lab.gateway.faults.regionDown(PRIMARY, '503');
  try {
    const check = await until('replication seen as broken', async () => {
      const now = await promoter().check(promotion({ lagLimitSeconds: 30 }));
      return String(now.before.lossBasis).includes('before') ||
        String(now.before.lossBasis).includes('last while')
        ? now
        : undefined;
    });
    expect(check.problems).toEqual([]);
    expect(check.before.lossSeconds).toBeLessThan(30);
    expect(check.before).toMatchObject({
      replication: 'error',
      lossBasis: expect.stringContaining('whether the source still commits cannot be seen'),
    });
    // The incident that people tell of ends what the source may have committed; it was there when the region went.
    const replayed = Date.parse(String(check.before.lastReplayedAt));
    const told = (seconds: number) => new Date(replayed + seconds * 1000).toISOString();
    const ordinary = promotion({ lagLimitSeconds: 30, incidentStartedAt: told(20) });
    expect((await promoter().check(ordinary)).problems).toEqual([]);
    const broken = promotion({ lagLimitSeconds: 30, incidentStartedAt: told(5400) });
    expect((await promoter().check(broken)).problems).toMatchObject([
      { code: 'replicaLagAboveLimit', consent: 'dataLoss', figure: 5400 },
    ]);
  } finally {
    lab.gateway.faults.clear();
    await lab.fleet.restore(PRIMARY);
  }
});

const snapshotter = (workflow?: string) =>
  new StepDriver<{ region: string; databaseId: string }, { snapshotId: string }>(
    snapshotDatabaseImplementation(lab.dependencies),
    context('snapshotDatabase', workflow),
  );

test('one snapshot per run, whatever answers are lost; undo deletes it, and only once', async () => {
  const from = lab.ledgerLength;
  const input = { region: STANDBY, databaseId: id };
  lab.loseAnswers('CreateDBSnapshot');
  const driver = snapshotter();
  const { check, first, second } = await driver.twice(input);
  expect(check).toMatchObject({ state: 'needed', problems: [] });
  expect(second).toEqual(first);
  expect(first.facts).toMatchObject({ state: 'available' });
  expect(driver.progress.join('\n')).toMatch(/snapshot runbooks-standby-\w+ is creating, \d+ %/);
  expect(lab.changes(from)).toEqual(['CreateDBSnapshot']);
  expect(await driver.check(input)).toMatchObject({ state: 'done', calls: [] });
  expect(await driver.undo(input, check.before, first.output)).toMatchObject({ changed: true });
  await until('deletion', async () => {
    const { DBSnapshots } = await lab.clients.rds(STANDBY).send(new DescribeDBSnapshotsCommand({}));
    return DBSnapshots?.every((one) => one.DBSnapshotIdentifier !== first.output.snapshotId) || undefined;
  });
  expect(await driver.undo(input, check.before)).toMatchObject({ changed: false });
});

test('a snapshot of the same name that is not ours stops the step', async () => {
  const driver = snapshotter('foreign/1');
  const input = { region: STANDBY, databaseId: id };
  await driver.run(input);
  const { snapshotId } = await driver.runOnce(input);
  const { DBSnapshots } = await lab.clients
    .rds(STANDBY)
    .send(new DescribeDBSnapshotsCommand({ DBSnapshotIdentifier: snapshotId }));
  const mine = DBSnapshots![0]!;
  await lab.clients
    .rds(STANDBY)
    .send(new RemoveTagsFromResourceCommand({ ResourceName: mine.DBSnapshotArn, TagKeys: ['runbooks:run'] }));
  await expect(driver.runOnce(input)).rejects.toMatchObject({
    type: 'Terminal',
    message: expect.stringContaining('not ours'),
  });
});

test('groups that do not exist are told before anything is changed', async () => {
  const settings = new StepDriver<ConfigureDatabase, { changed: readonly string[] }>(
    configureDatabaseImplementation(lab.dependencies),
    context('configureDatabase'),
  );
  const check = await settings.check({
    region: STANDBY,
    databaseId: 'nobody',
    multiAz: true,
    backupRetentionDays: 7,
    deletionProtection: true,
    parameterGroup: 'no-such-group',
    securityGroups: ['sg-00000000000000000'],
  });
  expect(check.problems).toMatchObject([
    { code: 'databaseNotFound' },
    { code: 'parameterGroupNotFound', consent: 'missingSettings' },
    { code: 'securityGroupNotFound', consent: 'missingSettings' },
  ]);
  expect(check.problems[0]!.consent).toBeUndefined();
});

test('groups that do not exist are left out with consent, and told at the end', async () => {
  const settings = new StepDriver<ConfigureDatabase, { changed: readonly string[] }>(
    configureDatabaseImplementation(lab.dependencies),
    context('configureDatabase', 'lacking/1'),
  );
  const input: ConfigureDatabase = {
    region: STANDBY,
    databaseId: FATED,
    multiAz: false,
    backupRetentionDays: 9,
    deletionProtection: false,
    parameterGroup: 'no-such-group',
    securityGroups: ['sg-00000000000000000'],
  };
  const { first } = await settings.twice(input);
  expect(first).toMatchObject({
    facts: { backupRetentionDays: 9 },
    degraded: [
      `parameter group no-such-group does not exist in ${STANDBY} and was not set`,
      `security group of sg-00000000000000000 does not exist in ${STANDBY} and was not set`,
    ],
  });
});
