import { WorkflowNotFoundError } from '@temporalio/client';
import type { Command } from 'commander';
import { acknowledge, leaseWorkflowId } from '../../workflows/runbook/lease';
import { CommandError, EXIT } from '../command-error';
import { addCommand, performConnected, printJson } from '../host';
import type { Host } from '../host';
import { actorName } from '../start-run';
import { updating } from './answer';

interface AcknowledgeOptions {
  readonly json?: boolean;
  readonly as?: string;
  readonly note: string;
}

/** `acknowledge`: lifts the block on automatic starts that follows a recovery. */
export function registerAcknowledge(program: Command, host: Host): void {
  addCommand(
    program,
    'acknowledge <instance>',
    'allow automatic starts for an instance again after a recovery',
    "runbooks acknowledge bitbucket-prod --note 'both regions are healthy'",
  )
    .requiredOption('--note <text>', 'why it is safe now')
    .option('--as <name>', 'who says so; default RUNBOOKS_ACTOR or the user name')
    .action((instance: string, options: AcknowledgeOptions) =>
      performConnected(host, options, async (session) => {
        const message = { actor: actorName(options.as, host.environment), note: options.note };
        const lease = await updating(() =>
          session.call('sending the acknowledgement', () =>
            session.client.workflow
              .getHandle(leaseWorkflowId(instance))
              .executeUpdate(acknowledge, { args: [message] }),
          ),
        ).catch((error: unknown) => {
          if (!(error instanceof WorkflowNotFoundError)) throw error;
          throw new CommandError(
            `no runbook has ever held instance "${instance}"`,
            'Nothing is blocked. Check the name with `runbooks estate show`.',
          );
        });
        if (options.json === true) printJson(host, lease);
        else host.terminal.out(`automatic starts for ${instance} are allowed again\n`);
        return EXIT.done;
      }),
    );
}
