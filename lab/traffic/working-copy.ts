import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { runGit } from './git-command';
import type { GitOptions, GitResult } from './git-command';

/** How a git command ended: `unknown` = no answer came, it may or may not have happened. */
export type PushResult =
  | { readonly outcome: 'acknowledged'; readonly commit: string }
  | { readonly outcome: 'failed' | 'unknown'; readonly detail: string };

const MAIN = 'refs/heads/main';

/** The local clone of one repository. Every push is one new commit upon what the service says `main` is. */
export class WorkingCopy {
  private readonly directory: string;
  /** What the service has on `main`; undefined when that must be asked. */
  private tip: string | undefined;
  private initialised = false;

  constructor(
    root: string,
    readonly repository: string,
  ) {
    this.directory = join(root, `${repository.replace('/', '__')}.git`);
  }

  /**
   * Pushes one commit. The lease makes the service refuse it if `main` is not what we think: after a failover the
   * commits that it lost must not be brought back by the next push, or nobody could count them.
   */
  async push(url: string, message: string, options: GitOptions): Promise<PushResult> {
    const base = this.tip ?? (await this.fetchTip(url, options));
    if (base === undefined) return { outcome: 'failed', detail: 'main cannot be fetched' };
    const made = await this.git(['commit-tree', `${base}^{tree}`, '-p', base, '-m', message], options);
    const commit = made.stdout.trim();
    if (made.exitCode !== 0) return this.lost(made);
    const result = await this.git(
      [
        'push',
        '--quiet',
        '--porcelain',
        '--no-verify',
        `--force-with-lease=${MAIN}:${base}`,
        url,
        `${commit}:${MAIN}`,
      ],
      options,
    );
    if (result.exitCode !== 0) return this.lost(result);
    this.tip = commit;
    return { outcome: 'acknowledged', commit };
  }

  private async fetchTip(url: string, options: GitOptions): Promise<string | undefined> {
    if (!this.initialised) {
      await mkdir(this.directory, { recursive: true });
      await runGit(['init', '--quiet', '--bare', '--template=', this.directory], options);
      this.initialised = true;
    }
    const fetched = await this.git(
      ['fetch', '--quiet', '--no-tags', '--force', url, `+${MAIN}:refs/service/main`],
      options,
    );
    if (fetched.exitCode !== 0) return undefined;
    const { stdout, exitCode } = await this.git(['rev-parse', 'refs/service/main'], options);
    if (exitCode === 0) this.tip = stdout.trim();
    return this.tip;
  }

  private lost(result: GitResult): PushResult {
    this.tip = undefined;
    const detail = result.timedOut ? 'no answer in time' : (result.stderr.trim().split('\n').at(-1) ?? '');
    return { outcome: wasRefused(result) ? 'failed' : 'unknown', detail };
  }

  private git(args: readonly string[], options: GitOptions): Promise<GitResult> {
    return runGit(['-C', this.directory, ...args], options);
  }
}

/**
 * True when the push has certainly not happened: nobody was reached, or the service said so. A proxy's 502 and 504 say
 * nothing about what the node behind it did.
 */
function wasRefused({ timedOut, stderr, stdout }: GitResult): boolean {
  if (timedOut || /error: 50[24]|HTTP 50[24]/.test(stderr)) return false;
  return (
    /returned error: \d+|HTTP [45]\d\d|Failed to connect|Connection refused|Authentication failed|not found/i.test(
      stderr,
    ) || /\[(remote )?rejected\]/.test(`${stdout}${stderr}`)
  );
}
