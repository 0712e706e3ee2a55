import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { EstateInput } from '../../estate/schema';
import { backupName } from '../../workflows/plan/backup/name';
import { Stock } from '../prune-backups/stock';
import { backUp } from '../restore/restore-world';
import type { FailoverBench } from '../support/failover-bench';
import type { LiveRun } from '../support/live-run';
import { keepDays, keeping } from '../support/retention';
import { lockingSnapshots } from '../support/snapshot-lock';
import { until } from '../support/until';
import { untilServing } from '../support/until-serving';
import { ARCHIVE, destroyCopy, useVaults } from '../support/vault';
import { homeOf } from '../verify-backup/verify-world';
import type { PathWorld } from './path';

const start = (
  bench: FailoverBench,
  runbook: string,
  more: Readonly<Record<string, unknown>> = {},
): Promise<LiveRun> => bench.start(bench.message(more), { runbook });

async function approvedRestore(bench: FailoverBench): Promise<LiveRun> {
  const run = await start(bench, 'restore', { backup: await backUp(bench) });
  await run.approve('restore', 'grace', 'linus');
  return run;
}

async function restored(bench: FailoverBench): Promise<LiveRun> {
  const run = await approvedRestore(bench);
  await run.ended();
  return run;
}

async function tried(bench: FailoverBench): Promise<LiveRun> {
  const run = await start(bench, 'verifyBackup');
  await run.ended();
  return run;
}

/** A failover comes while a backup waits for its snapshots, and people agree that the backup shall let go. */
async function emergencyDuringBackup(bench: FailoverBench) {
  const { faults } = bench.world.gateway;
  const backup = await start(bench, 'backup');
  await backup.step('captureDatabase', ['done']);
  const fault = faults.add({
    match: { action: 'DescribeSnapshots' },
    effect: { kind: 'error', code: 'RequestLimitExceeded', status: 503 },
  });
  await backup.step('completeBackup', ['verifying']);
  const failover = await bench.start();
  await failover.approve('preempt', 'grace');
  await until('the wish', async () => (await backup.status()).preemptedBy ?? undefined);
  faults.remove(fault);
  await backup.ended();
  const { id } = await failover.asked();
  await failover.decide({ ask: id, verdict: 'deny', actor: 'margaret', note: 'the primary is well' });
  await failover.ended();
  return { backup, failover };
}

const OLD = ['2024-10-01T10:00:00Z', '2024-10-02T10:00:00Z'] as const;

/** A second instance of the same installation, and one whose database there is not; one day's backup is kept. */
function several(instance: string): (estate: EstateInput) => EstateInput {
  return (estate) => {
    const own = estate.instances[instance]!;
    const lost = Object.entries(own.sites).map(([site, one]) => [
      ...[site, { ...one, database: { ...one.database, id: 'gone' } }],
    ]);
    const broken = { ...own, sites: Object.fromEntries(lost) as typeof own.sites };
    return keeping(keepDays(1))({ ...estate, instances: { ...estate.instances, twin: own, broken } });
  };
}

