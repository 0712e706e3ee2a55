import { DescribeDBClustersCommand, DescribeDBInstancesCommand } from '@aws-sdk/client-rds';
import { DRILL } from '../../lab/world/layout';
import type { CopyRecord, Manifest } from '../../workflows/plan/backup/manifest';
import { backUp, Pushes, startRestore } from '../restore/restore-world';
import { keysInStore, readStore } from '../support/backup-store';
import { FailoverBench } from '../support/failover-bench';
import { footprint } from '../support/footprint';
import { KEEP_NEWEST, keeping } from '../support/retention';
import { snapshotsOf } from '../support/snapshots';
import { appliedTwice } from '../sweeps/oracle';
import { decisionAbout, verificationOf, verify } from '../verify-backup/verify-world';

let bench: FailoverBench;
let pushes: Pushes;
let backup: string;

beforeAll(async () => {
  bench = await FailoverBench.open({ aurora: true, drill: true });
  await bench.startWorker();
  pushes = new Pushes(bench);
  await pushes.push('before-1');
  await pushes.push('before-2');
});
afterEach(() => bench?.world.gateway.faults.clear());
afterAll(() => bench?.close());

const loseOnce = (...actions: string[]) =>
  actions.forEach((action) =>
    bench.world.gateway.faults.add({ match: { action }, times: 1, effect: { kind: 'dropAfter' } }),
  );
const applied = (mark: number, action: string) =>
  bench
    .changesSince(mark)
    .filter((entry) => entry.action === action && entry.applied && entry.errorCode === null);
const clustersOf = async (site: 'primary' | 'standby') =>
  (await bench.aws[site].rds.send(new DescribeDBClustersCommand({}))).DBClusters ?? [];

test('the cluster is captured and copied as a part of the backup, whatever answers are lost', async () => {
  loseOnce('CreateDBClusterSnapshot', 'CopyDBClusterSnapshot', 'AddTagsToResource');
  const { mark } = bench;
  const run = await bench.start(bench.message(), { runbook: 'backup' });
  const state = await run.ended();
  expect([state.outcome, state.degraded]).toEqual(['SUCCEEDED', []]);
  expect(appliedTwice(bench.changesSince(mark), [])).toEqual([]);

  const report = (await run.report()) as unknown as { backup: { name: string; key: string } };
  const { value: manifest } = await readStore<Manifest>(bench, report.backup.key);
  backup = manifest.backup;
  expect(manifest.members.map(({ kind, name }) => [kind, name])).toEqual([
    ['ebs', 'home'],
    ['aurora', 'database'],
  ]);
  const database = manifest.members[1]!;
  expect(database.arn).toMatch(/^arn:aws:rds:eu-central-1:123456789012:cluster-snapshot:runbooks-/);
  const made = await snapshotsOf(bench, run.id);
  expect(made.map(({ site, kind }) => `${site} ${kind}`).sort()).toEqual([
    'primary aurora',
    'primary ebs',
    'standby aurora',
    'standby ebs',
  ]);
  const key = (await keysInStore(bench)).find((one) => one.includes('/copy-'))!;
  const { value: record } = await readStore<CopyRecord>(bench, key);
  // A copy of a cluster snapshot does not tell the instant that it holds, but by our tag.
  expect(record.members.map(({ kind, capturedAt }) => [kind, capturedAt])).toEqual(
    manifest.members.map(({ kind, capturedAt }) => [kind, capturedAt]),
  );
  expect(await bench.violations()).toEqual([]);
});

test('a trial makes a cluster with a writer at the drill site, proves it, and leaves nothing', async () => {
  loseOnce('RestoreDBClusterFromSnapshot', 'CreateDBInstance', 'DeleteDBInstance', 'DeleteDBCluster');
  const before = await footprint(bench);
  const { mark } = bench;
  const run = await verify(bench);
  const state = await run.ended();
  expect([state.outcome, state.degraded, state.conclusion]).toEqual(['SUCCEEDED', [], expect.anything()]);
  const { result, checks } = await verificationOf(run);
  expect([result, checks.filter(({ passed }) => !passed)]).toEqual(['passed', []]);
  for (const action of ['RestoreDBClusterFromSnapshot', 'CreateDBInstance', 'DeleteDBCluster'])
    expect([action, applied(mark, action).length]).toEqual([action, 1]);
  expect(await footprint(bench)).toEqual(before);
  const { point } = await decisionAbout(bench, backup);
  expect([point.state, point.verification?.result]).toEqual(['complete', 'passed']);
  expect(await bench.violations()).toEqual([]);
});

test('cancelled right before users are let in, the run gives back the former cluster with its writer', async () => {
  await pushes.push('after-1');
  const before = await footprint(bench);
  const run = await startRestore(bench, { backup });
  await run.approve('restore', 'grace', 'linus');
  await run.step('startNode.1', ['running', 'verifying', 'done']);
  await run.hold('grace');
  await run.step('startNode.1', ['done']);
  await run.handle.cancel();
  const state = await run.ended();
  expect([state.outcome, state.conclusion]).toEqual(['UNDONE', 'cancelled; everything was undone']);
  expect(await footprint(bench)).toEqual(before);
  expect(await pushes.present()).toEqual(['before-1', 'before-2', 'after-1']);
  expect(await bench.violations()).toEqual([]);
}, 700_000);

