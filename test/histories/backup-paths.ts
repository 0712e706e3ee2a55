import { until } from '../support/until';
import type { FailoverBench } from '../support/failover-bench';
import type { LiveRun } from '../support/live-run';
import type { Path } from './path';

const start = (bench: FailoverBench, more: Readonly<Record<string, unknown>> = {}): Promise<LiveRun> =>
  bench.start(bench.message(more), { runbook: 'backup' });

/** All of them leave the instance as it was: one world serves them. */
export const BACKUP_PATHS: readonly Path<FailoverBench>[] = [
  { name: 'backup-succeeded', outcome: 'SUCCEEDED', live: (bench) => start(bench) },
  { name: 'backup-locked', outcome: 'SUCCEEDED', live: (bench) => start(bench, { mode: 'locked' }) },
  {
    name: 'backup-cancelled-frozen',
    outcome: 'UNDONE',
    live: async (bench) => {
      const run = await start(bench);
      await until('the freeze', async () => bench.world.hosts.frozen().length > 0 || undefined, 60);
      await run.handle.cancel();
      return run;
    },
  },
];
