/**
 * The steps and observations that each runbook uses, for the permissions that it needs. A test compares this with what
 * the runbook's own file and the procedures that it uses import.
 */
export const RUNBOOK_STEPS: Readonly<Record<string, readonly string[]>> = {
  drFailover: [
    'attachHomeVolume',
    'checkMirrors',
    'configureDatabase',
    'countLostPushes',
    'createHomeVolume',
    'disableAutomation',
    'fenceDatabase',
    'fenceHome',
    'fenceNodes',
    'listHomeCopies',
    'mountHome',
    'observeSite',
    'probeService',
    'promoteReplica',
    'proveFence',
    'rebuildSearch',
    'setStackProperties',
    'smokeTest',
    'snapshotDatabase',
    'startNode',
    'switchDns',
    'verifyService',
  ],
  fenceLostSite: [
    'awaitRegion',
    'disableAutomation',
    'fenceDatabase',
    'fenceHome',
    'fenceNodes',
    'observeRecord',
    'observeSite',
    'proveFence',
  ],
};
