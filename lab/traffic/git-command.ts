import { spawn } from 'node:child_process';

export interface GitResult {
  /** null: given up, or killed. */
  readonly exitCode: number | null;
  readonly timedOut: boolean;
  readonly stdout: string;
  readonly stderr: string;
}

/** Name and value; names may come several times. */
export type GitConfig = readonly (readonly [name: string, value: string])[];

export interface GitOptions {
  readonly timeoutMs: number;
  /** Configuration for this command only; handed over in the environment, where other users cannot read it. */
  readonly config?: GitConfig;
  readonly signal?: AbortSignal;
}

/**
 * Runs git as the leader of a process group, so that its transport helpers end with it: after `timeoutMs`, or when
 * `signal` aborts. Never throws because of what git says.
 */
export function runGit(args: readonly string[], options: GitOptions): Promise<GitResult> {
  return new Promise((resolve) => {
    const child = spawn('git', [...args], {
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: environment(options.config ?? []),
    });
    let stdout = '';
    let stderr = '';
    let timedOut = false;
    const end = (): void => {
      try {
        if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
      } catch {
        // Ended by itself meanwhile.
      }
    };
    const timer = setTimeout(() => {
      timedOut = true;
      end();
    }, options.timeoutMs);
    options.signal?.addEventListener('abort', end, { once: true });
    if (options.signal?.aborted === true) end();
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    const finish = (exitCode: number | null): void => {
      clearTimeout(timer);
      options.signal?.removeEventListener('abort', end);
      resolve({ exitCode, timedOut, stdout, stderr });
    };
    child.once('error', (error) => {
      stderr += error.message;
      finish(null);
    });
    child.once('close', finish);
  });
}

function environment(config: GitConfig): Record<string, string> {
  const entries = [['safe.directory', '*'] as const, ...config];
  const variables: Record<string, string> = {
    PATH: process.env.PATH ?? '/usr/bin:/bin',
    LC_ALL: 'C',
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_TERMINAL_PROMPT: '0',
    GIT_AUTHOR_NAME: 'Traffic',
    GIT_AUTHOR_EMAIL: 'traffic@bitbucket.lab',
    GIT_COMMITTER_NAME: 'Traffic',
    GIT_COMMITTER_EMAIL: 'traffic@bitbucket.lab',
    GIT_CONFIG_COUNT: String(entries.length),
  };
  entries.forEach(([key, value], index) => {
    variables[`GIT_CONFIG_KEY_${index}`] = key;
    variables[`GIT_CONFIG_VALUE_${index}`] = value;
  });
  return variables;
}
