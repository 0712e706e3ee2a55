import type { StoredBackup } from '../../../workflows/plan/backup/catalogue';
import type { BackupRecord, Manifest } from '../../../workflows/plan/backup/manifest';
import { backupPrefix, instancePrefix } from '../../../workflows/plan/backup/object-keys';
import type { BackupStore } from '../../../workflows/plan/instance';
import type { Dependencies } from '../../dependencies';
import { parseManifest, parseRecord } from './backup-schema';
import { listObjects } from './list-objects';
import type { StoredObject } from './list-objects';
import { readObject, sha256 } from './objects';

/** So many objects are read at the same time. */
const READERS = 6;

/**
 * What the store holds of an instance's backups. Every JSON object in the folder of a backup besides its manifest is a
 * record; one that cannot be understood is named, so that nobody decides without it.
 * @param only these backups; all when undefined
 */
export async function readBackups(
  dependencies: Dependencies,
  store: BackupStore,
  instance: string,
  only: readonly string[] | undefined,
): Promise<readonly StoredBackup[]> {
  const root = instancePrefix(store, instance);
  const prefixes = only === undefined ? [root] : only.map((backup) => backupPrefix(store, instance, backup));
  const lists = await Promise.all(prefixes.map((prefix) => listObjects(dependencies, store, prefix)));
  const folders = new Map<string, StoredObject[]>();
  for (const object of lists.flat()) {
    const [backup = '', ...rest] = object.key.slice(root.length).split('/');
    if (rest.length > 0) folders.set(backup, [...(folders.get(backup) ?? []), object]);
  }
  const waiting = [...folders];
  const found: StoredBackup[] = [];
  const read = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const [backup, objects] = next;
      found.push(await readBackup(dependencies, store, { instance, backup, objects }));
    }
  };
  await Promise.all(Array.from({ length: READERS }, read));
  return found.sort((one, other) => one.backup.localeCompare(other.backup));
}

async function readBackup(
  dependencies: Dependencies,
  store: BackupStore,
  folder: { readonly instance: string; readonly backup: string; readonly objects: readonly StoredObject[] },
): Promise<StoredBackup> {
  const { instance, backup, objects } = folder;
  let manifest: { readonly value: Manifest; readonly hash: string; readonly at: string | null } | null = null;
  const records: BackupRecord[] = [];
  const unreadable: string[] = [];
  for (const { key, writtenAt } of objects) {
    const name = key.slice(backupPrefix(store, instance, backup).length);
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
