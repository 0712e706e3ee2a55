import { renameSync } from 'node:fs';
import { join } from 'node:path';
import { DescribeSnapshotsCommand } from '@aws-sdk/client-ec2';
import type { FailoverBench } from '../support/failover-bench';
import type { LiveRun } from '../support/live-run';
import type { Path } from './path';

/** Paths of drFailover that leave the world as it was: one world serves them all, in this order. */
const HARMLESS: readonly Path<FailoverBench>[] = [
  {
    name: 'dr-failover-dry-run',
    outcome: 'PLANNED',
    live: (bench) => bench.start(bench.message({ dryRun: true })),
  },
  {
    name: 'dr-failover-wrong-input',
    outcome: 'REFUSED',
    live: (bench) => bench.start(bench.message({ target: 'nowhere' })),
  },
  {
    name: 'dr-failover-denied',
    outcome: 'DENIED',
    live: async (bench) => {
      await bench.lose('database-down');
      const run = await bench.start();
      await run.asked('failover');
      await run.decide({ ask: 'failover', verdict: 'deny', actor: 'grace', note: 'it comes back' });
      return run;
    },
  },
  {
    name: 'dr-failover-cancelled',
    outcome: 'UNDONE',
    live: async (bench) => {
      const run = await approved(bench);
      await run.step('fenceNodes', ['done']);
      await run.handle.cancel();
      return run;
    },
  },
];

/** Each begins with a world of its own. */
export const FAILOVER_WORLDS: readonly (readonly Path<FailoverBench>[])[] = [
  [
    ...HARMLESS,
    {
      name: 'dr-failover-retried-skipped',
      outcome: 'DEGRADED',
      live: async (bench) => {
        refuse(bench, 'AttachVolume', 1);
        const run = await approved(bench);
        await run.asked('attachHomeVolume.failed');
        await run.decide({ ask: 'attachHomeVolume.failed', verdict: 'retry', actor: 'grace' });
        return answerRefusedSettings(bench, run, 'skip');
      },
    },
  ],
  [
    {
      name: 'dr-failover-aborted',
      outcome: 'UNDONE',
      live: async (bench) => {
        await bench.lose('database-down');
        const mend = await spoilHomeCopy(bench);
        const run = await approved(bench);
        await run.asked('mountHome.failed');
        await run.decide({ ask: 'mountHome.failed', verdict: 'abort', actor: 'grace' });
        await run.ended();
        mend();
        return run;
      },
    },
    {
      name: 'dr-failover-held-handed-over',
      outcome: 'HANDED_OVER',
      live: async (bench) => {
        const run = await approved(bench);
        await run.step('promoteReplica', ['running', 'verifying', 'done']);
        await run.hold('ada');
        await run.step('promoteReplica', ['done']);
        await run.resume('ada');
        return answerRefusedSettings(bench, run, 'abort');
      },
    },
  ],
  [
    {
      name: 'dr-failover-succeeded',
      outcome: 'SUCCEEDED',
      live: fromSilentRegion,
    },
    { name: 'dr-failover-refused', outcome: 'REFUSED', live: (bench) => bench.start() },
  ],
];

/** Nobody can see the fence of a region that does not answer: people consent to go on. */
export async function fromSilentRegion(bench: FailoverBench): Promise<LiveRun> {
  await bench.lose('region-down');
  const run = await approved(bench);
  await run.approve('unprovenFence', 'margaret');
  return run;
}

async function approved(bench: FailoverBench): Promise<LiveRun> {
  const run = await bench.start();
  await run.approve('failover', 'grace', 'linus');
  return run;
}

/** The newest copy of the home lacks what Bitbucket cannot start without; the returned function puts it back. */
async function spoilHomeCopy({ aws, world }: FailoverBench): Promise<() => void> {
  const { Snapshots = [] } = await aws.standby.ec2.send(
    new DescribeSnapshotsCommand({ Filters: [{ Name: 'tag:runbooks:volume', Values: ['home'] }] }),
  );
  const properties = join(world.directory.snapshot(Snapshots[0]?.SnapshotId ?? ''), 'bitbucket.properties');
  renameSync(properties, `${properties}.lost`);
  return () => renameSync(`${properties}.lost`, properties);
}

/** AWS refuses the action, each time or only so often. */
function refuse({ world }: FailoverBench, action: string, times?: number): void {
  world.gateway.faults.add({
    match: { action },
    ...(times === undefined ? {} : { times }),
    effect: { kind: 'error', code: 'AccessDenied', status: 403 },
  });
}

async function answerRefusedSettings(
  bench: FailoverBench,
  run: LiveRun,
  verdict: 'skip' | 'abort',
): Promise<LiveRun> {
  refuse(bench, 'ModifyDBInstance');
  await run.asked('configureDatabase.failed');
  await run.decide({ ask: 'configureDatabase.failed', verdict, actor: 'grace', note: 'by hand' });
  return run;
}
