import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';

const schema = z.strictObject({
  name: z.string(),
  /** The process that holds the lab, and when it started: together they name it for ever. */
  pid: z.number().int(),
  start: z.string(),
  directory: z.string(),
  /** Base URL of the control API; absent for a world inside a test. */
  control: z.string().optional(),
  startedAt: z.string(),
});

/** What others need to know of a lab that runs on this machine. */
export type LabRecord = z.output<typeof schema>;

/** Where the labs of this user are listed: `RUNBOOKS_LABS`, else a directory of the system's temporary one. */
export function registryDirectory(): string {
  const chosen = process.env.RUNBOOKS_LABS;
  const directory =
    chosen === undefined || chosen === ''
      ? join(tmpdir(), `bitbucket-runbooks-labs-${userInfo().username}`)
      : chosen;
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  return directory;
}

/** Every lab listed, also those whose process has died. */
export function listLabs(): readonly LabRecord[] {
  const directory = registryDirectory();
  return readdirSync(directory)
    .filter((name) => name.endsWith('.json'))
    .flatMap((name) => {
      try {
        return [schema.parse(JSON.parse(readFileSync(join(directory, name), 'utf8')))];
      } catch {
        // Removed just now.
        return [];
      }
    })
    .sort((one, other) => one.startedAt.localeCompare(other.startedAt));
}

export function findLab(name: string): LabRecord | undefined {
  return listLabs().find((lab) => lab.name === name);
}

export function enterLab(record: LabRecord): void {
  const path = pathOf(record.name);
  writeFileSync(`${path}.new`, JSON.stringify(record, null, 2), { mode: 0o600 });
  renameSync(`${path}.new`, path);
}

export function forgetLab(name: string): void {
  rmSync(pathOf(name), { force: true });
}

function pathOf(name: string): string {
  return join(registryDirectory(), `${name}.json`);
}
