import type { Dependencies } from '../dependencies';
import type { Implementation } from '../implement';
import { awaitRegionImplementation } from './auto-scaling/await-region';
import { disableAutomationImplementation } from './auto-scaling/disable-automation';
import { fenceNodesImplementation } from './auto-scaling/fence-nodes';
import { startNodeImplementation } from './auto-scaling/start-node';
import { setStackPropertiesImplementation } from './cloudformation/set-stack-properties';
import { attachHomeVolumeImplementation } from './ec2/attach-home-volume';
import { createHomeVolumeImplementation } from './ec2/create-home-volume';
import { listHomeCopiesImplementation } from './ec2/list-home-copies';
import { configureDatabaseImplementation } from './rds/configure-database';
import { fenceDatabaseImplementation } from './rds/fence-database';
import { promoteReplicaImplementation } from './rds/promote-replica';
import { snapshotDatabaseImplementation } from './rds/snapshot-database';
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
    setStackPropertiesImplementation,
    startNodeImplementation,
  ].map((implement) => implement(dependencies));
}
