import { answerInstance, backupPhase, factsOf, needInstance } from '../control';
import type { Control, Operation } from '../control';
import { SECONDS } from '../durations';
import { faults } from '../faults';
import type { DatabaseInstance } from '../instance';
import { checkPromotion } from '../preconditions';
import type { Phase } from '../transitions';

/**
 * PromoteReadReplica [A §5.3]; gaps R1–R4. Works without the source and its Region. The address stays; the source's
 * list and the replica's pointer are cleared when the server has left recovery.
 */
export const promoteReplica: Operation = async (control, request) => {
  const instance = needInstance(control, request);
  const retention = request.number('BackupRetentionPeriod') ?? 1;
  checkPromotion(factsOf(control, instance), retention);
  control.transitions.start(instance, {
    phases: promotion(control, instance, retention),
    final: 'available',
  });
  return answerInstance(control, instance);
};

function promotion(control: Control, instance: DatabaseInstance, retention: number): readonly Phase[] {
  return [
    {
      status: 'modifying',
      seconds: SECONDS.promote,
      end: async () => {
        await instance.exclusively(() => control.servers.promote(instance));
        becomeIndependent(instance);
        instance.traits.retention = retention;
      },
    },
    {
      status: 'rebooting',
      seconds: SECONDS.promotionReboot,
      begin: () => instance.exclusively(() => control.servers.restart(instance)),
    },
    ...backupPhase(retention),
  ];
}

export function becomeIndependent(instance: DatabaseInstance): void {
  instance.source = undefined;
  instance.sourceGone = false;
}

/** SwitchoverReadReplica exists for Oracle only [A §5.3]; gap R14. */
export const switchoverReplica: Operation = async (control, request) => {
  const instance = needInstance(control, request);
  throw faults.instanceState(
    `${instance.id} runs postgres: SwitchoverReadReplica is for Oracle. Use PromoteReadReplica.`,
  );
};
