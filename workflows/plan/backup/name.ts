/** `20261121T160000Z`. @param at ISO 8601 */
export function compactTime(at: string): string {
  return new Date(at)
    .toISOString()
    .replace(/\.\d+Z$/, 'Z')
    .replace(/[-:]/g, '');
}

/** `bitbucket-prod-20261121T160000Z`: sorts by time, and says all that a person needs. @param at ISO 8601 */
export function backupName(instance: string, at: string): string {
  return `${instance}-${compactTime(at)}`;
}

/** RDS allows letters, digits and single hyphens, a letter first, and keeps lower case only. */
export function databaseSnapshotName(backup: string): string {
  return `runbooks-${backup}`
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/-+$/, '');
}

/** Search servers take lower case only. @param of the backup; or the beginning of one, e.g. the instance and a hyphen */
export function searchSnapshotName(of: string): string {
  return `runbooks-${of}`.toLowerCase();
}
