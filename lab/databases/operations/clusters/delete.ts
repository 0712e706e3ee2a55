import { checkClusterDeletion } from '../../cluster-rules';
import { answerCluster, needCluster } from '../../control';
import type { Operation } from '../../control';
import { SECONDS } from '../../durations';
import { faults } from '../../faults';
import { checkNewSnapshot } from '../snapshot';
import { snapshotCluster } from './snapshot';

/** DeleteDBCluster: the data go once the last instance has gone. */
export const deleteCluster: Operation = async (control, request) => {
  const { store, transitions, volumes } = control;
  const cluster = needCluster(control, request);
  const finalSnapshotId = request.text('FinalDBSnapshotIdentifier')?.toLowerCase();
  const skipFinalSnapshot = request.flag('SkipFinalSnapshot') ?? false;
  const { deletionProtection } = cluster.traits;
  checkClusterDeletion(
    { id: cluster.id, status: cluster.status, deletionProtection, writer: store.writerOf(cluster)?.status },
    { skipFinalSnapshot, finalSnapshotId },
  );
  if (finalSnapshotId !== undefined) checkNewSnapshot(control, 'cluster', request, finalSnapshotId);

  cluster.status = 'deleting';
  await transitions.cancel(cluster);
  if (store.clusters.get(cluster.region, cluster.id) !== cluster) throw faults.noCluster(cluster.id);
  const empty = async (): Promise<void> => {
    const writer = store.writerOf(cluster);
    if (writer !== undefined) await transitions.ended(writer);
  };
  const copied =
    finalSnapshotId === undefined
      ? undefined
      : snapshotCluster(control, cluster, finalSnapshotId, {}, empty).copied;
  transitions.start(cluster, {
    phases: [
      {
        status: 'deleting',
        seconds: SECONDS.delete,
        begin: async () => {
          await empty();
          await copied;
        },
        end: async () => {
          await volumes.remove(cluster);
          store.clusters.remove(cluster);
        },
      },
    ],
    final: 'deleted',
  });
  return answerCluster(control, cluster);
};