/** The runbooks about backups. */
export const BACKUP_WORLDS: readonly PathWorld[] = [
  {
    name: 'backup',
    options: {},
    paths: [
      { name: 'backup-succeeded', outcome: 'SUCCEEDED', live: (bench) => start(bench, 'backup') },
      {
        name: 'backup-locked',
        outcome: 'SUCCEEDED',
        live: (bench) => start(bench, 'backup', { mode: 'locked' }),
      },
      {
        name: 'backup-cancelled-frozen',
        outcome: 'UNDONE',
        live: async (bench) => {
          const run = await start(bench, 'backup');
          await until('the freeze', async () => bench.world.hosts.frozen().length > 0 || undefined);
          await run.handle.cancel();
          return run;
        },
      },
      {
        name: 'backup-without-its-copy',
        outcome: 'DEGRADED',
        live: async (bench) => {
          const effect = { kind: 'error', code: 'InvalidParameterValue', status: 400 } as const;
          const fault = bench.world.gateway.faults.add({ match: { action: 'CopySnapshot' }, effect });
          const run = await start(bench, 'backup');
          await run.ended();
          bench.world.gateway.faults.remove(fault);
          return run;
        },
      },
    ],
  },
  {
    name: 'let-go',
    options: {},
    paths: [
      {
        name: 'backup-let-go',
        outcome: 'UNDONE',
        live: async (bench) => (await emergencyDuringBackup(bench)).backup,
      },
      {
        name: 'dr-failover-preempting',
        outcome: 'DENIED',
        live: async (bench) => (await emergencyDuringBackup(bench)).failover,
      },
    ],
  },
  {
    name: 'locks',
    options: {},
    paths: [
      {
        name: 'backup-held-before-its-lock',
        outcome: 'SUCCEEDED',
        live: async (bench) => {
          const run = await start(bench, 'backup', { mode: 'locked' });
          // Whoever may hold is known once the run is admitted.
          await until('the hold', () => run.hold('grace').then(() => true));
          await run.step('awaitDatabase', ['planned']);
          await run.resume('grace');
          return run;
        },
      },
      {
        name: 'backup-copy-without-its-lock',
        outcome: 'DEGRADED',
        live: async (bench) => {
          await bench.changeEstate(lockingSnapshots);
          bench.world.gateway.faults.add({
            match: { action: 'LockSnapshot', region: 'eu-west-1' },
            effect: { kind: 'error', code: 'UnauthorizedOperation', status: 403, message: 'not authorized' },
          });
          return start(bench, 'backup');
        },
      },
    ],
  },
  {
    name: 'search',
    options: { search: true },
    paths: [
      { name: 'backup-with-search', outcome: 'SUCCEEDED', live: (bench) => start(bench, 'backup') },
      { name: 'restore-with-search', outcome: 'SUCCEEDED', live: restored },
    ],
  },
  {
    name: 'restore',
    options: {},
    paths: [
      {
        name: 'restore-no-backup-named',
        outcome: 'REFUSED',
        live: (bench) => start(bench, 'restore'),
      },
      {
        name: 'restore-undone',
        outcome: 'UNDONE',
        live: async (bench) => {
          const run = await approvedRestore(bench);
          await run.step('startNode.1', ['running', 'verifying', 'done']);
          await run.handle.cancel();
          await run.ended();
          await untilServing(bench);
          return run;
        },
      },
      {
        name: 'restore-succeeded',
        outcome: 'SUCCEEDED',
        live: restored,
      },
    ],
  },
  {
    name: 'drill',
    options: { drill: true },
    prepare: async (bench) => void (await backUp(bench)),
    paths: [
      {
        name: 'verify-backup-passed',
        outcome: 'SUCCEEDED',
        live: tried,
      },
      {
        name: 'verify-backup-cancelled',
        outcome: 'UNDONE',
        live: async (bench) => {
          const run = await start(bench, 'verifyBackup');
          await run.step('restoreDrillDatabase', ['verifying']);
          await run.handle.cancel();
          return run;
        },
      },
      {
        name: 'restore-beside-released',
        outcome: 'SUCCEEDED',
        live: async (bench) => {
          const run = await start(bench, 'restoreBeside');
          await run.approve('restoreBeside', 'grace');
          await run.asked('takeDown');
          await run.decide({ ask: 'takeDown', verdict: 'approve', actor: 'ada' });
          return run;
        },
      },
      {
        name: 'verify-backup-failed',
        outcome: 'DEGRADED',
        live: async (bench) => {
          const home = await homeOf(bench, await backUp(bench));
          rmSync(join(home, 'data', 'repositories', '4'), { recursive: true });
          return tried(bench);
        },
      },
    ],
  },
  {
    name: 'many',
    options: {},
    prepare: async (bench) => {
      await bench.changeEstate(several(bench.world.instance));
      for (const day of OLD) await new Stock(bench).pair(day);
      await backUp(bench);
    },
    paths: [
      {
        name: 'prune-backups-cancelled',
        outcome: 'HANDED_OVER',
        live: async (bench) => {
          const { faults } = bench.world.gateway;
          faults.add({
            match: { action: 'DeleteSnapshot' },
            times: 1,
            effect: { kind: 'delay', seconds: 3 },
          });
          const run = await start(bench, 'pruneBackups');
          await run.approve('pruneBackups', 'grace', 'linus');
          const first = backupName(bench.world.instance, OLD[0]);
          await run.step(`deleteRestorePoint.${first}.primary`, ['running']);
          await run.handle.cancel();
          return run;
        },
      },
      {
        name: 'prune-backups-succeeded',
        outcome: 'SUCCEEDED',
        live: async (bench) => {
          const run = await start(bench, 'pruneBackups');
          await run.approve('pruneBackups', 'grace', 'linus');
          return run;
        },
      },
      {
        name: 'backup-fleet-one-failed',
        outcome: 'DEGRADED',
        live: async (bench) => {
          const message = { requestedBy: 'ada', concurrency: 1, errorThreshold: 3, whenBusy: 'wait' };
          const run = await bench.start(message, { runbook: 'backupFleet' });
          await run.ended();
          return run;
        },
      },
    ],
  },
  {
    name: 'aurora',
    options: { aurora: true, drill: true },
    prepare: async (bench) => void (await backUp(bench)),
    paths: [
      {
        name: 'failover-of-aurora-refused',
        outcome: 'REFUSED',
        live: (bench) => start(bench, 'drFailover'),
      },
      { name: 'verify-backup-aurora-passed', outcome: 'SUCCEEDED', live: tried },
      { name: 'restore-aurora-succeeded', outcome: 'SUCCEEDED', live: restored },
    ],
  },
  {
    name: 'vault',
    options: {},
    prepare: (bench) => useVaults(bench, [ARCHIVE]),
    paths: [
      { name: 'backup-into-a-vault', outcome: 'SUCCEEDED', live: (bench) => start(bench, 'backup') },
      {
        name: 'fetch-backup-succeeded',
        outcome: 'SUCCEEDED',
        live: async (bench) => {
          const backup = await backUp(bench);
          await destroyCopy(bench, backup);
          return start(bench, 'fetchBackup', { backup });
        },
      },
    ],
  },
];
