import { unmountHome } from '../../workflows/steps/restore';
import type { UnmountHome } from '../../workflows/steps/restore';
import type { Problem } from '../../workflows/runbook/step';
import { isUnreachable } from '../aws/observe';
import { lookAgain } from '../aws/pace';
import type { Dependencies } from '../dependencies';
import { needsPeople } from '../errors';
import { implementStep } from '../implement';
import type { StepImplementation } from '../implement';
import { change, exportParameters, isWithdrawn, volumesParameter } from './file-server';
import { homeFacts, lookAtHome, showVolumes } from './home-state';
import type { HomeState } from './home-state';
import { mountAndExport } from './mount-home';
import { HOST_COMMAND_ACTIONS } from './run-command';

type Output = { readonly unmounted: boolean };

/** [B §13.5 #3] Repeatable; nothing is ever unmounted lazily or detached while it is in use. */
export function unmountHomeImplementation({ aws }: Dependencies): StepImplementation {
  return implementStep<UnmountHome, Output>(unmountHome, {
    actions: HOST_COMMAND_ACTIONS,

    async check(input) {
      exportParameters(input.fileServer);
      const call = {
        service: 'host',
        action: 'unmount-home.sh',
        region: input.region,
        target: input.fileServer.instanceId,
        parameters: { exportPath: input.fileServer.exportPath },
      };
      const checked = (state: HomeState | undefined, problems: readonly Problem[]) => {
        const done = state !== undefined && isGone(state);
        return {
          state: done ? ('done' as const) : ('needed' as const),
          before: state === undefined ? {} : homeFacts(state),
          calls: done ? [] : [call],
          problems,
          output: { unmounted: true },
          undo: 'mount the volumes and export the home again',
          ...(state === undefined ? {} : { notes: [`volumes now: ${showVolumes(state)}`] }),
        };
      };
      try {
        return checked(await lookAtHome(aws, input, 0), []);
      } catch (error) {
        if (!isUnreachable(error) && !needsPeople(error)) throw error;
        return checked(undefined, [takesNoCommands(input, error)]);
      }
    },

    async run(input) {
      await change(aws, input, 'unmount-home', {
        VOLUMES: volumesParameter(input.fileServer),
        EXPORT_PATH: input.fileServer.exportPath,
        DISABLE: 'yes',
      });
      return { unmounted: true };
    },

    async verify(input, _output, context) {
      const state = await lookAtHome(aws, input, 0);
      if (!isGone(state)) {
        const { clients, active, enabled } = state.export;
        const to = clients.length === 0 ? 'to nobody' : `to ${clients.join(', ')}`;
        throw lookAgain(
          `${showVolumes(state)}; exported ${to}, nfs-server ${active} and ${enabled}`,
          context,
        );
      }
      return { output: { unmounted: true }, facts: homeFacts(state) };
    },

    async undo(input, { before }) {
      const state = await lookAtHome(aws, input, 0);
      const back = before.mounted === true && (!state.mounted || isWithdrawn(state.export));
      if (back) await mountAndExport(aws, input);
      return { changed: back, facts: homeFacts(back ? await lookAtHome(aws, input, 0) : state) };
    },
  });
}

/** No volume is mounted, by us or in the place of ours, and nothing is exported or will be after a reboot. */
function isGone(state: HomeState): boolean {
  const mounts = Object.values(state.volumes);
  return isWithdrawn(state.export) && mounts.every((one) => one === 'unmounted' || one === 'absent');
}

function takesNoCommands({ region, fileServer }: UnmountHome, error: unknown): Problem {
  return {
    code: 'fileServerUnreachable',
    message: `The file server ${fileServer.instanceId} in ${region} cannot be worked on: ${error instanceof Error ? error.message : String(error)}`,
    remedy:
      'Start the instance, and its Systems Manager agent with a role that may talk to the service. Volumes in use cannot ' +
      'be replaced.',
  };
}
