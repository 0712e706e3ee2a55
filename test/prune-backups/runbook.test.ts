import { LockSnapshotCommand, RegisterImageCommand, UnlockSnapshotCommand } from '@aws-sdk/client-ec2';
import { backupName } from '../../workflows/plan/backup/name';
import { plan } from '../../workflows/runbook/messages';
import { FailoverBench } from '../support/failover-bench';
import { keepDays, keeping } from '../support/retention';
import { Stock } from './stock';

let bench: FailoverBench;
let stock: Stock;
/** Three old days with two backups each, of which the policy keeps one per day; the oldest day goes. */
const DAYS = ['2026-10-01', '2026-10-02', '2026-10-03'];

beforeAll(async () => {
  bench = await FailoverBench.open({ scale: 2000 });
  await bench.changeEstate(keeping(keepDays(2)));
  await bench.startWorker();
  stock = new Stock(bench);
});
afterAll(() => bench?.close());
afterEach(() => bench.world.gateway.faults.clear());

function prune(more: Readonly<Record<string, unknown>> = {}) {
  return bench.start(bench.message(more), { runbook: 'pruneBackups' });
}

test('a dry run tells what would go and touches nothing; the run deletes whole pairs and records it', async () => {
  const old = await stock.pair(`${DAYS[0]}T10:00:00Z`);
  const kept = [await stock.pair(`${DAYS[1]}T10:00:00Z`), await stock.pair(`${DAYS[2]}T10:00:00Z`)];
  const mark = bench.mark;
  const dry = await prune({ dryRun: true });
  expect((await dry.ended()).outcome).toBe('PLANNED');
  expect(bench.changesSince(mark)).toEqual([]);
  const made = (await dry.handle.query(plan))!;
  expect(made.problems).toEqual([]);
  expect(made.gates.map(({ name }) => name)).toEqual(['pruneBackups']);
  expect(made.facts).toContainEqual({
    label: 'primary (eu-central-1)',
    // The home copy of the lab's own automation, which is no backup of ours.
    value: '3 restore points, 2 kept, 1 to delete, 1 left alone',
  });
  expect(made.steps.map(({ id, calls }) => [id, calls.map(({ action }) => action)])).toEqual([
    [`deleteRestorePoint.${old}.primary`, ['DeleteSnapshot', 'DeleteDBSnapshot', 'PutObject']],
  ]);

  const run = await prune();
  await run.approve('pruneBackups', 'grace', 'linus');
  const state = await run.ended();
  expect([state.outcome, state.degraded]).toEqual(['SUCCEEDED', []]);
  expect(await stock.members(old)).toEqual([]);
  for (const backup of kept) expect(await stock.members(backup)).toHaveLength(2);
  expect(await stock.deletions(old)).toEqual([
    expect.objectContaining({
      backup: old,
      place: stock.place,
      run: expect.objectContaining({ workflowId: run.id }),
    }),
  ]);

  const again = await prune();
  const after = await again.ended();
  expect([after.outcome, after.steps]).toEqual(['SUCCEEDED', []]);
  expect(await bench.violations()).toEqual([]);
});

test('answers that are lost change nothing about it', async () => {
  const old = await stock.pair(`${DAYS[0]}T11:00:00Z`);
  for (const action of ['CreateTags', 'DeleteSnapshot', 'AddTagsToResource', 'DeleteDBSnapshot', 'PutObject'])
    bench.world.gateway.faults.add({ match: { action }, times: 2, effect: { kind: 'dropAfter' } });
  const run = await prune();
  await run.approve('pruneBackups', 'grace', 'linus');
  const state = await run.ended();
  expect([state.outcome, state.degraded]).toEqual(['SUCCEEDED', []]);
  expect(await stock.members(old)).toEqual([]);
  expect(await stock.deletions(old)).toHaveLength(1);
});

test('a pair that is verified or locked while people think stays, and the rest goes', async () => {
  const [verified, locked, old] = [
    await stock.pair(`${DAYS[0]}T12:00:00Z`),
    await stock.pair(`${DAYS[0]}T13:00:00Z`),
    await stock.pair(`${DAYS[0]}T14:00:00Z`),
  ];
  const run = await prune();
  await run.asked('pruneBackups');
  await stock.verified(verified);
  const { ec2 } = bench.aws.primary;
  const SnapshotId = await stock.volumeOf(locked);
  await ec2.send(new LockSnapshotCommand({ SnapshotId, LockMode: 'governance', LockDuration: 1 }));
  await run.approve('pruneBackups', 'grace', 'linus');
  const state = await run.ended();
  expect([state.outcome, state.degraded]).toEqual(['SUCCEEDED', []]);
  expect(await stock.members(old)).toEqual([]);
  for (const backup of [verified, locked]) expect(await stock.members(backup)).toHaveLength(2);
  // Both are free by now, but for the one that is the last verified.
  await ec2.send(new UnlockSnapshotCommand({ SnapshotId }));
});

test('a pair that a machine image is made of is kept, and it is said why', async () => {
  const used = await stock.pair(`${DAYS[0]}T15:00:00Z`);
  await bench.aws.primary.ec2.send(
    new RegisterImageCommand({
      Name: 'made of a backup',
      BlockDeviceMappings: [{ DeviceName: '/dev/xvda', Ebs: { SnapshotId: await stock.volumeOf(used) } }],
    }),
  );
  const listed = await bench.start(bench.message(), { runbook: 'listBackups' });
  expect((await listed.ended()).outcome).toBe('SUCCEEDED');
  const { backups } = (await listed.report()) as unknown as {
    backups: { decisions: { point: { backup: string }; action: string; reasons: string[] }[] };
  };
  const decision = backups.decisions.find(({ point }) => point.backup === used)!;
  expect([decision.action, decision.reasons.join()]).toEqual([
    'keep',
    expect.stringMatching(/used by the image ami-/),
  ]);
});

