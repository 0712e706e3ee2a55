import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { needsPerson } from '../errors';
import { announceCall, callSignal } from '../runbook/call-scope';
import type { Login } from '../secrets/login';
import { basic } from './client';

export interface GitRemote {
  /** Base URL of Bitbucket. */
  readonly baseUrl: string;
  readonly repository: { readonly project: string; readonly slug: string };
  readonly login: Login;
  /** Address to connect to in place of where the URL's host leads; needs git 2.37. */
  readonly address?: string | undefined;
  /** How long one git command may take; a minute unless told. */
  readonly seconds?: number | undefined;
}

/** How long one git command may take, seconds. The probe repository is small; anything slower is a finding. */
const GIT_SECONDS = 60;

const IDENTITY = {
  GIT_AUTHOR_NAME: 'Bitbucket runbooks',
  GIT_AUTHOR_EMAIL: 'runbooks@localhost',
  GIT_COMMITTER_NAME: 'Bitbucket runbooks',
  GIT_COMMITTER_EMAIL: 'runbooks@localhost',
};

/** @throws NeedsPerson when the worker has no git, or one too old to be told an address */
export async function requireGit(withAddress: boolean): Promise<string> {
  const { output } = await git(tmpdir(), ['--version'], {});
  const [, major, minor] = /(\d+)\.(\d+)/.exec(output) ?? [];
  if (withAddress && Number(major) * 1000 + Number(minor) < 2037) {
    throw needsPerson(
      `the worker's ${output.trim()} is too old: resolving through the estate's resolvers needs git 2.37`,
    );
  }
  return output.trim();
}

/** Commit of a branch of the remote; null when there is no such branch. */
export async function findBranch(remote: GitRemote, branch: string): Promise<string | null> {
  return inDirectory(async (directory) => {
    const ref = `refs/heads/${branch}`;
    const output = await remoteGit(remote, directory, 'ls-remote', ['ls-remote', urlOf(remote), ref]);
    const line = output.split('\n').find((each) => each.endsWith(`\t${ref}`));
    return line?.split('\t')[0] ?? null;
  });
}

/**
 * Clones the default branch, commits on top of it, and pushes that as `branch`, replacing what was there. A push that
 * failed and whose commit stands on the remote all the same has come through.
 * @returns the commit
 */
export async function cloneAndPush(remote: GitRemote, branch: string, message: string): Promise<string> {
  return inDirectory(async (directory) => {
    const clone = join(directory, 'clone');
    const url = urlOf(remote);
    await remoteGit(remote, directory, 'clone', ['clone', '--quiet', '--depth=1', '--no-tags', url, clone]);
    await localGit(clone, ['commit', '--quiet', '--allow-empty', '--message', message]);
    const commit = (await localGit(clone, ['rev-parse', 'HEAD'])).trim();
    const push = ['push', '--quiet', '--force', 'origin', `HEAD:refs/heads/${branch}`];
    const pushed = await sendGit(remote, clone, 'push', push);
    // git sends again by itself where an answer is lost, and is then refused because of the ref that it has just made.
    if (pushed.code !== 0 && (await findBranch(remote, branch)) !== commit)
      throw failureOf(remote, 'push', pushed);
    return commit;
  });
}

/** Clones the newest commit of the default branch and reads every object of the clone. `slow`: not in time. */
export async function cloneAndCheck(remote: GitRemote): Promise<'whole' | 'slow'> {
  return inDirectory(async (directory) => {
    const clone = join(directory, 'clone');
    const args = ['clone', '--quiet', '--bare', '--depth=1', '--no-tags', urlOf(remote), clone];
    const cloned = await sendGit(remote, directory, 'clone', args);
    if (cloned.timedOut) return 'slow';
    if (cloned.code !== 0) throw failureOf(remote, 'clone', cloned);
    const { code, errors, timedOut } = await git(clone, ['fsck', '--full', '--no-dangling'], {});
    if (timedOut) return 'slow';
    const { project, slug } = remote.repository;
    if (code !== 0) throw needsPerson(`the clone of ${project}/${slug} is not whole: ${errors}`);
    return 'whole';
  });
}

function urlOf({ baseUrl, repository }: GitRemote): string {
  const { project, slug } = repository;
  return `${baseUrl.replace(/\/+$/, '')}/scm/${encodeURIComponent(project)}/${encodeURIComponent(slug)}.git`;
}

