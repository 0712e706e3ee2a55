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
