/**
 * What a schedule may start: the runbooks of `workflows/index.ts`, which the estate must not import. A test compares the two.
 */
export const INSTANCE_RUNBOOKS = [
  'backup',
  'drFailover',
  'fenceLostSite',
  'fetchBackup',
  'listBackups',
  'pruneBackups',
  'restore',
  'restoreBeside',
  'verifyBackup',
] as const;

/** Started for the estate, or a selection of its instances. */
export const ESTATE_RUNBOOKS = ['backupFleet'] as const;
