import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { withLock } from '../../../lab/install/lock';
import { startOf } from '../../../lab/install/process-identity';

let directory: string;
beforeEach(() => (directory = mkdtempSync(join(tmpdir(), 'lock-'))));
afterEach(() => rmSync(directory, { recursive: true }));

test('only one holder works at a time, and each gets its turn', async () => {
  const lock = join(directory, 'tool.lock');
  let inside = 0;
  let most = 0;
  const waited: number[] = [];
  const work = (number: number): Promise<void> =>
    withLock(
      lock,
      async () => {
        inside += 1;
        most = Math.max(most, inside);
        await sleep(30);
        inside -= 1;
      },
      () => waited.push(number),
    );
  await Promise.all([1, 2, 3].map(work));
  expect(most).toBe(1);
  expect(waited).toHaveLength(2);
  expect(existsSync(lock)).toBe(false);
});

test('the lock is free again after work that failed', async () => {
  const lock = join(directory, 'tool.lock');
  await expect(withLock(lock, () => Promise.reject(new Error('no network')))).rejects.toThrow('no network');
  await expect(withLock(lock, async () => 'second')).resolves.toBe('second');
});

test('a lock whose owner has died is taken over', async () => {
  const lock = join(directory, 'tool.lock');
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
  writeFileSync(lock, JSON.stringify({ pid: child.pid, start: startOf(child.pid!) }));
  let finished = false;
  const second = withLock(lock, async () => {
    finished = true;
  });
  await sleep(300);
  expect(finished).toBe(false);
  child.kill('SIGKILL');
  await second;
  expect(finished).toBe(true);
});

test('a lock of a process whose number was given to another one later counts as dead', async () => {
  const lock = join(directory, 'tool.lock');
  writeFileSync(lock, JSON.stringify({ pid: process.pid, start: 'some other time' }));
  await expect(withLock(lock, async () => readFileSync(lock, 'utf8'))).resolves.toContain(
    startOf(process.pid),
  );
});

test('a process is told from a later one by its start, and a dead one has none', async () => {
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
  const start = startOf(child.pid!);
  expect(start).toBeDefined();
  expect(startOf(child.pid!)).toBe(start);
  const ended = new Promise((resolve) => child.once('close', resolve));
  child.kill('SIGKILL');
  await ended;
  expect(startOf(child.pid!)).toBeUndefined();
});
