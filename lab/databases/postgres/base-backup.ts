import { chown, copyFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Client } from 'pg';
import { copyTree } from './copy-tree';
import { makePrivateDirectory } from './run-as';
import type { RunAs } from './run-as';

/** Directories that a backup contains empty: their content belongs to the running server (PostgreSQL manual 26.3.3). */
const EMPTIED =
  /^(pg_wal|pg_replslot|pg_dynshmem|pg_notify|pg_serial|pg_snapshots|pg_stat_tmp|pg_subtrans)\/./;
const LEFT_OUT =
  /(^|\/)(postmaster\.(pid|opts)|standby\.signal|recovery\.signal|backup_label(\.old)?|pg_internal\.init|pgsql_tmp[^/]*)$/;

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
  const control = join('global', 'pg_control');
  await copyTree(from, to, {
    runAs,
    include: (path) => path !== control && !EMPTIED.test(path) && !LEFT_OUT.test(path),
  });
  // Last, so that the point of consistency it names on a standby comes after every page that was copied.
  await copyFile(join(from, control), join(to, control));
  const { rows } = await administrator.query<{ labelfile: string }>(
    `select labelfile from pg_backup_stop(false)`,
  );
  const label = rows[0]?.labelfile ?? '';
  await writeFile(join(to, 'backup_label'), label, { mode: 0o600 });
  const start = /\(file ([0-9A-F]{24})\)/.exec(label)?.[1];
  if (start === undefined) throw new Error(`the server gave no usable backup label: ${label}`);
  await copyTree(join(from, 'pg_wal'), join(to, 'pg_wal'), {
    runAs,
    include: (name) => isNeeded(name, start),
  });
  if (runAs !== undefined) {
    for (const file of ['backup_label', control]) await chown(join(to, file), runAs.uid, runAs.gid);
  }
}

/** WAL from the start of the backup on, whatever the timeline, and the history of the timelines. */
function isNeeded(name: string, start: string): boolean {
  if (!/^[0-9A-F]{24}$/.test(name)) return name === 'archive_status' || name.endsWith('.history');
  return name.slice(8) >= start.slice(8);
}

export async function removeData(directory: string): Promise<void> {
  await rm(directory, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
}
