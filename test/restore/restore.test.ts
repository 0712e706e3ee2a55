import { DescribeVolumesCommand } from '@aws-sdk/client-ec2';
import { DescribeDBInstancesCommand, ModifyDBInstanceCommand } from '@aws-sdk/client-rds';
import { FailoverBench } from '../support/failover-bench';
import { footprint } from '../support/footprint';
import { until } from '../support/until';
import { untilServing } from '../support/until-serving';
import { backUp, Pushes, startRestore } from './restore-world';

let bench: FailoverBench;
let pushes: Pushes;
let backup: string;

beforeAll(async () => {
  bench = await FailoverBench.open();
  await bench.startWorker();
  pushes = new Pushes(bench);
  await pushes.push('before-1');
  await pushes.push('before-2');
  backup = await backUp(bench);
  await pushes.push('after-1');
});
afterAll(() => bench?.close());

test('without a backup to restore the run shows which there are, and changes nothing', async () => {
  const { mark } = bench;
  const { outcome, problems, facts } = await (await startRestore(bench, {})).ended();
  expect([outcome, problems.map(({ code }) => code)]).toEqual(['REFUSED', ['noBackupNamed']]);
  expect(facts.find(({ label }) => label === backup)?.value).toMatch(
    /^captured 20.*; complete in primary \(eu-central-1\); never tried by a restore$/,
  );
  expect(problems[0]!.remedy).toContain(`"backup": "${backup}"`);
  expect(bench.changesSince(mark)).toEqual([]);
});

test('a name that is no backup, and a target that is not the instance, are refused', async () => {
  const refused = async (more: Readonly<Record<string, unknown>>) => {
    const { outcome, problems } = await (await startRestore(bench, more)).ended();
    return [outcome, ...problems.map(({ code }) => code)];
  };
  expect(await refused({ backup: `${backup}x` })).toEqual(['REFUSED', 'unknownBackup']);
  expect(await refused({ backup, confirm: 'bitbucket-test' })).toEqual(['REFUSED', 'otherTarget']);
  expect(await refused({ backup, site: 'elsewhere' })).toEqual(['REFUSED', 'unknownSite']);
});

test('a dry run tells every step in order, and changes nothing', async () => {
  const { mark } = bench;
  const { outcome, problems, steps } = await (await startRestore(bench, { backup, dryRun: true })).ended();
  expect([outcome, problems]).toEqual(['PLANNED', []]);
  const ids = steps.map(({ id }) => id);
  expect([...ids].sort()).toEqual(
    [
      ...['holdBackup', 'setStackProperties', 'stopNodes', 'keepUsersOut'],
      ...['unmountHome', 'createHomeVolume', 'attachHomeVolume', 'mountHome'],
      ...['setDatabaseAside', 'restoreDatabase', 'configureDatabase'],
      ...['startNode.1', 'compareWithBackup', 'smokeTest', 'admitUsers'],
      ...['setNodeNumbers', 'rebuildSearch', 'verifyService'],
    ].sort(),
  );
  expect(steps.filter(({ risk }) => risk === 'pointOfNoReturn').map(({ id }) => id)).toEqual(['admitUsers']);
  expect(ids.indexOf('admitUsers')).toBeGreaterThan(ids.indexOf('smokeTest'));
  expect(bench.changesSince(mark)).toEqual([]);
});

test('cancelled right before users are let in, the run gives back the former volumes and database', async () => {
  const before = await footprint(bench);
  const run = await startRestore(bench, { backup });
  await run.approve('restore', 'grace', 'linus');
  await run.step('startNode.1', ['running', 'verifying', 'done']);
  await run.hold('grace');
  await run.step('startNode.1', ['done']);
  // Nobody gets to the restored instance before it was looked at.
  expect((await bench.world.probe()).primary.acceptsWrites).toBe(false);
  await run.handle.cancel();

  const state = await run.ended();
  expect([state.outcome, state.conclusion]).toEqual(['UNDONE', 'cancelled; everything was undone']);
  await untilServing(bench);
  expect(await footprint(bench)).toEqual(before);
  expect(await pushes.present()).toEqual(['before-1', 'before-2', 'after-1']);
  await pushes.push('after-2');
  expect(await bench.violations()).toEqual([]);
});

