import { WorkflowNotFoundError } from '@temporalio/client';
import type { Command } from 'commander';
import { acknowledge, breakLease, lease, leaseWorkflowId } from '../../workflows/runbook/lease';
import type { LeaseState, LeaseWord } from '../../workflows/runbook/lease';
import { CommandError, EXIT } from '../command-error';
import type { Session } from '../connection';
import { addCommand, addGroup, performConnected, printJson } from '../host';
import type { Host } from '../host';
import { renderLease } from '../render/lease';
import { actorName } from '../start-run';
import { updating } from './answer';

interface ShowOptions {
  readonly json?: boolean;
}

interface WordOptions extends ShowOptions {
  readonly as?: string;
  readonly note: string;
}

const AS = ['--as <name>', 'who says so; default RUNBOOKS_ACTOR or the user name'] as const;

/** `lease show|break`, and `acknowledge`: what concerns an instance rather than a run. */
export function registerLease(program: Command, host: Host): void {
  const group = addGroup(
    program,
    'lease',
    'who may act on an instance',
    'runbooks lease show bitbucket-prod',
    "runbooks lease break bitbucket-prod --as ada --note 'it waits for a machine that is gone; hands checked'",
  );

  addCommand(
    group,
    'show <instance>',
    'who holds the instance, who waits, why automatic starts are blocked, and what happened',
    'runbooks lease show bitbucket-prod',
  ).action((instance: string, options: ShowOptions) =>
    performConnected(host, options, async (session) => {
      const state = await onLease(session, instance, 'reading the lease', (handle) => handle.query(lease));
      if (options.json === true) printJson(host, state);
      else host.terminal.out(`${renderLease(state, host.terminal.colors)}\n`);
      return EXIT.done;
    }),
  );

  addCommand(
    group,
    'break <instance>',
    'take the lease from the run that holds it: that run changes nothing more, and undoes nothing',
    "runbooks lease break bitbucket-prod --as ada --note 'it waits for a machine that is gone; hands checked'",
  )
    .requiredOption('--note <text>', 'why; kept with the lease and told to the run')
    .option(...AS)
    .action((instance: string, options: WordOptions) =>
      performConnected(host, options, async (session) => {
        const before = await onLease(session, instance, 'reading the lease', (handle) => handle.query(lease));
        const { holder } = before;
        if (holder === null) {
          throw new CommandError(`nobody holds ${instance}`, 'There is nothing to break: start your run.');
        }
        const word = wordOf(options, host);
        const state = await onLease(session, instance, 'breaking the lease', (handle) =>
          updating(() => handle.executeUpdate(breakLease, { args: [word] })),
        );
        if (options.json === true) printJson(host, state);
        else {
          host.terminal.out(
            `${instance} was taken from ${holder.workflowId}\n` +
              `That run stops before its next change and reports what stands: runbooks report ${holder.workflowId}\n`,
          );
        }
        return EXIT.done;
      }),
    );

  addCommand(
    program,
    'acknowledge <instance>',
    'allow automatic starts for an instance again after a recovery',
    "runbooks acknowledge bitbucket-prod --note 'both regions are healthy'",
  )
    .requiredOption('--note <text>', 'why it is safe now')
    .option(...AS)
    .action((instance: string, options: WordOptions) =>
      performConnected(host, options, async (session) => {
        const word = wordOf(options, host);
        const state = await onLease(session, instance, 'sending the acknowledgement', (handle) =>
          updating(() => handle.executeUpdate(acknowledge, { args: [word] })),
        );
        if (options.json === true) printJson(host, state);
        else host.terminal.out(`automatic starts for ${instance} are allowed again\n`);
        return EXIT.done;
      }),
    );
}

type LeaseHandle = ReturnType<Session['client']['workflow']['getHandle']>;

async function onLease(
  session: Session,
  instance: string,
  what: string,
  work: (handle: LeaseHandle) => Promise<LeaseState>,
): Promise<LeaseState> {
  const handle = session.client.workflow.getHandle(leaseWorkflowId(instance));
  try {
    return await session.call(what, () => work(handle));
  } catch (error) {
    if (!(error instanceof WorkflowNotFoundError)) throw error;
    throw new CommandError(
      `no runbook has ever held instance "${instance}"`,
      'Nothing is held and nothing is blocked. Check the name with `runbooks estate show`.',
    );
  }
}

function wordOf({ as, note }: WordOptions, host: Host): LeaseWord {
  return { actor: actorName(as, host.environment), note };
}