test('what AWS refuses at the last moment is asked about, and can be left', async () => {
  const held = await stock.pair(`${DAYS[0]}T16:00:00Z`);
  const id = await stock.volumeOf(held);
  bench.world.gateway.faults.add({
    match: { action: 'DeleteSnapshot', where: ({ parameters }) => parameters['SnapshotId'] === id },
    effect: {
      kind: 'error',
      code: 'InvalidSnapshot.InUse',
      status: 400,
      message: `${id} is in use by ami-1`,
    },
  });
  const run = await prune();
  await run.approve('pruneBackups', 'grace', 'linus');
  const ask = await run.asked(`deleteRestorePoint.${held}.primary.failed`);
  expect(ask.evidence.join()).toMatch(/AWS refuses to delete .* in use by ami-1/);
  // Nothing of the pair is gone, and nobody takes it for a restore point any more.
  expect(await stock.members(held)).toHaveLength(2);
  bench.world.gateway.faults.clear();
  await run.decide({ ask: ask.id, verdict: 'retry', actor: 'grace' });
  const state = await run.ended();
  expect(state.outcome).toBe('SUCCEEDED');
  expect(await stock.members(held)).toEqual([]);
});

test('what belongs to no backup is told, and removed only when that is asked for and agreed to', async () => {
  const left = await stock.pair(`${DAYS[0]}T17:00:00Z`, { manifest: false });
  const run = await prune();
  const told = await run.ended();
  expect(told.outcome).not.toBe('REFUSED');
  expect(told.followUps.join()).toContain(left);
  expect(await stock.members(left)).toHaveLength(2);

  const removal = await prune({ removeOrphans: true });
  const ask = await removal.asked('removeOrphans');
  await removal.decide({
    ask: ask.id,
    verdict: 'deny',
    actor: 'grace',
    planHash: ask.planHash!,
    note: 'not yet',
  });
  expect((await removal.ended()).outcome).toBe('DENIED');
  expect(await stock.members(left)).toHaveLength(2);

  const agreed = await prune({ removeOrphans: true });
  await agreed.approve('removeOrphans', 'grace', 'linus');
  expect((await agreed.ended()).outcome).toBe('SUCCEEDED');
  expect(await stock.members(left)).toEqual([]);
});

test('a pair that comes under protection between two deletions is left alone, and told', async () => {
  const [first, second] = [
    await stock.pair(`${DAYS[0]}T18:00:00Z`),
    await stock.pair(`${DAYS[0]}T19:00:00Z`),
  ];
  const SnapshotId = await stock.volumeOf(second);
  const match = { action: 'DeleteSnapshot' };
  bench.world.gateway.faults.add({ match, times: 1, effect: { kind: 'delay', seconds: 3 } });
  const run = await prune();
  await run.approve('pruneBackups', 'grace', 'linus');
  await run.step(`deleteRestorePoint.${first}.primary`, ['running']);
  await run.hold('grace');
  await bench.aws.primary.ec2.send(
    new LockSnapshotCommand({ SnapshotId, LockMode: 'governance', LockDuration: 1 }),
  );
  await run.step(`deleteRestorePoint.${first}.primary`, ['done']);
  await run.resume('grace');
  const state = await run.ended();
  expect([state.outcome, state.degraded]).toEqual([
    'DEGRADED',
    [
      expect.stringContaining(
        `${second} at primary (eu-central-1) was left alone: ${SnapshotId} is locked until`,
      ),
    ],
  ]);
  expect([await stock.members(first), await stock.members(second)]).toEqual([[], expect.any(Array)]);
  expect(await stock.members(second)).toHaveLength(2);
  await bench.aws.primary.ec2.send(new UnlockSnapshotCommand({ SnapshotId }));
});

test('a cancel between two deletions leaves every pair whole or gone', async () => {
  // The other one is left over from the test before.
  const first = backupName(stock.instance, `${DAYS[0]}T19:00:00Z`);
  const second = await stock.pair(`${DAYS[0]}T20:00:00Z`);
  const match = { action: 'DeleteSnapshot' };
  bench.world.gateway.faults.add({ match, times: 1, effect: { kind: 'delay', seconds: 3 } });
  const run = await prune();
  await run.approve('pruneBackups', 'grace', 'linus');
  await run.step(`deleteRestorePoint.${first}.primary`, ['running']);
  await run.handle.cancel();
  const state = await run.ended();
  expect(state.outcome).toBe('HANDED_OVER');
  expect(await stock.members(first)).toEqual([]);
  expect(await stock.members(second)).toHaveLength(2);
});

test('while a region is silent nothing is deleted', async () => {
  await stock.pair(`${DAYS[0]}T18:00:00Z`);
  bench.world.gateway.faults.add({
    match: { region: 'eu-west-1', action: 'DescribeDBSnapshots' },
    effect: { kind: 'error', code: 'AccessDenied', status: 403, message: 'not allowed' },
  });
  const run = await prune();
  const state = await run.ended();
  expect([state.outcome, state.problems.map(({ code }) => code)]).toEqual(['REFUSED', ['backupsNotSeen']]);
});
