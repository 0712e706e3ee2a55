import { appendFileSync, existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { startOf } from '../install/process-identity';
import { processEvents } from './process';
import { registryDirectory } from './registry';

let keeping = false;

/**
 * From now on writes down every program that this process starts, with the time of its start: should this process die
 * suddenly, `endProcessesOf` ends what it leaves behind, and nothing else that got the same number later.
 */
export function keepJournal(): void {
  if (keeping) return;
  keeping = true;
  const path = journalOf(process.pid, startOf(process.pid) ?? '');
  processEvents.on('start', ({ pid, name }) => {
    const start = startOf(pid);
    if (start !== undefined) appendFileSync(path, `${pid}\t${start}\t${name}\n`, { mode: 0o600 });
  });
  process.once('exit', () => rmSync(path, { force: true }));
}

/** Ends what a dead process has left running. @returns names of the programs that were ended */
export async function endProcessesOf(owner: {
  readonly pid: number;
  readonly start: string;
}): Promise<readonly string[]> {
  const path = journalOf(owner.pid, owner.start);
  if (!existsSync(path)) return [];
  const left = readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const [pid = '', start = '', name = ''] = line.split('\t');
      return { pid: Number(pid), start, name };
    })
    .filter(({ pid, start }) => startOf(pid) === start);
  for (const { pid } of left) end(pid);
  const deadline = Date.now() + 5000;
  while (left.some(({ pid, start }) => startOf(pid) === start) && Date.now() < deadline) await sleep(20);
  rmSync(path, { force: true });
  return left.map(({ name }) => name);
}

function journalOf(pid: number, start: string): string {
  return join(registryDirectory(), `${pid}-${start.replace(/\W+/g, '_')}.processes`);
}

function end(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended by itself meanwhile.
  }
}
