import { createHash } from 'node:crypto';
import { DeleteSnapshotCommand, DescribeLockedSnapshotsCommand } from '@aws-sdk/client-ec2';
import { listHomeCopiesImplementation } from '../../activities/aws/ec2/list-home-copies';
import { startTraffic } from '../../lab/traffic/of-world';
import type { TrafficProcess } from '../../lab/traffic/launch';
import { chooseHomeCopy } from '../../workflows/plan/home-copies';
import type { CopyRecord, Manifest } from '../../workflows/plan/backup/manifest';
import type { HomeCopy } from '../../workflows/steps/list-home-copies';
import { clientsOf, dependenciesOf, lookWith } from '../activities/aws/step-driver';
import { keysInStore, readStore } from '../support/backup-store';
import { FailoverBench } from '../support/failover-bench';
import type { LiveRun } from '../support/live-run';
import { lockingSnapshots } from '../support/snapshot-lock';
import { snapshotsOf } from '../support/snapshots';

let bench: FailoverBench;
let traffic: TrafficProcess;
let first: LiveRun;

beforeAll(async () => {
  bench = await FailoverBench.open();
  await bench.startWorker();
  traffic = await startTraffic(bench.world);
});
afterAll(async () => {
  await traffic?.stop();
  await bench?.close();
});

const manifestOf = async (run: LiveRun) => {
  const { backup } = (await run.report()) as unknown as { backup: { key: string; sha256: string } };
  return { ...backup, ...(await readStore<Manifest>(bench, backup.key)) };
};
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

test('home and database become one object under traffic: complete, frozen, described by a manifest, copied', async () => {
  first = await bench.start(bench.message(), { runbook: 'backup' });
  const state = await first.ended();
  expect([state.outcome, state.degraded, state.conclusion]).toEqual(['SUCCEEDED', [], expect.anything()]);

  const { key, text, value: manifest } = await manifestOf(first);
  expect(manifest).toMatchObject({
    ...{
      format: 1,
      instance: bench.world.instance,
      mode: 'zeroDowntime',
      consistency: 'frozen',
      previous: null,
    },
    place: { site: 'primary', region: 'eu-central-1', account: '123456789012' },
    product: { version: '8.19.4', projects: 3, repositories: 4 },
    run: { workflowId: first.id, runId: state.runId },
  });
  expect(manifest.members.map(({ kind, name }) => [kind, name])).toEqual([
    ['ebs', 'home'],
    ['rds', 'database'],
  ]);
  expect(manifest.skewSeconds).toBeLessThan(60);
  expect(key).toBe(`runbooks/${bench.world.instance}/${manifest.backup}/manifest.json`);
  const made = await snapshotsOf(bench, first.id);
  expect(made.map(({ site, kind }) => `${site} ${kind}`).sort()).toEqual([
    'primary ebs',
    'primary rds',
    'standby ebs',
    'standby rds',
  ]);
  for (const { tags } of made) {
    expect(tags).toMatchObject({ 'runbooks:backup': manifest.backup, 'runbooks:manifest': sha256(text) });
  }
  expect(await bench.violations()).toEqual([]);
});

test('the copy is on record, and is what a failover of the standby region would take', async () => {
  const { value: manifest } = await manifestOf(first);
  const keys = await keysInStore(bench);
  const { value: record } = await readStore<CopyRecord>(
    bench,
    keys.find((key) => key.includes('/copy-'))!,
  );
  expect(record).toMatchObject({ record: 'copy', backup: manifest.backup, place: { site: 'standby' } });
  expect(record.members.map(({ kind }) => kind)).toEqual(['ebs', 'rds']);
  const clients = clientsOf(bench.world.gateway.url);
  const { copies, ignored } = await lookWith<{ copies: HomeCopy[]; ignored: string[] }>(
    listHomeCopiesImplementation(dependenciesOf(clients)),
    { region: 'eu-west-1', instance: bench.world.instance },
  );
  clients.destroy();
  // A DB snapshot is no EBS snapshot: nothing is half known.
  expect(ignored).toEqual([]);
  const { chosen } = chooseHomeCopy(copies, ['home']);
  expect(chosen).toMatchObject({
    backup: manifest.backup,
    capturedAt: manifest.members[0]!.capturedAt,
    snapshots: { home: record.members[0]!.id },
  });
});

