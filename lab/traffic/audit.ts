import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runGit } from './git-command';
import type { GitOptions } from './git-command';
import type { AcknowledgedPush } from './pushes-file';

export interface Audit {
  /** Acknowledged pushes that were looked for. */
  readonly acknowledged: number;
  /** Those whose commit the service no longer has, by repository (`PROJ/slug`); empty when nothing is lost. */
  readonly lost: readonly { readonly repository: string; readonly count: number }[];
  /** The same, one by one. */
  readonly lostPushes: readonly AcknowledgedPush[];
}

/**
 * Fetches every repository afresh and looks for the commits of all acknowledged pushes in it.
 * @throws Error when a repository cannot be fetched: nothing is then known about its pushes
 */
export async function auditPushes(
  pushes: readonly AcknowledgedPush[],
  urlOf: (repository: string) => string | Promise<string>,
  options: GitOptions,
): Promise<Audit> {
  const lost: { repository: string; count: number }[] = [];
  const lostPushes: AcknowledgedPush[] = [];
  for (const repository of new Set(pushes.map((push) => push.repository))) {
    const found = await reachableCommits(await urlOf(repository), options);
    const gone = pushes.filter((push) => push.repository === repository && !found.has(push.commit));
    if (gone.length > 0) lost.push({ repository, count: gone.length });
    lostPushes.push(...gone);
  }
  return { acknowledged: pushes.length, lost, lostPushes };
}

async function reachableCommits(url: string, options: GitOptions): Promise<ReadonlySet<string>> {
  // Not one of the working copies: those hold the lost commits too.
  const directory = await mkdtemp(join(tmpdir(), 'traffic-audit-'));
  try {
    const clone = await runGit(['clone', '--quiet', '--bare', '--template=', url, directory], options);
    if (clone.exitCode !== 0)
      throw new Error(`cannot fetch ${url}: ${clone.stderr.trim() || 'no answer in time'}`);
    const list = await runGit(['-C', directory, 'rev-list', '--all'], options);
    if (list.exitCode !== 0) throw new Error(`cannot list the commits of ${url}: ${list.stderr.trim()}`);
    return new Set(list.stdout.split('\n'));
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
