import type { FaultEffect } from '../../lab/gateway/faults';
import type { CopyRecord, Manifest } from '../../workflows/plan/backup/manifest';
import { keysInStore, readStore } from '../support/backup-store';
import { FailoverBench } from '../support/failover-bench';
import type { LiveRun } from '../support/live-run';
import { lockingSnapshots } from '../support/snapshot-lock';
import { snapshotsOf } from '../support/snapshots';
import { until } from '../support/until';

let bench: FailoverBench;
/** The region in which every EBS snapshot is shown as failed. */
let failing: string | null = null;
/** The region in which every EBS snapshot is shown as pending. */
let stuck: string | null = null;
/** What RDS says of every DB instance, and what it shows instead. */
let shown: readonly [string, string] | null = null;

beforeAll(async () => {
  bench = await FailoverBench.open();
  await bench.startWorker();
  bench.world.gateway.use({
    service: 'ec2',
    handlers: {
      DescribeSnapshots: async ({ region }, forward) => {
        const reply = await forward();
        if (region !== failing && region !== stuck) return reply;
        const state = region === failing ? '>error<' : '>pending<';
        return {
          ...reply,
          body: Buffer.from(reply.body.toString().replaceAll(/>(pending|completed)</g, state)),
        };
      },
    },
  });
  bench.world.gateway.use({
    service: 'rds',
    handlers: {
      DescribeDBInstances: async (_call, forward) => {
        const reply = await forward();
        if (shown === null) return reply;
        return { ...reply, body: Buffer.from(reply.body.toString().replaceAll(...shown)) };
      },
    },
  });
});
afterEach(() => {
  failing = null;
  stuck = null;
  shown = null;
  bench?.world.gateway.faults.clear();
});
afterAll(() => bench?.close());

const start = () => bench.start(bench.message(), { runbook: 'backup' });
const fault = (action: string, effect: FaultEffect, times = 1) =>
  bench.world.gateway.faults.add({ match: { action }, times, effect });
const applied = (mark: number, action: string) =>
  bench
    .changesSince(mark)
    .filter((entry) => entry.action === action && entry.applied && entry.errorCode === null);
const problemsOf = async (run: LiveRun) => {
  const { outcome, problems } = await run.ended();
  return [outcome, problems.map(({ code }) => code)];
};

test('answers that are lost are looked for while the freeze holds: one set of snapshots, still frozen', async () => {
  const { mark } = bench;
  const actions = ['CreateSnapshots', 'CreateDBSnapshot', 'PutObject', 'CopySnapshot', 'CopyDBSnapshot'];
  actions.forEach((action) => fault(action, { kind: 'dropAfter' }));
  const run = await start();
  const { outcome, degraded } = await run.ended();
  expect([outcome, degraded]).toEqual(['SUCCEEDED', []]);
  const effects = actions.map((action) => [action, applied(mark, action).length]);
  // The manifest and the record of the copy.
  expect(effects).toEqual(actions.map((action) => [action, action === 'PutObject' ? 2 : 1]));
  expect(await bench.violations()).toEqual([]);
});

test('a cancel while the home is frozen thaws it and leaves no snapshot', async () => {
  bench.world.gateway.faults.add({
    match: {
      action: 'SendCommand',
      where: ({ parameters }) => String(parameters.Comment).endsWith('thaw-home'),
    },
    times: 1,
    effect: { kind: 'delay', seconds: 2 },
  });
  const run = await start();
  await until('the freeze', async () => bench.world.hosts.frozen().length > 0 || undefined);
  await run.handle.cancel();
  const { outcome, conclusion } = await run.ended();
  expect([outcome, conclusion]).toEqual(['UNDONE', 'cancelled; everything was undone']);
  expect(bench.world.hosts.frozen()).toEqual([]);
  expect(await snapshotsOf(bench, run.id)).toEqual([]);
  expect(await bench.violations()).toEqual([]);
});

test('a snapshot that fails after its call was accepted ends the backup, and nothing of it stays', async () => {
  const run = await start();
  await run.step('completeBackup', ['checking', 'verifying']);
  failing = 'eu-central-1';
  const { outcome, conclusion } = await run.ended();
  expect(outcome).toBe('UNDONE');
  expect(conclusion).toContain('cannot become complete');
  expect(await snapshotsOf(bench, run.id)).toEqual([]);
  expect(await bench.violations()).toEqual([]);
});

test('a copy that fails is deleted with its sibling and left out; the backup stands, and the next one is let in', async () => {
  failing = 'eu-west-1';
  const run = await start();
  const { outcome, degraded, asks } = await run.ended();
  expect([outcome, asks.filter(({ kind }) => kind === 'failedStep')]).toEqual(['DEGRADED', []]);
  expect(degraded).toEqual([
    expect.stringMatching(/^the copy at standby was left out: .*What there was of it has been deleted/),
  ]);
  expect((await snapshotsOf(bench, run.id)).map(({ site, kind }) => [site, kind])).toEqual([
    ['primary', 'ebs'],
    ['primary', 'rds'],
  ]);
});

test.each([
  ['is stopped', ['<DBInstanceStatus>available<', '<DBInstanceStatus>stopped<'], 'databaseNotAvailable'],
  ['is encrypted, and its copy has no key', ['<StorageEncrypted>false<', '<StorageEncrypted>true<'], 'noKey'],
] as const)(
  'a database that %s is told in the plan, before anything is touched',
  async (_what, change, code) => {
    shown = change;
    const { mark } = bench;
    const [outcome, problems] = await problemsOf(await start());
    expect([outcome, problems]).toEqual(['REFUSED', expect.arrayContaining([code])]);
    expect(bench.changesSince(mark)).toEqual([]);
  },
  60_000,
);

