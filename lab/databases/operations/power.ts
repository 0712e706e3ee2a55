import { answerInstance, factsOf, needInstance } from '../control';
import type { Control, Operation } from '../control';
import { SECONDS } from '../durations';
import type { DatabaseInstance } from '../instance';
import { checkReboot, checkStart, checkStop } from '../preconditions';

export const rebootInstance: Operation = async (control, request) => {
  const instance = needInstance(control, request);
  const facts = { ...factsOf(control, instance), multiAz: instance.traits.multiAz };
  checkReboot(facts, request.flag('ForceFailover') ?? false);
  control.transitions.start(instance, {
    phases: [
      {
        status: 'rebooting',
        seconds: SECONDS.reboot,
        begin: () => instance.exclusively(() => control.servers.restart(instance)),
        end: () => void (instance.parameterGroupStatus = 'in-sync'),
      },
    ],
    final: 'available',
  });
  return answerInstance(control, instance);
};

/** StopDBInstance; the instance starts by itself after seven days [A §5.2, §11.3]. */
export const stopInstance: Operation = async (control, request) => {
  const instance = needInstance(control, request);
  checkStop(factsOf(control, instance));
  control.transitions.start(instance, {
    phases: [
      {
        status: 'stopping',
        seconds: SECONDS.stop,
        begin: () => instance.exclusively(() => control.servers.stop(instance)),
        end: () => {
          const stoppedAt = control.clock.now();
          instance.stoppedAt = stoppedAt;
          control.clock.after(SECONDS.stopped, () => {
            if (instance.status === 'stopped' && instance.stoppedAt === stoppedAt) start(control, instance);
          });
        },
      },
    ],
    final: 'stopped',
  });
  return answerInstance(control, instance);
};

export const startInstance: Operation = async (control, request) => {
  const instance = needInstance(control, request);
  checkStart(factsOf(control, instance));
  start(control, instance);
  return answerInstance(control, instance);
};

function start(control: Control, instance: DatabaseInstance): void {
  control.transitions.start(instance, {
    phases: [
      {
        status: 'starting',
        seconds: SECONDS.start,
        end: () => instance.exclusively(() => control.servers.start(instance)),
      },
    ],
    final: 'available',
  });
}
