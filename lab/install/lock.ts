import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

import { startOf } from './process-identity';

interface Owner {
  readonly pid: number;
  readonly start: string | undefined;
}

/**
 * Runs `work` while no other process of this machine does so with the same `path`. A lock whose owner has died is
 * taken over.
 */
export async function withLock<T>(path: string, work: () => Promise<T>, waiting?: () => void): Promise<T> {
  const mine = `${path}.${process.pid}.${Math.random().toString(36).slice(2)}`;
  writeFileSync(mine, JSON.stringify({ pid: process.pid, start: startOf(process.pid) } satisfies Owner));
  try {
    // A link appears together with its content, unlike a file that is made and then written.
    for (let told = false; !tryLink(mine, path);) {
      if (!told) waiting?.();
      told = true;
      if (!clearStale(path, mine)) await sleep(200);
    }
  } finally {
    rmSync(mine, { force: true });
  }
  try {
    return await work();
  } finally {
    rmSync(path, { force: true });
  }
}

function tryLink(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/** True when a dead owner's lock was put away. */
function clearStale(path: string, mine: string): boolean {
  const seen = read(path);
  if (seen === undefined) return true;
  if (!isDead(seen)) return false;
  const aside = `${mine}.stale`;
  try {
    renameSync(path, aside);
  } catch {
    return true;
  }
  // Someone may have replaced the dead lock between the look and the rename: then it goes back.
  const taken = read(aside);
  if (taken !== undefined && !isDead(taken)) tryLink(aside, path);
  rmSync(aside, { force: true });
  return true;
}

function isDead(text: string): boolean {
  try {
    const owner = JSON.parse(text) as Owner;
    const start = startOf(owner.pid);
    return start === undefined || start !== owner.start;
  } catch {
    return true;
  }
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
