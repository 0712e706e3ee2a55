import { spawn } from 'node:child_process';
import { chmodSync, closeSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { CommandError } from '../../client/command-error';
import { installAll } from '../install/install-all';
import { startOf } from '../install/process-identity';
import type { DaemonOptions } from '../world/main';
import { programPath } from '../world/program';
import { cleanUpAfter, isHeld, sweepDeadLabs } from '../world/sweep';
import { findLab, registryDirectory } from '../world/registry';
import type { LabRecord } from '../world/registry';

const UP_WITHIN_MS = 120_000;

/**
 * Installs what is missing, starts the process that holds the lab, and waits until the lab is up.
 * @throws CommandError with the end of the lab's log when it does not come up
 */
export async function bringUp(
  options: Omit<DaemonOptions, 'directory'>,
  report: (line: string) => void,
): Promise<LabRecord> {
  await sweepDeadLabs();
  const there = findLab(options.name);
  if (there !== undefined && isHeld(there)) {
    throw new CommandError(
      `lab "${options.name}" is up already`,
      'Use another --name, or end it with `runbooks lab down`.',
    );
  }
  await installAll(report);
  // Short: PostgreSQL's socket below it has room for about 100 characters.
  const directory = mkdtempSync(join(tmpdir(), 'lab-'));
  const temporary = join(directory, 'tmp');
  mkdirSync(temporary);
  // Servers that run as another user have to get through.
  for (const path of [directory, temporary]) chmodSync(path, 0o755);
  const log = join(directory, 'lab.log');
  const output = openSync(log, 'a');
  const daemon = spawn(
    process.execPath,
    [programPath('lab/world/main'), JSON.stringify({ ...options, directory } satisfies DaemonOptions)],
    {
      detached: true,
      cwd: '/',
      stdio: ['ignore', output, output],
      // Whatever the lab's parts put aside disappears with the lab.
      env: { ...process.env, TMPDIR: temporary, RUNBOOKS_LABS: registryDirectory() },
    },
  );
  closeSync(output);
  daemon.unref();
  const pid = daemon.pid ?? -1;
  const start = startOf(pid) ?? '';
  const deadline = Date.now() + UP_WITHIN_MS;
  for (;;) {
    const record = findLab(options.name);
    if (record?.control !== undefined && isHeld(record)) return record;
    const alive = startOf(pid) === start;
    if (!alive || Date.now() > deadline) {
      if (alive) process.kill(pid, 'SIGKILL');
      const told = readFileSync(log, 'utf8').trim().split('\n').slice(-12).join('\n');
      await cleanUpAfter({ name: options.name, pid, start, directory, startedAt: '' });
      rmSync(directory, { recursive: true, force: true });
      throw new CommandError(`the lab did not come up:\n${told}`, 'Run `runbooks doctor`, then try again.');
    }
    await sleep(100);
  }
}
