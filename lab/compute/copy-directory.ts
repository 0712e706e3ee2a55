import { execFile } from 'node:child_process';
import { mkdir, rm } from 'node:fs/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);

/**
 * Copies the content of a directory with owners, modes and times, sharing blocks where the file system can. Files that
 * vanish while they are copied are left out: whoever wants a consistent copy freezes the writers, as with a real volume.
 * @throws Error with the message of `cp`
 */
export async function copyDirectory(from: string, to: string): Promise<void> {
  await mkdir(from, { recursive: true });
  await mkdir(to, { recursive: true });
  const clone = process.platform === 'darwin' ? '-c' : '--reflink=auto';
  try {
    await run('cp', ['-a', clone, `${from}/.`, to], {
      maxBuffer: 16 * 1024 * 1024,
      env: { ...process.env, LC_ALL: 'C' },
    });
  } catch (error) {
    const lines = String((error as { stderr?: unknown }).stderr ?? error)
      .split('\n')
      .filter((line) => line !== '' && !line.includes('No such file or directory'));
    if (lines.length > 0) throw new Error(`cannot copy ${from}: ${lines[0]}`, { cause: error });
  }
}

export async function removeDirectory(path: string): Promise<void> {
  await rm(path, { recursive: true, force: true, maxRetries: 3 });
}
