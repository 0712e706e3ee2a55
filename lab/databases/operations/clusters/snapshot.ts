import type { DatabaseCluster } from '../../cluster';
import { checkClusterReady } from '../../cluster-rules';
import { needCluster } from '../../control';
import type { Control, Operation } from '../../control';
import { answerSnapshot } from '../../render-snapshot';
import type { DatabaseSnapshot } from '../../snapshot';
import { addSnapshot, backUp, checkNewSnapshot, takeSnapshot } from '../snapshot';

/** CreateDBClusterSnapshot; the data are those at the time of the call, give or take the copying. */
export const createClusterSnapshot: Operation = async (control, request) => {
  const cluster = needCluster(control, request);
  const id = request.need('DBClusterSnapshotIdentifier').toLowerCase();
  checkNewSnapshot(control, 'cluster', request, id);
  checkClusterReady(cluster, 'create a snapshot of');
  const inherited = cluster.traits.copyTags ? cluster.traits.tags : {};
  const tags = { ...inherited, ...request.tags() };
  const { snapshot, copied } = snapshotCluster(control, cluster, id, tags);
  backUp(control, cluster, copied);
  return answerSnapshot(snapshot, control.clock.now());
};

/** Copies when `ready`, at once unless told; `copied` resolves when the cluster is free again. */
export function snapshotCluster(
  control: Control,
  cluster: DatabaseCluster,
  id: string,
  tags: Readonly<Record<string, string>>,
  ready: () => Promise<void> = () => Promise.resolve(),
): { readonly snapshot: DatabaseSnapshot; readonly copied: Promise<void> } {
  const { resourceId, traits } = cluster;
  const snapshot = addSnapshot(control, { kind: 'cluster', origin: { ...traits }, resourceId }, id, tags);
  const copy = async (): Promise<void> => {
    await ready();
    const writer = control.store.writerOf(cluster);
    await control.volumes.takeSnapshot(cluster, writer, snapshot.directory);
  };
  return { snapshot, copied: takeSnapshot(control, snapshot, copy) };
}
