import { runMark } from '../../workflows/runbook/run-mark';
import type { FailoverBench } from '../support/failover-bench';
import { LiveRun } from '../support/live-run';
import { fromSilentRegion } from './failover-paths';
import type { PathWorld } from './path';

/** Runbooks that look, or that others leave behind; and the failover that finds a home mounted where it goes to. */
export const OTHER_WORLDS: readonly PathWorld[] = [
  {
    name: 'failback',
    options: { standbyHome: true },
    paths: [
      {
        name: 'dr-failover-onto-a-former-primary',
        outcome: 'SUCCEEDED',
        live: fromSilentRegion,
      },
    ],
  },
  {
    name: 'others',
    options: {},
    paths: [
      {
        name: 'list-backups-succeeded',
        outcome: 'SUCCEEDED',
        live: (bench) => bench.start(bench.message(), { runbook: 'listBackups' }),
      },
      { name: 'fence-lost-site-succeeded', outcome: 'SUCCEEDED', live: fencedAfterwards },
    ],
  },
];

/** What a failover from a silent region has left behind, when that region is back. */
async function fencedAfterwards(bench: FailoverBench): Promise<LiveRun> {
  const failover = await fromSilentRegion(bench);
  await failover.ended();
  const { instance, runId } = await failover.status();
  const handle = bench.client.workflow.getHandle(`fenceLostSite/${instance}/after-${runMark(runId)}`);
  await bench.world.heal();
  const left = new LiveRun(handle);
  await left.ended();
  return left;
}
