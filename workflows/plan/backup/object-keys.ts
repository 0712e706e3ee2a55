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

/** One copy per region and account. */
export function copyKey(
  store: BackupStore,
  instance: string,
  backup: string,
  place: { readonly region: string; readonly account: string },
): string {
  return `${backupPrefix(store, instance, backup)}copy-${place.region}-${place.account}.json`;
}
