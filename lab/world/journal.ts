import { appendFileSync, existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { startOf } from '../install/process-identity';
import { processEvents } from './process';
import { registryDirectory } from './registry';

interface Left {
  readonly pid: number;
  readonly start: string;
  readonly name: string;
}

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
  const left: readonly Left[] = readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const [pid = '', start = '', name = ''] = line.split('\t');
      return { pid: Number(pid), start, name };
    })
    .filter(({ pid, start }) => startOf(pid) === start);
  // PostgreSQL gives its shared memory back on this signal; nothing else here cares for an orderly end.
  for (const signal of ['SIGQUIT', 'SIGKILL'] as const) {
    const alive = (): readonly Left[] => left.filter(({ pid, start }) => startOf(pid) === start);
    for (const { pid } of alive()) end(pid, signal);
    const deadline = Date.now() + 2000;
    while (alive().length > 0 && Date.now() < deadline) await sleep(20);
  }
  rmSync(path, { force: true });
  return left.map(({ name }) => name);
}

/** Ends what any dead process has left running, also one whose lab is not listed any more. */
export async function endLeftovers(): Promise<void> {
  for (const name of readdirSync(registryDirectory())) {
    const [, pid, start] = /^(\d+)-(\w+)\.processes$/.exec(name) ?? [];
    if (pid === undefined || start === undefined) continue;
    if (fileName(Number(pid), startOf(Number(pid)) ?? '') !== name)
      await endProcessesOf({ pid: Number(pid), start });
  }
}

function journalOf(pid: number, start: string): string {
  return join(registryDirectory(), fileName(pid, start));
}

function fileName(pid: number, start: string): string {
  return `${pid}-${start.replace(/\W+/g, '_')}.processes`;
}

function end(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has ended by itself meanwhile.
  }
}
