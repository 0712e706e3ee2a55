import { answerInstance, factsOf, needInstance } from '../control';
import type { Control, Operation } from '../control';
import { SECONDS } from '../durations';
import { faults } from '../faults';
import type { DatabaseInstance } from '../instance';
import { checkDeletion } from '../preconditions';
import { becomeIndependent } from './promote';
import { addSnapshot, checkNewSnapshot, takeSnapshot } from './snapshot';

/** DeleteDBInstance [A §4]; gap R11. */
export const deleteInstance: Operation = async (control, request) => {
  const instance = needInstance(control, request);
  const finalSnapshotId = request.text('FinalDBSnapshotIdentifier')?.toLowerCase();
  const skipFinalSnapshot = request.flag('SkipFinalSnapshot') ?? false;
  checkDeletion(factsOf(control, instance), { skipFinalSnapshot, finalSnapshotId });
  if (finalSnapshotId !== undefined) checkNewSnapshot(control, request, finalSnapshotId);

  instance.status = 'deleting';
  await control.transitions.cancel(instance);
  if (control.store.instance(instance.region, instance.id) !== instance) {
    throw faults.noInstance(instance.id);
  }
  const snapshot =
    finalSnapshotId === undefined ? undefined : addSnapshot(control, instance, finalSnapshotId, {});
  const copied = snapshot === undefined ? undefined : takeSnapshot(control, instance, snapshot);
  control.transitions.start(instance, {
    phases: [
      {
        status: 'deleting',
        seconds: SECONDS.delete,
        begin: async () => {
          await copied;
          await instance.exclusively(() => control.servers.stop(instance));
          await releaseReplicas(control, instance);
        },
        end: async () => {
          await instance.exclusively(() => control.servers.remove(instance));
          control.store.removeInstance(instance);
        },
      },
    ],
    final: 'deleted',
  });
  return answerInstance(control, instance);
};

/** Replicas in the same Region are promoted; in another Region replication is terminated [A §5.3]. */
async function releaseReplicas(control: Control, source: DatabaseInstance): Promise<void> {
  for (const replica of control.store.replicasOf(source)) {
    if (replica.region !== source.region) replica.sourceGone = true;
    else {
      await replica.exclusively(() => control.servers.promote(replica));
      becomeIndependent(replica);
    }
  }
}
