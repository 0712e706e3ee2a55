import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { ensureChromium } from '../../../lab/install/chromium';

const before = { ...process.env };
let directory: string;
let bin: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'chromium-'));
  bin = join(directory, 'bin');
  mkdirSync(bin);
  process.env.RUNBOOKS_CACHE = join(directory, 'cache');
  process.env.PATH = bin;
  delete process.env.CHROMIUM_PATH;
});
afterEach(() => {
  for (const name of Object.keys(process.env)) if (!(name in before)) delete process.env[name];
  Object.assign(process.env, before);
  rmSync(directory, { recursive: true });
});

function program(name: string, script: string): string {
  writeFileSync(join(bin, name), `#!/bin/sh\n${script}\n`);
  chmodSync(join(bin, name), 0o755);
  return join(bin, name);
}

const silent = (): void => undefined;

test('a browser is taken from CHROMIUM_PATH before PATH', async () => {
  const found = program('google-chrome', ':');
  await expect(ensureChromium(silent)).resolves.toBe(found);
  process.env.CHROMIUM_PATH = process.execPath;
  await expect(ensureChromium(silent)).resolves.toBe(process.execPath);
  process.env.CHROMIUM_PATH = join(directory, 'missing');
  await expect(ensureChromium(silent)).rejects.toThrow('correct or unset it');
});

test('without a browser and without apt-get one sentence says what is missing', async () => {
  await expect(ensureChromium(silent)).rejects.toThrow(/^no Chromium on PATH.*CHROMIUM_PATH$/);
});

const asRoot = process.getuid?.() === 0;

test('root installs the package of the distribution; anybody else is told to', async () => {
  const chromium = join(bin, 'chromium');
  program('apt-get', `[ "$1" = update ] || { : > ${chromium}; /bin/chmod 755 ${chromium}; }`);
  const found = ensureChromium(silent);
  await (asRoot ? expect(found).resolves.toBe(chromium) : expect(found).rejects.toThrow(/only root/));
});

test('an installation that fails says why and what to do', async () => {
  program('apt-get', 'echo "no route to the mirror" >&2; exit 100');
  await expect(ensureChromium(silent)).rejects.toThrow(
    asRoot ? /apt-get update failed \(no route to the mirror\): install Chromium/ : /only root/,
  );
});
