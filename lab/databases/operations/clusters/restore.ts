import { answerCluster } from '../../control';
import type { Operation } from '../../control';
import { SECONDS } from '../../durations';
import { faults } from '../../faults';
import { needSnapshot } from '../../find-snapshot';
import { checkSnapshotAvailable } from '../../preconditions';
import { addCluster, checkNewCluster, needAurora, requestedTraits } from './new-cluster';

/** RestoreDBClusterFromSnapshot: always a new cluster, without instances and with default groups unless given. */
export const restoreCluster: Operation = async (control, request) => {
  const { region } = request;
  const id = request.need('DBClusterIdentifier').toLowerCase();
  const given = request.need('SnapshotIdentifier');
  needAurora(request);
  const snapshot = needSnapshot(control, 'cluster', request, given);
  if (snapshot.region !== region) throw faults.noSnapshot('cluster', given);
  const check = (): void => {
    checkSnapshotAvailable(snapshot);
    checkNewCluster(control, region, id);
  };
  check();
  const { origin } = snapshot;
  const traits = await requestedTraits(control, request, origin);
  check();

  const kmsKeyId = request.text('KmsKeyId') ?? snapshot.kmsKeyId;
  const cluster = addCluster(control, {
    ...traits,
    ...{ id, kmsKeyId },
    username: origin.username,
    databaseName: origin.databaseName,
    encrypted: snapshot.encrypted || kmsKeyId !== undefined,
  });
  control.transitions.start(cluster, {
    phases: [
      {
        status: 'creating',
        seconds: SECONDS.restore,
        begin: () => control.volumes.restore(cluster, snapshot.directory),
      },
    ],
    final: 'available',
    failed: 'restore-error',
  });
  return answerCluster(control, cluster);
};