async function inDirectory<T>(work: (directory: string) => Promise<T>): Promise<T> {
  const directory = await mkdtemp(join(tmpdir(), 'runbooks-git-'));
  try {
    return await work(directory);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

async function remoteGit(
  remote: GitRemote,
  directory: string,
  what: string,
  args: readonly string[],
): Promise<string> {
  const result = await sendGit(remote, directory, what, args);
  if (result.code === 0) return result.output;
  throw failureOf(remote, what, result);
}

async function sendGit(
  remote: GitRemote,
  directory: string,
  what: string,
  args: readonly string[],
): Promise<GitResult> {
  await announceCall({ service: 'bitbucket', action: `git ${what}`, mutating: what === 'push' });
  return git(directory, args, remoteSettings(remote), remote.seconds);
}

async function localGit(directory: string, args: readonly string[]): Promise<string> {
  const result = await git(directory, args, {});
  if (result.code === 0) return result.output;
  throw new Error(`git ${args[0] ?? ''} failed in the worker's temporary directory: ${result.errors}`);
}

/** Settings go by the environment: arguments can be seen by every user of the machine, and end up in messages. */
function remoteSettings(remote: GitRemote): Readonly<Record<string, string>> {
  const url = new URL(remote.baseUrl);
  const port = url.port !== '' ? url.port : url.protocol === 'https:' ? '443' : '80';
  const settings: [string, string][] = [
    ['http.extraHeader', `Authorization: ${basic(remote.login)}`],
    // Not followed: the header would go along to wherever they lead.
    ['http.followRedirects', 'false'],
    ['http.lowSpeedLimit', '1'],
    ['http.lowSpeedTime', '20'],
    ['credential.helper', ''],
    ['gc.auto', '0'],
  ];
  if (remote.address !== undefined && remote.address !== url.hostname) {
    const address = remote.address.includes(':') ? `[${remote.address}]` : remote.address;
    settings.push(['http.curloptResolve', `${url.hostname}:${port}:${address}`]);
  }
  const numbered = settings.map(([key, value], at) => ({
    [`GIT_CONFIG_KEY_${at}`]: key,
    [`GIT_CONFIG_VALUE_${at}`]: value,
  }));
  return Object.assign({ GIT_CONFIG_COUNT: String(settings.length) }, ...numbered) as Record<string, string>;
}

interface GitResult {
  readonly code: number | null;
  readonly output: string;
  readonly errors: string;
  readonly timedOut: boolean;
}

function git(
  directory: string,
  args: readonly string[],
  settings: Readonly<Record<string, string>>,
  seconds = GIT_SECONDS,
): Promise<GitResult> {
  const signal = callSignal();
  signal?.throwIfAborted();
  return new Promise((resolve, reject) => {
    // A group of its own, so that git's helpers end with it.
    const child = spawn('git', [...args], {
      cwd: directory,
      env: { ...environment(directory), ...settings },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    let timedOut = false;
    const end = (): void => {
      if (child.pid === undefined || child.exitCode !== null) return;
      try {
        process.kill(-child.pid, 'SIGKILL');
      } catch {
        // Gone in this moment.
      }
    };
    const timer = setTimeout(() => {
      timedOut = true;
      end();
    }, seconds * 1000);
    signal?.addEventListener('abort', end, { once: true });
    const output: Buffer[] = [];
    const errors: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => output.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => errors.push(chunk));
    const settle = (finish: () => void): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', end);
      finish();
    };
    child.once('error', (error: NodeJS.ErrnoException) =>
      settle(() => reject(error.code === 'ENOENT' ? gitMissing() : error)),
    );
    child.once('close', (code) =>
      settle(() => {
        if (signal?.aborted === true) reject(signal.reason as Error);
        const text = (chunks: readonly Buffer[]): string => Buffer.concat(chunks).toString('utf8');
        resolve({ code, output: text(output), errors: text(errors).trim().slice(-600), timedOut });
      }),
    );
  });
}

/** Nothing of the worker's own environment that could trace (and so print) the headers, or ask for a password. */
function environment(directory: string): Readonly<Record<string, string>> {
  const kept = [
    'PATH',
    'SSL_CERT_FILE',
    'SSL_CERT_DIR',
    'GIT_SSL_CAINFO',
    'https_proxy',
    'HTTPS_PROXY',
    'no_proxy',
    'NO_PROXY',
  ];
  return {
    ...Object.fromEntries(
      kept.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]])),
    ),
    ...IDENTITY,
    HOME: directory,
    LC_ALL: 'C',
    GIT_TERMINAL_PROMPT: '0',
    GIT_CONFIG_NOSYSTEM: '1',
  };
}

function gitMissing(): Error {
  return needsPerson(
    `git is not installed on this worker (PATH is ${process.env.PATH ?? 'empty'}): install git 2.37 or newer, then retry`,
  );
}

function failureOf(remote: GitRemote, what: string, { code, errors, timedOut }: GitResult): Error {
  const { project, slug } = remote.repository;
  const at = remote.address === undefined ? '' : ` at ${remote.address}`;
  const fact = `git ${what} of ${project}/${slug} at ${remote.baseUrl}${at} as ${remote.login.username} failed`;
  if (timedOut)
    return new Error(
      `${fact}: not done within ${remote.seconds ?? GIT_SECONDS} s, so it was ended. It is tried again`,
    );
  if (/Authentication failed|could not read (Username|Password)|\b40[13]\b/i.test(errors)) {
    return needsPerson(
      `${fact}: ${errors}. Check the user's password and its permission on the probe repository`,
    );
  }
  if (/repository '.*' not found|\b404\b|does not exist/i.test(errors)) {
    return needsPerson(
      `${fact}: ${errors}. Create the probe repository, or correct probeRepository in the estate`,
    );
  }
  if (/\[remote rejected\]|\[rejected\]|pre-receive hook declined/i.test(errors)) {
    return needsPerson(
      `${fact}: ${errors}. Let this user push branches runbooks/* (branch permissions, hooks, read-only state)`,
    );
  }
  return new Error(`${fact} with exit code ${code ?? 'none'}: ${errors}`);
}
