/** Every workflow type that the worker serves; the exported name is the type that people type. */
export { backup } from './backup';
export { backupFleet } from './backup-fleet';
export { drFailover } from './dr-failover';
export { fenceLostSite } from './fence-lost-site';
export { fetchBackup } from './fetch-backup';
export { instanceLease } from './instance-lease';
export { listBackups } from './list-backups';
export { pruneBackups } from './prune-backups';
export { restore } from './restore';
export { restoreBeside } from './restore-beside';
export { verifyBackup } from './verify-backup';
