import { answerInstance, factsOf, needInstance } from '../control';
import type { Control, Operation } from '../control';
import { SECONDS } from '../durations';
import { faults } from '../faults';
import type { DatabaseInstance } from '../instance';
import { checkDeletion } from '../preconditions';
import { becomeIndependent } from './promote';
import { checkNewSnapshot, snapshotInstance } from './snapshot';

/** DeleteDBInstance [A §4]; gap R11. */
export const deleteInstance: Operation = async (control, request) => {
  const instance = needInstance(control, request);
  const finalSnapshotId = request.text('FinalDBSnapshotIdentifier')?.toLowerCase();
  const skipFinalSnapshot = request.flag('SkipFinalSnapshot') ?? false;
  checkDeletion(factsOf(control, instance), { skipFinalSnapshot, finalSnapshotId });
  if (finalSnapshotId !== undefined) checkNewSnapshot(control, 'instance', request, finalSnapshotId);

  instance.status = 'deleting';
  await control.transitions.cancel(instance);
  if (control.store.instances.get(instance.region, instance.id) !== instance) {
    throw faults.noInstance(instance.id);
  }
  const copied =
    finalSnapshotId === undefined
      ? undefined
      : snapshotInstance(control, instance, finalSnapshotId, {}).copied;
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
          control.store.instances.remove(instance);
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
