import { answerCluster } from '../../control';
import type { Operation } from '../../control';
import { SECONDS } from '../../durations';
import { checkMaster } from '../../preconditions';
import { addCluster, checkNewCluster, needAurora, requestedTraits } from './new-cluster';

/** CreateDBCluster: the data and their settings; nobody reaches them before an instance is created in the cluster. */
export const createCluster: Operation = async (control, request) => {
  const id = request.need('DBClusterIdentifier').toLowerCase();
  needAurora(request);
  const username = request.need('MasterUsername');
  const password = request.need('MasterUserPassword');
  checkMaster(username, password);
  checkNewCluster(control, request.region, id);
  const engineVersion = request.text('EngineVersion') ?? control.servers.engineVersion;
  const traits = await requestedTraits(control, request, { engineVersion, retention: 1 });
  checkNewCluster(control, request.region, id);

  const cluster = addCluster(control, {
    ...traits,
    ...{ id, username },
    databaseName: request.text('DatabaseName'),
    encrypted: request.flag('StorageEncrypted') ?? false,
    kmsKeyId: request.text('KmsKeyId'),
  });
  control.transitions.start(cluster, {
    phases: [
      {
        status: 'creating',
        seconds: SECONDS.cluster,
        begin: () => control.volumes.create(cluster, password),
      },
    ],
    final: 'available',
  });
  return answerCluster(control, cluster);
};