test('each manifest names the one before it with the hash of its bytes', async () => {
  const before = await manifestOf(first);
  const second = await bench.start(bench.message(), { runbook: 'backup' });
  expect((await second.ended()).outcome).toBe('SUCCEEDED');
  const { value } = await manifestOf(second);
  expect(value.previous).toEqual({ backup: before.value.backup, sha256: sha256(before.text) });
  expect(await bench.violations()).toEqual([]);
});

test('with a lock in the policy nobody can delete the snapshots, at home and in the copy, until it ends', async () => {
  await bench.changeEstate(lockingSnapshots);
  // The answer to the first lock is lost: it is set, and not set again.
  bench.world.gateway.faults.add({
    match: { action: 'LockSnapshot' },
    nth: 1,
    effect: { kind: 'dropAfter' },
  });
  const { mark } = bench;
  const run = await bench.start(bench.message(), { runbook: 'backup' });
  const state = await run.ended();
  await bench.changeEstate();
  expect([state.outcome, state.degraded]).toEqual(['SUCCEEDED', []]);
  const until = new Date(Date.parse(state.startedAt) + 30 * 86_400_000).toISOString();
  const { value: manifest } = await manifestOf(run);
  const copied = (await keysInStore(bench)).find(
    (key) => key.includes(`/${manifest.backup}/`) && key.includes('/copy-'),
  )!;
  expect((await readStore<CopyRecord>(bench, copied)).value.lockedUntil).toBe(until);
  for (const { site, kind, id } of await snapshotsOf(bench, run.id)) {
    if (kind !== 'ebs') continue;
    const { ec2 } = bench.aws[site];
    const { Snapshots = [] } = await ec2.send(new DescribeLockedSnapshotsCommand({}));
    expect(Snapshots.find(({ SnapshotId }) => SnapshotId === id)).toMatchObject({
      LockState: 'governance',
      LockExpiresOn: new Date(until),
    });
    await expect(ec2.send(new DeleteSnapshotCommand({ SnapshotId: id }))).rejects.toThrow(/locked/);
  }
  const locks = bench.changesSince(mark).filter(({ action }) => action === 'LockSnapshot');
  expect(new Set(locks.map(({ parameters }) => parameters.SnapshotId)).size).toBe(2);
  expect(await bench.violations()).toEqual([]);
});

test('a dry run tells every call, and makes none', async () => {
  const { mark } = bench;
  const run = await bench.start(bench.message({ dryRun: true }), { runbook: 'backup' });
  const { outcome, steps } = await run.ended();
  expect([outcome, steps.map(({ id }) => id)]).toEqual([
    'PLANNED',
    [
      'awaitDatabase',
      'captureVolumes',
      'captureDatabase',
      'completeBackup',
      'writeManifest',
      'copyBackup.standby',
      'recordCopy.standby',
    ],
  ]);
  expect(bench.changesSince(mark).map(({ action }) => action)).toEqual([]);
});

test('an estate that does not say where backups are kept is told so', async () => {
  await bench.changeEstate((estate) => {
    const { backup: _backup, ...instance } = estate.instances[bench.world.instance]!;
    return { ...estate, instances: { [bench.world.instance]: instance } };
  });
  const run = await bench.start(bench.message(), { runbook: 'backup' });
  const { outcome, problems } = await run.ended();
  expect([outcome, problems.map(({ code }) => code)]).toEqual(['REFUSED', ['noBackupPlan']]);
  await bench.changeEstate();
});
