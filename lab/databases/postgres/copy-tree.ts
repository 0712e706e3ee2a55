import { constants } from 'node:fs';
import { chown, copyFile, mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { RunAs } from './run-as';

export interface CopyOptions {
  readonly runAs?: RunAs | undefined;
  /** Path below the root, e.g. `pg_wal`: false leaves it out, with all that is in it. */
  readonly include?: (path: string) => boolean;
}

/**
 * Copies a directory whose files may come and go meanwhile, as those of a running server do; a file that has gone is
 * left out. Shares blocks where the file system can.
 */
export async function copyTree(from: string, to: string, options: CopyOptions = {}): Promise<void> {
  const own = async (path: string): Promise<void> => {
    if (options.runAs !== undefined) await chown(path, options.runAs.uid, options.runAs.gid);
  };
  const copyDirectory = async (path: string): Promise<void> => {
    const entries = await unlessGone(readdir(join(from, path), { withFileTypes: true }));
    if (entries === undefined) return;
    await mkdir(join(to, path), { recursive: true, mode: 0o700 });
    await own(join(to, path));
    for (const entry of entries) {
      const inner = join(path, entry.name);
      if (options.include?.(inner) === false) continue;
      if (entry.isDirectory()) await copyDirectory(inner);
      else if (entry.isFile()) await copyOne(inner);
    }
  };
  const copyOne = async (path: string): Promise<void> => {
    const target = join(to, path);
    const copied = await unlessGone(
      copyFile(join(from, path), target, constants.COPYFILE_FICLONE).then(() => true),
    );
    if (copied === true) await own(target);
  };
  await copyDirectory('');
}

async function unlessGone<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