test('a restore brings back exactly the pushes that were acknowledged before the backup', async () => {
  // What the estate does not name comes from the former database.
  const own = {
    MaxAllocatedStorage: 500,
    PreferredBackupWindow: '01:00-01:30',
    PreferredMaintenanceWindow: 'sat:02:00-sat:02:30',
  };
  const present = { DBInstanceIdentifier: 'bitbucket-prod-db', ApplyImmediately: true };
  await bench.aws.primary.rds.send(new ModifyDBInstanceCommand({ ...present, ...own }));
  const before = await footprint(bench);
  const run = await startRestore(bench, { backup, confirm: bench.world.instance });
  await run.approve('restore', 'grace', 'linus');
  // Whoever stops it from here on is told all that is owed to people.
  await run.step('admitUsers', ['running', 'verifying', 'done']);
  await run.hold('grace');
  await run.step('admitUsers', ['done']);
  const early = (await run.report()) as unknown as {
    followUps: readonly string[];
    rpo: { homeSeconds: number; lostPushes: null };
  };
  expect((await run.status()).steps.find(({ id }) => id === 'verifyService')?.state).not.toBe('done');
  for (const owed of [/delete the database/, /the replica at standby follows/, /has become Multi-AZ/])
    expect(early.followUps.join('\n')).toMatch(owed);
  expect(early.rpo).toMatchObject({ homeSeconds: expect.any(Number), lostPushes: null });
  await run.resume('grace');
  const state = await run.ended();
  expect([state.outcome, state.degraded, state.conclusion]).toEqual(['SUCCEEDED', [], expect.anything()]);
  expect(await pushes.present()).toEqual(['before-1', 'before-2']);

  const { restore, rpo, followUps } = (await run.report()) as unknown as {
    restore: { backup: string; formerDatabase: string };
    rpo: { lostPushes: readonly { repository: string; count: number }[] };
    followUps: readonly string[];
  };
  expect(restore).toMatchObject({ backup, site: 'primary' });
  expect(rpo.lostPushes).toEqual([{ repository: 'OPS/probe', count: 2 }]);
  expect(followUps.join('\n')).toMatch(new RegExp(`delete the database ${restore.formerDatabase}`));
  expect(followUps.join('\n')).toMatch(/the replica at standby follows/);

  // Users were not kept waiting for the second instance.
  const byId = await until('Multi-AZ', async () => {
    const { DBInstances = [] } = await bench.aws.primary.rds.send(new DescribeDBInstancesCommand({}));
    const found = new Map(DBInstances.map((one) => [one.DBInstanceIdentifier ?? '', one]));
    return found.get('bitbucket-prod-db')?.MultiAZ === true ? found : undefined;
  });
  expect([...byId.keys()].sort()).toEqual(['bitbucket-prod-db', restore.formerDatabase].sort());
  expect(byId.get('bitbucket-prod-db')).toMatchObject({
    MultiAZ: true,
    BackupRetentionPeriod: 7,
    DeletionProtection: true,
    DBInstanceClass: 'db.m5.large',
    ...own,
  });
  expect(byId.get(restore.formerDatabase)!.TagList).toContainEqual({
    Key: 'runbooks:replaced-by',
    Value: run.id,
  });
  const { Volumes = [] } = await bench.aws.primary.ec2.send(
    new DescribeVolumesCommand({ Filters: [{ Name: 'tag:runbooks:replaced-by', Values: [run.id] }] }),
  );
  expect(Volumes.map(({ State, VolumeId }) => [State, VolumeId])).toEqual([
    ['available', before.primary.volumes![0]!.id],
  ]);
  const after = await footprint(bench);
  expect(after.primary.groups).toEqual(before.primary.groups);
  expect(after.primary.exports).toEqual(before.primary.exports);
  await pushes.push('after-restore');
  expect(await bench.violations()).toEqual([]);
});

test('after a restore a failover tells that the replica holds what was there before', async () => {
  const run = await bench.start(bench.message({ dryRun: true }), { runbook: 'drFailover' });
  const { problems } = await run.ended();
  const found = problems.find(({ code }) => code === 'otherSource');
  expect(found).toMatchObject({ consent: 'dataLoss' });
  expect(found!.message).toMatch(/follows .*bitbucket-prod-db-\S+, not bitbucket-prod-db of primary/);
});
