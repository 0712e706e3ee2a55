import { fenceHome } from '../../workflows/steps/fence';
import type { FenceHome, FenceResult } from '../../workflows/steps/fence';
import type { PlannedCall } from '../../workflows/runbook/step';
import { checkFence, givenUp, PROVEN, unprovenIfUnreachable } from '../aws/fence-answer';
import { lookAgain } from '../aws/pace';
import type { Dependencies } from '../dependencies';
import { implementStep } from '../implement';
import type { StepImplementation } from '../implement';
import { change, exportFacts, exportParameters, exportState, isWithdrawn, lookAtExport } from './file-server';
import type { ExportState } from './file-server';
import { HOST_COMMAND_ACTIONS } from './run-command';

/**
 * [B §13.1 #3] Withdraws the NFS export and switches the NFS server off for good. Proven when `exportfs -v` lists
 * nothing for the path and nfs-server is neither running nor enabled.
 */
export function fenceHomeImplementation({ aws }: Dependencies): StepImplementation {
  return implementStep<FenceHome, FenceResult>(fenceHome, {
    actions: HOST_COMMAND_ACTIONS,

    check: (input, context) =>
      checkFence(
        {
          what: `the home of ${input.site} is exported`,
          region: input.region,
          context,
          calls: [withdrawal(input)],
        },
        async () => {
          const state = await lookAtExport(aws, input);
          const done = isWithdrawn(state);
          return {
            state: done ? 'done' : 'needed',
            before: { ...exportFacts(state), known: true },
            calls: done ? [] : [withdrawal(input)],
            problems: [],
            output: PROVEN,
            undo: 'enable and start nfs-server and export the home again',
            notes: state.enabled === 'absent' ? ['systemd knows no nfs-server on this host'] : [],
          };
        },
      ),

    run: (input, context) =>
      unprovenIfUnreachable(
        async () => {
          // A read first: in a region that has just been silent it is tried once only.
          if (isWithdrawn(await lookAtExport(aws, input))) return PROVEN;
          const answer = await change(aws, input, 'withdraw-export', {
            EXPORT_PATH: input.fileServer.exportPath,
          });
          const state = exportState(answer);
          if (!isWithdrawn(state)) throw lookAgain(`still ${describe(input, state)}`, context);
          return PROVEN;
        },
        (result) => result,
      ),

    verify: (input, output, context) =>
      unprovenIfUnreachable(
        async () => {
          const state = await lookAtExport(aws, input);
          if (output?.proven === false && !isWithdrawn(state)) return givenUp(output);
          if (!isWithdrawn(state)) throw lookAgain(`still ${describe(input, state)}`, context);
          return { output: PROVEN, facts: exportFacts(state) };
        },
        (result) => ({ output: result, facts: { proven: false, reason: result.reason } }),
      ),

    async undo(input, { before }) {
      const state = await lookAtExport(aws, input);
      // Without a look before the run, the home of a site that served counts as exported.
      const wasOffered = before.known !== true || (before.exportedTo !== '' && before.nfsServer === 'active');
      const offered = state.clients.length > 0 && state.active === 'active' && state.enabled === 'enabled';
      if (!wasOffered || offered) return { changed: false, facts: exportFacts(state) };
      const answer = await change(aws, input, 'offer-export', exportParameters(input.fileServer));
      return { changed: true, facts: exportFacts(exportState(answer)) };
    },
  });
}

function withdrawal({ region, fileServer }: FenceHome): PlannedCall {
  return {
    service: 'host',
    action: 'withdraw-export.sh',
    region,
    target: fileServer.instanceId,
    parameters: { EXPORT_PATH: fileServer.exportPath },
  };
}

function describe({ fileServer }: FenceHome, state: ExportState): string {
  const to = state.clients.length === 0 ? 'to nobody' : `to ${state.clients.join(', ')}`;
  return `${fileServer.exportPath} on ${fileServer.instanceId} exported ${to}, nfs-server ${state.active} and ${state.enabled}`;
}
