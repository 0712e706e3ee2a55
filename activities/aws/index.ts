import type { Dependencies } from '../dependencies';
import type { Implementation } from '../implement';
import { awaitRegionImplementation } from './site/await-region';
import { disableAutomationImplementation } from './auto-scaling/disable-automation';
import { fenceNodesImplementation } from './auto-scaling/fence-nodes';
import { admitUsersImplementation } from './auto-scaling/admit-users';
import { keepUsersOutImplementation } from './auto-scaling/keep-users-out';
import { setNodeNumbersImplementation } from './auto-scaling/set-node-numbers';
import { startNodeImplementation } from './auto-scaling/start-node';
import { completeBackupImplementation } from './backup/complete-backup';
import { copyBackupImplementation } from './backup/copy-backup';
import { holdBackupImplementation } from './backup/hold-backup';
import { lockSnapshotsImplementation } from './backup/lock-snapshots';
import { recordCopyImplementation } from './backup/record-copy';
import { endSharingImplementation, shareBackupImplementation } from './backup/share-backup';
import { recordVerificationImplementation } from './backup/record-verification';
import { writeManifestImplementation } from './backup/write-manifest';
import { setStackPropertiesImplementation } from './cloudformation/set-stack-properties';
import { findRemainsImplementation } from './drill/find-remains';
import { observeDrillSiteImplementation } from './drill/observe-drill-site';
import { attachHomeVolumeImplementation } from './ec2/attach-home-volume';
import { captureVolumesImplementation } from './ec2/capture-volumes';
import { createHomeVolumeImplementation } from './ec2/create-home-volume';
import { listHomeCopiesImplementation } from './ec2/list-home-copies';
import { awaitDatabaseImplementation } from './rds/await-database';
import { captureDatabaseImplementation } from './rds/capture-database';
import { configureClusterImplementation } from './rds/configure-cluster';
import { configureDatabaseImplementation } from './rds/configure-database';
import { fenceDatabaseImplementation } from './rds/fence-database';
import { promoteReplicaImplementation } from './rds/promote-replica';
import { restoreDatabaseImplementation } from './rds/restore-database';
import { restoreDrillDatabaseImplementation } from './rds/restore-drill-database';
import { setDatabaseAsideImplementation } from './rds/set-database-aside';
import { snapshotDatabaseImplementation } from './rds/snapshot-database';
import { deleteRestorePointImplementation } from './retention/delete-restore-point';
import { listRestorePointsImplementation } from './retention/list-restore-points';
import { readManifestImplementation } from './s3/read-manifest';
import { observeSiteImplementation } from './site/observe-site';

/** Every step and observation that is carried out through AWS. */
export function awsImplementations(dependencies: Dependencies): Implementation[] {
  return [
    awaitRegionImplementation,
    observeSiteImplementation,
    listHomeCopiesImplementation,
    fenceNodesImplementation,
    fenceDatabaseImplementation,
    disableAutomationImplementation,
    createHomeVolumeImplementation,
    attachHomeVolumeImplementation,
    snapshotDatabaseImplementation,
    promoteReplicaImplementation,
    configureDatabaseImplementation,
    configureClusterImplementation,
    setStackPropertiesImplementation,
    startNodeImplementation,
    awaitDatabaseImplementation,
    captureVolumesImplementation,
    captureDatabaseImplementation,
    completeBackupImplementation,
    writeManifestImplementation,
    copyBackupImplementation,
    lockSnapshotsImplementation,
    recordCopyImplementation,
    shareBackupImplementation,
    endSharingImplementation,
    listRestorePointsImplementation,
    deleteRestorePointImplementation,
    readManifestImplementation,
    keepUsersOutImplementation,
    setDatabaseAsideImplementation,
    restoreDatabaseImplementation,
    admitUsersImplementation,
    setNodeNumbersImplementation,
    observeDrillSiteImplementation,
    holdBackupImplementation,
    restoreDrillDatabaseImplementation,
    findRemainsImplementation,
    recordVerificationImplementation,
  ].map((implement) => implement(dependencies));
}
