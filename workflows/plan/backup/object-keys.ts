import type { BackupStore } from '../instance';

/** Everything of one instance. */
export function instancePrefix({ prefix }: BackupStore, instance: string): string {
  return `${prefix}${instance}/`;
}

/** Everything of one backup: its manifest, and the records that were added later. */
export function backupPrefix(store: BackupStore, instance: string, backup: string): string {
  return `${instancePrefix(store, instance)}${backup}/`;
}

/** Written once, never changed. */
export function manifestKey(store: BackupStore, instance: string, backup: string): string {
  return `${backupPrefix(store, instance, backup)}manifest.json`;
}

/** One trial per region, account and run. */
export function verificationKey(
  store: BackupStore,
  instance: string,
  backup: string,
  trial: { readonly region: string; readonly account: string; readonly runId: string },
): string {
  const { region, account, runId } = trial;
  return `${backupPrefix(store, instance, backup)}records/verify-${region}-${account}-${runId}.json`;
}

/** One copy per region, account and run: a copy that was deleted may be made anew, by another run. */
export function copyKey(
  store: BackupStore,
  instance: string,
  backup: string,
  copy: { readonly region: string; readonly account: string; readonly runId: string },
): string {
  const { region, account, runId } = copy;
  return `${backupPrefix(store, instance, backup)}records/copy-${region}-${account}-${runId}.json`;
}

/** One per run: a backup is taken by one. */
export function searchKey(store: BackupStore, instance: string, backup: string, runId: string): string {
  return `${backupPrefix(store, instance, backup)}records/search-${runId}.json`;
}

/** One deletion per place and run; `orphan`: of what no manifest or copy told of. */
export function deletionKey(
  store: BackupStore,
  instance: string,
  backup: string,
  deletion: DeletionName & { readonly stamp: string },
): string {
  return `${backupPrefix(store, instance, backup)}records/${deletion.stamp}${deletionEnding(deletion)}`;
}

interface DeletionName {
  readonly region: string;
  readonly account: string;
  readonly orphan: boolean;
  /** Of the step that deleted. */
  readonly token: string;
}

/** By which a step finds the record that it wrote at a time that it does not know any more. */
export function deletionEnding({ region, account, orphan, token }: DeletionName): string {
  return `-deletion-${orphan ? 'orphan-' : ''}${region}-${account}-${token}.json`;
}

const COPY = /^records\/copy-(.+-\d{12})-[0-9a-f-]{36}\.json$/;
const DELETION = /^records\/\w+-deletion-(orphan-)?([a-z].*-\d{12})-[0-9a-f]+\.json$/;
const OTHERS = /^records\/(verify|search)-.+\.json$/;

/**
 * Whether the names of a backup's objects say by themselves that it was deleted wherever it was: then nobody needs to read
 * them while no snapshot of it is found. The place of the manifest stands in no name: there must be a deletion that no copy
 * accounts for. In doubt, no; a name that is not known is a doubt.
 * @param names below the backup's prefix
 */
export function isDeletedByName(names: readonly string[]): boolean {
  if (!names.includes('manifest.json')) return false;
  /** Deletions less copies, by place. */
  const balance = new Map<string, number>();
  const count = (place: string, by: number): void => void balance.set(place, (balance.get(place) ?? 0) + by);
  for (const name of names) {
    const copy = COPY.exec(name)?.[1];
    const deletion = DELETION.exec(name);
    if (copy !== undefined) count(copy, -1);
    else if (deletion?.[2] !== undefined) count(deletion[2], deletion[1] === undefined ? 1 : 0);
    else if (name !== 'manifest.json' && !OTHERS.test(name)) return false;
  }
  const places = [...balance.values()];
  return places.every((left) => left >= 0) && places.some((left) => left > 0);
}
