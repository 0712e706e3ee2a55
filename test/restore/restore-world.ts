import { cloneAndPush, findBranch } from '../../activities/bitbucket/git';
import { PROBE_REPOSITORY } from '../../lab/world/layout';
import { USERS } from '../../lab/world/secrets';
import type { FailoverBench } from '../support/failover-bench';
import type { LiveRun } from '../support/live-run';
import { doorsOf } from '../support/push';
import { until } from '../support/until';

/** What users have pushed and been told is there. */
export class Pushes {
  private readonly acknowledged = new Map<string, string>();

  /** Where the service is. */
  site: 'primary' | 'standby' = 'primary';

  constructor(private readonly bench: FailoverBench) {}

  private get remote() {
    const { world } = this.bench;
    const login = { username: USERS.probe, password: world.passwords.BITBUCKET_PROBE_PASSWORD };
    return { baseUrl: doorsOf(world, this.site)[0]!, repository: PROBE_REPOSITORY, login };
  }

  /** Pushes a branch of this name, as soon as it is taken. */
  async push(branch: string): Promise<void> {
    const commit = await until(`push of ${branch}`, () => cloneAndPush(this.remote, branch, branch));
    this.acknowledged.set(branch, commit);
  }

  /** Of the acknowledged branches those that are there now, with the commit that was pushed. */
  async present(): Promise<readonly string[]> {
    const found: string[] = [];
    for (const [branch, commit] of this.acknowledged) {
      if ((await findBranch(this.remote, branch)) === commit) found.push(branch);
    }
    return found;
  }
}

/** Takes a backup and answers its name. */
export async function backUp(bench: FailoverBench): Promise<string> {
  const run = await bench.start(bench.message(), { runbook: 'backup' });
  const { outcome, conclusion } = await run.ended();
  if (outcome !== 'SUCCEEDED') throw new Error(`the backup ended ${outcome}: ${conclusion}`);
  const { backup } = (await run.report()) as unknown as { backup: { name: string } };
  return backup.name;
}

export async function startRestore(
  bench: FailoverBench,
  more: Readonly<Record<string, unknown>>,
): Promise<LiveRun> {
  return bench.start(bench.message(more), { runbook: 'restore' });
}
