import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Client } from 'pg';
import { copyFiles } from './copy-files';
import { changeOwner, makePrivateDirectory, runProgram } from './run-as';
import type { RunAs } from './run-as';

/** Directories that a backup holds empty: their content belongs to the running server (PostgreSQL manual 26.3.3). */
const EMPTIED = [
  'pg_wal',
  'pg_replslot',
  'pg_dynshmem',
  'pg_notify',
  'pg_serial',
  'pg_snapshots',
  'pg_stat_tmp',
  'pg_subtrans',
];
const LEFT_OUT = new Set([
  ...EMPTIED,
  'postmaster.pid',
  'postmaster.opts',
  'standby.signal',
  'recovery.signal',
  'backup_label',
  'backup_label.old',
]);

/**
 * Copies the data of a running server, primary or standby, consistently: PostgreSQL's low-level backup protocol, since
 * `pg_basebackup` is missing from the binaries that npm has. The copy holds its own WAL. `administrator` is a
 * superuser's connection that stays open meanwhile.
 */
export async function baseBackup(
  administrator: Client,
  from: string,
  to: string,
  runAs?: RunAs,
): Promise<void> {
  await makePrivateDirectory(to, runAs);
  await administrator.query(`select pg_backup_start('lab', true)`);
  await copyFiles(from, to, { runAs, include: (name) => !LEFT_OUT.has(name) });
  // Again at the end, so that the point of consistency it names on a standby comes after every page that was copied.
  await runProgram('cp', ['-a', join(from, 'global', 'pg_control'), join(to, 'global', 'pg_control')]);
  const { rows } = await administrator.query<{ labelfile: string }>(
    `select labelfile from pg_backup_stop(false)`,
  );
  const label = rows[0]?.labelfile ?? '';
  const start = /\(file ([0-9A-F]{24})\)/.exec(label)?.[1];
  if (start === undefined) throw new Error(`the server gave no usable backup label: ${label}`);
  await writeFile(join(to, 'backup_label'), label, { mode: 0o600 });
  for (const name of [...EMPTIED, join('pg_wal', 'archive_status')]) {
    await mkdir(join(to, name), { mode: 0o700 });
    await changeOwner(join(to, name), runAs);
  }
  await changeOwner(join(to, 'backup_label'), runAs);
  await copyFiles(join(from, 'pg_wal'), join(to, 'pg_wal'), {
    runAs,
    include: (name) => isNeeded(name, start),
  });
}

/** WAL from the start of the backup on, whatever the timeline, and the history of the timelines. */
function isNeeded(name: string, start: string): boolean {
  return /^[0-9A-F]{24}$/.test(name) ? name.slice(8) >= start.slice(8) : name.endsWith('.history');
}

export async function removeData(directory: string): Promise<void> {
  await rm(directory, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
}
