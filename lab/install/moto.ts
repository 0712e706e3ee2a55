import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { packageRoot } from '../world/program';
import { execute, isExecutable, onPath } from './execute';
import { installed, ToolMissing } from './tool';
import type { Report } from './tool';

const MOTO = '5.2.4';

const PYTHONS = ['python3', 'python3.13', 'python3.12', 'python3.11', 'python3.10'];

/** Path of `moto_server` in a virtual environment of its own, every package checked against its pinned hash [A §1]. */
export async function findMoto(report: Report): Promise<string> {
  const requirements = join(packageRoot(), 'lab', 'install', 'requirements.txt');
  const digest = createHash('sha256').update(readFileSync(requirements)).digest('hex').slice(0, 8);
  const install = async (target: string): Promise<void> => {
    const python = await findPython();
    report(`installing the AWS emulator moto ${MOTO} (under a minute, once)`);
    await must(python, ['-m', 'venv', target], 'making a Python virtual environment');
    await must(
      join(target, 'bin', 'python'),
      ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--require-hashes'].concat([
        '--only-binary',
        ':all:',
        '--requirement',
        requirements,
      ]),
      'installing moto with pip',
    );
  };
  // The environment's python is a link to the machine's; it dangles when that one was removed.
  const usable = (directory: string): boolean => isExecutable(join(directory, 'bin', 'python'));
  const directory = await installed(`moto-${MOTO}-${digest}`, report, install, usable);
  return join(directory, 'bin', 'moto_server');
}

async function findPython(): Promise<string> {
  const seen: string[] = [];
  const chosen = process.env.RUNBOOKS_PYTHON;
  for (const name of chosen === undefined || chosen === '' ? PYTHONS : [chosen]) {
    const path = name.includes('/') ? name : onPath(name);
    if (path === undefined) continue;
    const asked = await execute(path, ['-c', 'import sys; print(*sys.version_info[:2])']);
    const [major = 0, minor = 0] = asked.stdout.split(' ').map(Number);
    if (!asked.ok) continue;
    if (major !== 3 || minor < 10) seen.push(`${path} is ${major}.${minor}`);
    else if ((await execute(path, ['-c', 'import venv, ensurepip'])).ok) return path;
    else seen.push(`${path} lacks the module venv`);
  }
  throw new ToolMissing(
    `the AWS emulator needs Python 3.10 or newer with the module venv (${seen.join(', ') || 'no python3 on PATH'}): ` +
      'install it (Debian, Ubuntu: `apt-get install python3 python3-venv`) or name one in RUNBOOKS_PYTHON',
  );
}

async function must(command: string, args: readonly string[], what: string): Promise<void> {
  const done = await execute(command, args, { timeoutSeconds: 900 });
  if (!done.ok) {
    throw new ToolMissing(
      `${what} failed (${done.complaint}): check that pip reaches its package index, then try again`,
    );
  }
}
