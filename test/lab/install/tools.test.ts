import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { cacheDirectory } from '../../../lab/install/cache';
import { findGit } from '../../../lab/install/git';
import { findPostgres } from '../../../lab/install/postgres';
import { findTemporal } from '../../../lab/install/temporal';
import { build } from '../../../lab/install/temporal-sources';
import { findMoto } from '../../../lab/install/moto';
import { installed } from '../../../lab/install/tool';

const before = { ...process.env };
let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'tools-'));
  process.env.RUNBOOKS_CACHE = join(directory, 'cache');
});
afterEach(() => {
  for (const name of Object.keys(process.env)) if (!(name in before)) delete process.env[name];
  Object.assign(process.env, before);
  rmSync(directory, { recursive: true });
});

/** A program on a PATH of its own that answers with a line. */
function fake(name: string, line: string, code = 0): string {
  const bin = join(directory, 'bin');
  mkdirSync(bin, { recursive: true });
  writeFileSync(join(bin, name), `#!/bin/sh\necho "${line}"\nexit ${code}\n`);
  chmodSync(join(bin, name), 0o755);
  return bin;
}

const silent = (): void => undefined;

test('the cache is chosen by RUNBOOKS_CACHE, then by who we are', () => {
  expect(cacheDirectory({ RUNBOOKS_CACHE: '/somewhere' })).toBe('/somewhere');
  const root = process.getuid?.() === 0;
  const own = cacheDirectory({ XDG_CACHE_HOME: '/home/ada/.caches' });
  expect(own).toBe(root ? '/var/cache/bitbucket-runbooks' : '/home/ada/.caches/bitbucket-runbooks');
});

test('a tool is installed once, also by installers that start at the same time', async () => {
  const installs: string[] = [];
  const install = async (target: string): Promise<void> => {
    installs.push(target);
    await new Promise((resolve) => setTimeout(resolve, 50));
    writeFileSync(join(target, 'tool'), 'works');
  };
  const found = await Promise.all([1, 2, 3].map(() => installed('tool-1.0', silent, install)));
  expect(installs).toHaveLength(1);
  expect(new Set(found).size).toBe(1);
  expect(existsSync(join(found[0]!, 'tool'))).toBe(true);
  await installed('tool-1.0', silent, install);
  expect(installs).toHaveLength(1);
});

test('what a killed installer has left is never taken for complete', async () => {
  const half = join(cacheDirectory(), 'tool-1.0');
  mkdirSync(half, { recursive: true });
  writeFileSync(join(half, 'half-a-tool'), '');
  const target = await installed('tool-1.0', silent, async (fresh) => writeFileSync(join(fresh, 'tool'), ''));
  expect(existsSync(join(target, 'half-a-tool'))).toBe(false);
  expect(existsSync(join(target, 'tool'))).toBe(true);
});

test('a failed installation can be tried again', async () => {
  await expect(
    installed('tool-1.0', silent, () => Promise.reject(new Error('no network'))),
  ).rejects.toThrow();
  let tried = false;
  await installed('tool-1.0', silent, async () => {
    tried = true;
  });
  expect(tried).toBe(true);
});

test('a tool that has become unusable is installed anew', async () => {
  let count = 0;
  const install = async (target: string): Promise<void> => {
    count += 1;
    writeFileSync(join(target, 'python'), '');
  };
  const usable = (target: string): boolean => existsSync(join(target, 'python'));
  const target = await installed('venv', silent, install, usable);
  rmSync(join(target, 'python'));
  await installed('venv', silent, install, usable);
  expect(count).toBe(2);
});

test('Temporal is taken from TEMPORAL_CLI_PATH before PATH, from PATH before the cache', async () => {
  const bin = fake('temporal', 'on PATH');
  delete process.env.TEMPORAL_CLI_PATH;
  process.env.PATH = `${bin}:${before.PATH ?? ''}`;
  await expect(findTemporal(silent)).resolves.toBe(join(bin, 'temporal'));
  process.env.TEMPORAL_CLI_PATH = process.execPath;
  await expect(findTemporal(silent)).resolves.toBe(process.execPath);
  process.env.TEMPORAL_CLI_PATH = join(directory, 'missing');
  await expect(findTemporal(silent)).rejects.toThrow('correct or unset it');
});

test('a Temporal that cannot be downloaded is built with Go and kept', async () => {
  delete process.env.TEMPORAL_CLI_PATH;
  const bin = fake('go', 'irrelevant');
  process.env.PATH = `${bin}:/bin:/usr/bin`;
  writeFileSync(join(bin, 'go'), '#!/bin/sh\nmkdir -p "$GOBIN" && cp /bin/true "$GOBIN/temporal"\n');
  const blocked = (): Promise<void> => Promise.reject(new Error('the download failed: no such host'));
  const found = await findTemporal(silent, [blocked, build]);
  expect(found.startsWith(cacheDirectory())).toBe(true);
  rmSync(join(bin, 'go'));
  await expect(findTemporal(silent, [])).resolves.toBe(found);
});

test('a Temporal that can be had in no way says why and what to do', async () => {
  delete process.env.TEMPORAL_CLI_PATH;
  const blocked = (): Promise<void> => Promise.reject(new Error('the download failed: no such host'));
  process.env.PATH = join(directory, 'empty');
  await expect(findTemporal(silent, [blocked, build])).rejects.toThrow(
    /no such host; Go, .* is not on PATH\): install Go .*TEMPORAL_CLI_PATH/,
  );
  process.env.PATH = `${fake('go', 'proxy unreachable', 1)}:/bin:/usr/bin`;
  await expect(findTemporal(silent, [build])).rejects.toThrow(/building with Go failed/);
});

test('a Python that is too old is named with the remedy', async () => {
  process.env.RUNBOOKS_PYTHON = join(fake('python-old', '3 9'), 'python-old');
  await expect(findMoto(silent)).rejects.toThrow(/Python 3.10 or newer.*python-old is 3.9.*apt-get install/s);
});

test('a git that is too old is named with the remedy', async () => {
  process.env.PATH = fake('git', 'git version 2.20.1');
  await expect(findGit()).rejects.toThrow(/git 2.20 is too old.*2.37/);
  process.env.PATH = fake('git', 'git version 2.47.0.windows');
  await expect(findGit()).resolves.toBe(join(directory, 'bin', 'git'));
});

test('PostgreSQL is a directory that holds all server programs, version 15 or newer', async () => {
  const found = await findPostgres(silent);
  for (const program of ['initdb', 'postgres', 'pg_ctl']) expect(existsSync(join(found, program))).toBe(true);
});
