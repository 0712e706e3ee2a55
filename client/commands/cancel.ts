import { randomUUID } from 'node:crypto';
import type { Command } from 'commander';
import type { RunState } from '../../workflows/runbook/state';
import { SEARCH_ATTRIBUTES } from '../../workflows/runbook/recorder';
import { describeRun, readState } from '../ask-run';
import { CommandError, EXIT } from '../command-error';
import { grpcCode } from '../connection';
import type { Session } from '../connection';
import { findRun } from '../find-run';
import { addCommand, performConnected, printJson } from '../host';
import type { Host } from '../host';
import { isOpen } from '../outside-end';
import { moment } from '../render/words';
import { actorName } from '../start-run';

interface CancelOptions {
  readonly json?: boolean;
  readonly as?: string;
  readonly reason?: string;
}

const NOT_FOUND = 5;

/** Whoever cancels does not wait long for a worker: the request needs none. */
const LOOK_SECONDS = 4;

const HELP = `
What a cancel does:
  before a point of no return  the run takes back what it has done, and ends as UNDONE
  after it                     the run undoes nothing, stops, and ends as HANDED_OVER: its report says what stands
A step that is under way is brought to its end first. To stop a run for a moment only: runbooks hold.
Never terminate a run: that runs no undo and tells nobody.`;

/** `cancel`: ends a run in order. */
export function registerCancel(program: Command, host: Host): void {
  addCommand(
    program,
    'cancel <run>',
    'end a run: it undoes what it did, or, past a point of no return, stops and reports what stands',
    'runbooks cancel bitbucket-prod',
    "runbooks cancel drFailover/bitbucket-prod/20250301T021510.120Z --as ada --reason 'the region is back'",
  )
    .option('--reason <text>', "why; kept in the run's history")
    .option('--as <name>', "who cancels, kept in the run's history; default RUNBOOKS_ACTOR or the user name")
    .addHelpText('after', HELP)
    .action((run: string, options: CancelOptions) =>
      performConnected(host, options, async (session) => {
        const workflowId = await findRun(session, run);
        await refuseEnded(session, workflowId);
        // Before the request: afterwards the answer would be that of a run that turns round already.
        const state = await readState(session, workflowId, LOOK_SECONDS).catch(() => undefined);
        await requestCancel(session, workflowId, options, host);
        const past = state === undefined ? {} : { pastPointOfNoReturn: state.pastPointOfNoReturn };
        if (options.json === true) printJson(host, { workflowId, cancelRequested: true, ...past });
        else {
          const { terminal } = host;
          terminal.out(
            `${terminal.colors.bold(`cancel of ${workflowId} requested`)}\n${whatItDoes(state)}\n` +
              `watch it with: runbooks watch ${workflowId}\n`,
          );
        }
        return EXIT.done;
      }),
    );
}

async function refuseEnded(session: Session, workflowId: string): Promise<void> {
  const { status, closeTime, typedSearchAttributes } = await describeRun(session, workflowId);
  if (isOpen(status.name)) return;
  const how = typedSearchAttributes.get(SEARCH_ATTRIBUTES.outcome) ?? status.name;
  throw new CommandError(
    `${workflowId} has ended already: ${how}${closeTime === undefined ? '' : ` at ${moment(closeTime.toISOString())}`}`,
    `See what it did: runbooks report ${workflowId}`,
  );
}

/** By the service itself: the SDK's own `cancel` takes no reason. */
async function requestCancel(
  session: Session,
  workflowId: string,
  { as, reason = '' }: CancelOptions,
  { environment }: Host,
): Promise<void> {
  try {
    await session.call('requesting the cancel', () =>
      session.connection.workflowService.requestCancelWorkflowExecution({
        namespace: session.namespace,
        workflowExecution: { workflowId },
        identity: actorName(as, environment),
        requestId: randomUUID(),
        reason,
      }),
    );
  } catch (error) {
    if (grpcCode(error) === NOT_FOUND) await refuseEnded(session, workflowId);
    throw error;
  }
}

/** What comes now, as the run stood right before; both ways where no worker could tell how it stands. */
function whatItDoes(state: RunState | undefined): string {
  if (state === undefined) {
    return (
      'No worker says how it stands, and it turns round when one does: before a point of no return it undoes what it did, ' +
      'after it, it stops and reports what stands.'
    );
  }
  const { pastPointOfNoReturn, steps, phase, fleet } = state;
  if (pastPointOfNoReturn !== null) {
    return (
      `It is past the point of no return (${pastPointOfNoReturn}): it undoes nothing, stops, and ends as HANDED_OVER. ` +
      'Its report says what stands.'
    );
  }
  if (fleet !== undefined)
    return 'It starts no further runs and cancels those under way; what ended before stays.';
  if (phase === 'undoing') return 'It is undoing already, and goes on with that.';
  return steps.every(({ startedAt }) => startedAt === null)
    ? 'It has changed nothing so far: there is nothing to undo.'
    : 'It undoes what it did, the last step first, and ends as UNDONE. A step under way comes to its end before.';
}
