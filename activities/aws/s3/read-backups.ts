import type { StoredBackup } from '../../../workflows/plan/backup/catalogue';
import type { BackupRecord, Manifest } from '../../../workflows/plan/backup/manifest';
import { backupPrefix, instancePrefix } from '../../../workflows/plan/backup/object-keys';
import type { BackupStore } from '../../../workflows/plan/instance';
import type { Dependencies } from '../../dependencies';
import { parseManifest, parseRecord } from './backup-schema';
import { listObjects } from './list-objects';
import type { StoredObject } from './list-objects';
import { readObject, sha256 } from './objects';

/** So many backups are read at the same time. */
const READERS = 16;

/** What one backup has in the store, by its keys alone. */
export interface BackupFolder {
  readonly backup: string;
  readonly objects: readonly StoredObject[];
  /** Below the backup's prefix. */
  readonly names: readonly string[];
}

/** What the store holds of some backups of an instance. */
export async function readBackups(
  dependencies: Dependencies,
  store: BackupStore,
  instance: string,
  only: readonly string[],
): Promise<readonly StoredBackup[]> {
  return readFolders(dependencies, store, instance, await listBackups(dependencies, store, instance, only));
}

/** Lists the keys, which is cheap: a thousand with one request. @param only these backups; all when undefined */
export async function listBackups(
  dependencies: Dependencies,
  store: BackupStore,
  instance: string,
  only: readonly string[] | undefined,
): Promise<readonly BackupFolder[]> {
  const root = instancePrefix(store, instance);
  const prefixes = only === undefined ? [root] : only.map((backup) => backupPrefix(store, instance, backup));
  const lists = await Promise.all(prefixes.map((prefix) => listObjects(dependencies, store, prefix)));
  const folders = new Map<string, StoredObject[]>();
  for (const object of lists.flat()) {
    const [backup = '', ...rest] = object.key.slice(root.length).split('/');
    if (rest.length === 0) continue;
    const objects = folders.get(backup);
    if (objects === undefined) folders.set(backup, [object]);
    else objects.push(object);
  }
  return [...folders].map(([backup, objects]) => ({
    ...{ backup, objects },
    names: objects.map(({ key }) => key.slice(backupPrefix(store, instance, backup).length)),
  }));
}

/**
 * Reads them. Every JSON object in the folder of a backup besides its manifest is a record; one that cannot be understood is
 * named, so that nobody decides without it.
 */
export async function readFolders(
  dependencies: Dependencies,
  store: BackupStore,
  instance: string,
  folders: readonly BackupFolder[],
): Promise<readonly StoredBackup[]> {
  const waiting = [...folders];
  const found: StoredBackup[] = [];
  const read = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift())
      found.push(await readBackup(dependencies, store, instance, next));
  };
  await Promise.all(Array.from({ length: READERS }, read));
  return found.sort((one, other) => one.backup.localeCompare(other.backup));
}

async function readBackup(
  dependencies: Dependencies,
  store: BackupStore,
  instance: string,
  { backup, objects, names }: BackupFolder,
): Promise<StoredBackup> {
  let manifest: { readonly value: Manifest; readonly hash: string; readonly at: string | null } | null = null;
  const records: BackupRecord[] = [];
  const unreadable: string[] = [];
  for (const [at, { key, writtenAt }] of objects.entries()) {
    const name = names[at] ?? key;
    const given = await readObject(dependencies, store, key);
    if (given === undefined) continue;
    try {
      if (name === 'manifest.json') {
        manifest = { value: parseManifest(given, instance, backup), hash: sha256(given), at: writtenAt };
      } else records.push(parseRecord(given, backup));
    } catch (error) {
      unreadable.push(`${name} is not understood: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  const { value = null, hash = null, at = null } = manifest ?? {};
  return { backup, manifest: value, sha256: hash, writtenAt: at, records, unreadable };
}
