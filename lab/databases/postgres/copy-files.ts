import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { makePrivateDirectory, runProgram } from './run-as';
import type { RunAs } from './run-as';

export interface CopyOptions {
  readonly runAs?: RunAs | undefined;
  /** Which entries of the directory are wanted, by name; all unless told. */
  readonly include?: (name: string) => boolean;
}

/**
 * Copies the entries of a directory into another with their owners and modes, by `cp`: a cluster has a thousand small
 * files. A file that a running server removes meanwhile is left out.
 */
export async function copyFiles(from: string, to: string, options: CopyOptions = {}): Promise<void> {
  await makePrivateDirectory(to, options.runAs);
  const entries = (await readdir(from)).filter((name) => options.include?.(name) !== false);
  if (entries.length === 0) return;
  try {
    await runProgram('cp', ['-a', ...entries.map((name) => join(from, name)), `${to}/`]);
  } catch (error) {
    if (!(error instanceof Error) || !onlyTellsOfGoneFiles(error.message)) throw error;
  }
}

function onlyTellsOfGoneFiles(message: string): boolean {
  const lines = message.split('\n').map((line) => line.trim());
  return lines.every((line) => line.endsWith(': No such file or directory'));
}
