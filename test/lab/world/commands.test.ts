import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { Command } from 'commander';
import pc from 'picocolors';

import type { Host } from '../../../client/host';
import { registerLabCommands } from '../../../lab/commands/register';
import { startOf } from '../../../lab/install/process-identity';
import { labStatus } from '../../../lab/world/control-client';
import { findLab } from '../../../lab/world/registry';
import { until } from '../../support/until';

const before = process.env.RUNBOOKS_LABS;
let registry: string;

beforeAll(() => {
  registry = mkdtempSync(join(tmpdir(), 'labs-'));
  process.env.RUNBOOKS_LABS = registry;
});

afterAll(async () => {
  await lab('down', '--all');
  rmSync(registry, { recursive: true });
  if (before === undefined) delete process.env.RUNBOOKS_LABS;
  else process.env.RUNBOOKS_LABS = before;
});

/** Runs `runbooks lab …` as the program would. */
async function lab(...words: string[]): Promise<{ out: string; err: string; code: number }> {
  const said = { out: '', err: '', code: -1 };
  const host: Host = {
    terminal: {
      interactive: false,
      columns: 160,
      rows: 50,
      colors: pc.createColors(false),
      out: (text) => (said.out += text),
      err: (text) => (said.err += text),
    },
    environment: process.env,
    runbooks: [],
    connect: () => Promise.reject(new Error('no lab command needs Temporal')),
    setExitCode: (code) => (said.code = code),
  };
  const program = new Command('runbooks').exitOverride();
  registerLabCommands(program, host);
  await program.parseAsync(['lab', ...words], { from: 'user' });
  return said;
}

test('without a lab every command says how to start one', async () => {
  for (const words of [['status'], ['env'], ['heal'], ['down'], ['break', 'throttle']]) {
    const { err, code } = await lab(...words);
    expect(err).toContain('runbooks lab up');
    expect(code).toBe(1);
  }
});

test('wrong use is refused before anything is started', async () => {
  expect((await lab('up', '--name', 'Not A Name')).code).toBe(2);
  expect((await lab('up', '--scale', '-3')).code).toBe(2);
  expect((await lab('break', 'tornado')).err).toContain('region-down');
  expect(readdirSync(registry)).toEqual([]);
});

test('a lab goes up, is looked at, broken, healed and taken down, and nothing of it is left', async () => {
  const up = await lab('up', '--name', 'one', '--scale', '120', '--json');
  expect(up.err).toBe('');
  const { environment, ...rest } = JSON.parse(up.out) as { environment: Record<string, string> };
  const status = labStatus.parse(rest);
  expect(status.ui).toMatch(/^http:\/\/127\.\d+\.0\.1:8233$/);
  expect((await fetch(String(status.ui))).status).toBe(200);
  expect(existsSync(environment.RUNBOOKS_ESTATE ?? '')).toBe(true);
  expect((await lab('up', '--name', 'one')).err).toContain('is up already');

  const { out } = await lab('env');
  for (const name of [
    'AWS_ENDPOINT_URL',
    'TEMPORAL_ADDRESS',
    'RUNBOOKS_ESTATE',
    'BITBUCKET_ADMIN_PASSWORD',
  ]) {
    expect(out).toContain(`export ${name}=${environment[name] ?? '?'}\n`);
  }
  expect((await lab('status')).out).toContain('leads to primary');
  const broken = await lab('break', 'region-down', '--json');
  expect(labStatus.parse(JSON.parse(broken.out))).toMatchObject({ broken: ['region-down'] });
  expect((await lab('heal')).out).toContain('nothing');
  expect(await lab('status', '--invariants')).toMatchObject({ code: 0 });

  // A page in a browser may reach the address under a name of its own; it must not end the lab.
  expect(await statusUnderForeignName(`${findLab('one')?.control}/down`)).toBe(403);

  const pids = started();
  expect(pids.length).toBeGreaterThan(4);
  const down = await lab('down');
  expect(down.out).toBe('lab one is down (orderly)\n');
  expect(pids.filter(isAlive)).toEqual([]);
  expect(existsSync(status.directory)).toBe(false);
  expect(readdirSync(registry)).toEqual([]);
});

test('what a lab leaves behind whose process was killed is ended by `lab down`', async () => {
  const up = await lab('up', '--name', 'two', '--scale', '120', '--nodes', '1', '--json');
  const { directory } = JSON.parse(up.out) as { directory: string };
  const pids = started();
  const record = findLab('two')!;
  process.kill(record.pid, 'SIGKILL');
  await until('end of the process', () => startOf(record.pid) !== record.start || undefined);
  expect(pids.filter(isAlive).length).toBeGreaterThan(3);
  const down = await lab('down');
  expect(down.out).toBe('lab two is down (cleaned)\n');
  expect(pids.filter(isAlive)).toEqual([]);
  expect(existsSync(directory)).toBe(false);
  expect(readdirSync(registry)).toEqual([]);
});

function statusUnderForeignName(url: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    request(url, { method: 'POST', headers: { host: 'evil.example' } }, (response) => {
      response.resume();
      resolve(response.statusCode);
    })
      .once('error', reject)
      .end();
  });
}

interface Started {
  readonly pid: number;
  readonly start: string;
}

/** Every program that the labs of this registry have started. */
function started(): readonly Started[] {
  return readdirSync(registry)
    .filter((name) => name.endsWith('.processes'))
    .flatMap((name) => readFileSync(join(registry, name), 'utf8').trim().split('\n'))
    .map((line) => ({ pid: Number(line.split('\t')[0]), start: line.split('\t')[1] ?? '' }));
}

function isAlive({ pid, start }: Started): boolean {
  return startOf(pid) === start;
}