test('a restore brings back what was acknowledged before the backup, in a cluster of the former name', async () => {
  loseOnce('ModifyDBInstance', 'ModifyDBCluster', 'RestoreDBClusterFromSnapshot', 'CreateDBInstance');
  const { mark } = bench;
  const [former] = await clustersOf('primary');
  const run = await startRestore(bench, { backup });
  await run.approve('restore', 'grace', 'linus');
  const state = await run.ended();
  expect([state.outcome, state.degraded, state.conclusion]).toEqual(['SUCCEEDED', [], expect.anything()]);
  expect(await pushes.present()).toEqual(['before-1', 'before-2']);
  expect(appliedTwice(bench.changesSince(mark), [])).toEqual([]);

  const clusters = await clustersOf('primary');
  const aside = clusters.find((one) => one.DbClusterResourceId === former!.DbClusterResourceId)!;
  const restored = clusters.find((one) => one !== aside)!;
  expect(restored).toMatchObject({
    DBClusterIdentifier: former!.DBClusterIdentifier,
    BackupRetentionPeriod: 7,
    DeletionProtection: true,
    DBClusterMembers: [{ DBInstanceIdentifier: 'bitbucket-prod-db', IsClusterWriter: true }],
  });
  expect(restored.VpcSecurityGroups).toEqual(former!.VpcSecurityGroups);
  expect(aside.TagList).toContainEqual({ Key: 'runbooks:replaced-by', Value: run.id });
  const { DBInstances = [] } = await bench.aws.primary.rds.send(new DescribeDBInstancesCommand({}));
  expect(DBInstances.map((one) => one.DBClusterIdentifier).sort()).toEqual(
    clusters.map((one) => one.DBClusterIdentifier).sort(),
  );
  const { rpo, followUps } = (await run.report()) as unknown as {
    rpo: { lostPushes: readonly { repository: string; count: number }[] };
    followUps: readonly string[];
  };
  expect(rpo.lostPushes).toEqual([{ repository: 'OPS/probe', count: 1 }]);
  expect(followUps.join('\n')).toContain(`and then the cluster ${aside.DBClusterIdentifier}`);
  expect(await bench.violations()).toEqual([]);
});

test('the estate has to say that it is a cluster, and which; a failover of one is refused', async () => {
  const withCluster = (cluster: string | undefined) =>
    bench.changeEstate((estate) => {
      const instance = estate.instances[bench.world.instance]!;
      const primary = instance.sites['primary']!;
      const { cluster: _former, ...database } = primary.database;
      const changed = {
        ...primary,
        database: cluster === undefined ? database : { ...database, cluster },
      };
      return {
        ...estate,
        instances: {
          ...estate.instances,
          [bench.world.instance]: { ...instance, sites: { ...instance.sites, primary: changed } },
        },
      };
    });
  for (const cluster of [undefined, 'another-cluster']) {
    await withCluster(cluster);
    const { mark } = bench;
    const { outcome, problems } = await (await bench.start(bench.message(), { runbook: 'backup' })).ended();
    expect([outcome, problems.map(({ code }) => code)]).toEqual(['REFUSED', ['otherCluster']]);
    expect(problems[0]!.remedy).toContain('bitbucket-prod-cluster');
    expect(bench.changesSince(mark)).toEqual([]);
  }
  await bench.changeEstate();
  const { outcome, problems } = await (await bench.start(bench.message())).ended();
  expect([outcome, problems.map(({ code }) => code)]).toEqual(['REFUSED', ['clusterNotSupported']]);
});

test('pruneBackups deletes a cluster snapshot with the rest of its pair', async () => {
  const newer = await backUp(bench);
  await bench.changeEstate(keeping(KEEP_NEWEST));
  // So that the older one is not the last that was proven.
  const proof = await verify(bench, { backup: newer });
  expect((await proof.ended()).outcome).toBe('SUCCEEDED');
  const { mark } = bench;
  const run = await bench.start(bench.message(), { runbook: 'pruneBackups' });
  await run.approve('pruneBackups', 'grace', 'linus');
  const state = await run.ended();
  await bench.changeEstate();
  expect([state.outcome, state.degraded]).toEqual(['SUCCEEDED', []]);
  const gone = applied(mark, 'DeleteDBClusterSnapshot').map(({ region }) => region);
  expect(gone).toContain('eu-central-1');
  expect(applied(mark, 'DeleteSnapshot')).toHaveLength(gone.length);
  expect((await decisionAbout(bench, newer)).point.place.region).toBe(DRILL.region);
  expect(await bench.violations()).toEqual([]);
}, 700_000);
