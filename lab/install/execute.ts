import { execFile } from 'node:child_process';
import type { ExecFileException } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

export interface Executed {
  readonly ok: boolean;
  readonly stdout: string;
  /** The last lines of what the program complained about. */
  readonly complaint: string;
}

/** Runs a program to its end; a failure is an answer, not an exception. */
export function execute(
  command: string,
  args: readonly string[],
  options: { readonly env?: Readonly<Record<string, string>>; readonly timeoutSeconds?: number } = {},
): Promise<Executed> {
  const seconds = options.timeoutSeconds ?? 20;
  return new Promise((resolve) => {
    execFile(
      command,
      [...args],
      {
        env: { ...process.env, ...options.env },
        timeout: seconds * 1000,
        maxBuffer: 64 * 1024 * 1024,
      },
      (error, stdout, stderr) => {
        const said = (stderr.trim() || (error?.message.trim() ?? '')).split('\n').slice(-4).join('\n');
        resolve({ ok: error === null, stdout, complaint: [...ending(error, seconds), said].join(': ') });
      },
    );
  });
}

/** How a program ended that did not end by itself. */
function ending(error: ExecFileException | null, seconds: number): readonly string[] {
  if (error?.killed === true) return [`not done after ${seconds} s`];
  return typeof error?.signal === 'string' ? [`ended by ${error.signal}`] : [];
}

/** Full path of a program on PATH. */
export function onPath(program: string, path = process.env.PATH ?? ''): string | undefined {
  return path
    .split(delimiter)
    .filter((directory) => directory !== '')
    .map((directory) => join(directory, program))
    .find(isExecutable);
}

export function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
