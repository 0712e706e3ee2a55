import { execFile } from 'node:child_process';
import { chmod, chown, mkdir } from 'node:fs/promises';
import { promisify } from 'node:util';

/** The user that servers run as when the lab itself runs as root, which PostgreSQL refuses. */
export interface RunAs {
  readonly uid: number;
  readonly gid: number;
}

/** Runs one program to its end. @throws Error with what the program said */
export async function runProgram(command: string, args: readonly string[], runAs?: RunAs): Promise<string> {
  try {
    // The caller's working directory may be closed to the other user.
    const { stdout } = await promisify(execFile)(command, [...args], {
      cwd: '/',
      env: { ...process.env, LC_ALL: 'C' },
      ...runAs,
    });
    return stdout;
  } catch (error) {
    const { stderr = '', message } = error as Error & { stderr?: string };
    throw new Error(`${command} failed: ${stderr.trim() || message}`, { cause: error });
  }
}

/** A directory that only the servers' user enters, which PostgreSQL insists on for its data. */
export async function makePrivateDirectory(path: string, runAs?: RunAs): Promise<void> {
  await mkdir(path, { recursive: true, mode: 0o700 });
  await chmod(path, 0o700);
  await changeOwner(path, runAs);
}

export async function changeOwner(path: string, runAs?: RunAs): Promise<void> {
  if (runAs !== undefined) await chown(path, runAs.uid, runAs.gid);
}