test('a database whose storage RDS is working on is backed up: that may last for days', async () => {
  shown = ['<DBInstanceStatus>available<', '<DBInstanceStatus>storage-optimization<'];
  const { outcome, degraded } = await (await start()).ended();
  expect([outcome, degraded]).toEqual(['SUCCEEDED', []]);
});

test('a manifest that cannot be written ends the backup unasked, and the report tells what is left', async () => {
  const denied = { kind: 'error', code: 'AccessDenied', status: 403, message: 'not authorized' } as const;
  fault('PutObject', denied, 100);
  const run = await start();
  const { outcome, asks, followUps } = await run.ended();
  expect([outcome, asks.filter(({ kind }) => kind === 'failedStep')]).toEqual(['HANDED_OVER', []]);
  expect(followUps.join()).toMatch(/snapshots with the tag runbooks:backup = \S+ may be left.+removeOrphans/);
});

test('a copy that cannot be locked is kept and on record, without a lock', async () => {
  const denied = {
    kind: 'error',
    code: 'UnauthorizedOperation',
    status: 403,
    message: 'not authorized',
  } as const;
  await bench.changeEstate(lockingSnapshots);
  bench.world.gateway.faults.add({ match: { action: 'LockSnapshot', region: 'eu-west-1' }, effect: denied });
  const run = await start();
  const { outcome, degraded } = await run.ended();
  await bench.changeEstate();
  expect([outcome, degraded]).toEqual([
    'DEGRADED',
    [expect.stringContaining('the lock at standby was left out')],
  ]);
  const { backup } = (await run.report()) as unknown as { backup: { name: string } };
  const key = (await keysInStore(bench)).find((one) => one.includes(`/${backup.name}/records/copy-`))!;
  expect((await readStore<CopyRecord>(bench, key)).value).toMatchObject({
    backup: backup.name,
    lockedUntil: null,
  });
});

test('two backups of one instance at once: the second is refused, and names the first', async () => {
  stuck = 'eu-central-1';
  const run = await start();
  await run.step('completeBackup', ['verifying']);
  const second = await (await start()).ended();
  expect([second.outcome, second.problems[0]?.code]).toEqual(['REFUSED', 'instanceBusy']);
  expect(second.problems[0]?.message).toContain(run.id);
  await run.handle.cancel();
  expect((await run.ended()).outcome).toBe('UNDONE');
});

test('a volume that the estate names and the file server lacks is told before anything is touched', async () => {
  await bench.changeEstate((estate) => {
    const text = JSON.stringify(estate).replaceAll(
      /"volumes":\{"home":/g,
      '"volumes":{"lfs":{"device":"/dev/xvdq","mountPoint":"/media/lfs"},"home":',
    );
    return JSON.parse(text) as typeof estate;
  });
  const { mark } = bench;
  expect(await problemsOf(await start())).toEqual([
    'REFUSED',
    ['volumeNotAsDescribed', 'volumeNotAsDescribed'],
  ]);
  expect(bench.changesSince(mark)).toEqual([]);
  await bench.changeEstate();
});

test('a worker that dies while the home is frozen: the host thaws by itself, and the run says what the snapshots are worth', async () => {
  await bench.stopWorkers();
  await bench.changeEstate((estate) => ({
    ...estate,
    policy: { ...estate.policy, backup: { freezeLimit: '10s' }, worker: { deadAfter: '3s' } },
  }));
  const first = await bench.startWorkerProcess();
  fault('CreateSnapshots', { kind: 'delay', seconds: 2.5 });
  const { mark } = bench;
  const run = await start();
  await until('the freeze', async () => bench.world.hosts.frozen().length > 0 || undefined);
  await until(
    'the call',
    async () => bench.changesSince(mark).some(({ action }) => action === 'CreateSnapshots') || undefined,
    30,
  );
  await first.kill();
  await until('the host to thaw', async () => bench.world.hosts.frozen().length === 0 || undefined);
  await bench.startWorkerProcess();
  const { outcome, degraded } = await run.ended();
  expect([outcome, degraded]).toEqual(['DEGRADED', [expect.stringContaining('only crash-consistent')]]);
  const { backup } = (await run.report()) as unknown as { backup: { key: string } };
  const { value } = await readStore<Manifest>(bench, backup.key);
  expect(value.consistency).toBe('crash');
  expect(applied(mark, 'CreateSnapshots')).toHaveLength(1);
});

test('a backup that waits for a region that is lost makes room for the failover in time', async () => {
  stuck = 'eu-central-1';
  const run = await start();
  await run.step('completeBackup', ['verifying']);
  await bench.lose('region-down');
  const failover = await bench.start();
  await failover.approve('preempt', 'grace');
  const { outcome, conclusion, followUps } = await run.ended();
  expect([outcome, conclusion]).toEqual([
    'UNDO_INCOMPLETE',
    expect.stringContaining('let go for drFailover'),
  ]);
  expect(followUps.join()).toContain('snapshots with the tag runbooks:backup');
  await failover.approve('failover', 'grace', 'linus');
  await failover.approve('unprovenFence', 'margaret');
  const state = await failover.ended();
  const nameIn = ({ facts }: { facts: readonly { label: string; value: string }[] }, label: string) =>
    facts.find((fact) => fact.label === label)?.value;
  expect(nameIn(state, 'home copy')).not.toContain(nameIn(await run.status(), 'backup'));
  expect([state.outcome, state.conclusion]).toEqual(['SUCCEEDED', expect.anything()]);
});
