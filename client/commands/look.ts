import type { Command } from 'commander';
import { openAsks } from '../../workflows/runbook/state';
import type { RunState } from '../../workflows/runbook/state';
import { readState } from '../ask-run';
import { CommandError, EXIT } from '../command-error';
import { messageOf } from '../connection';
import type { Session } from '../connection';
import { findRun } from '../find-run';
import { addCommand, performConnected, printJson } from '../host';
import type { Host } from '../host';
import { closeOf, fromOutside } from '../outside-end';
import type { OutsideEnd } from '../outside-end';
import { outsideEndLine } from '../render/outside-end';
import { renderRun } from '../render/run';
import { isGood } from '../render/words';
import { watchRun } from '../watch-run';

interface LookOptions {
  readonly json?: boolean;
}

interface WatchCommandOptions extends LookOptions {
  readonly untilAsked?: boolean;
}

/** `show` and `watch`. */
export function registerLook(program: Command, host: Host): void {
  addCommand(
    program,
    'show <run>',
    'show a run once; exit code 3 while it waits for people, 1 if it ended badly',
    'runbooks show bitbucket-prod',
  ).action((run: string, options: LookOptions) =>
    performConnected(host, options, async (session) => {
      const { state, outside } = await look(session, await findRun(session, run));
      const { terminal } = host;
      if (options.json === true) printJson(host, { ...state, closedFromOutside: outside ?? null });
      else {
        const view = { now: Date.now(), columns: terminal.columns, colors: terminal.colors, outside };
        terminal.out(`${renderRun(state, view)}\n`);
      }
      if (outside !== undefined) return EXIT.failed;
      if (state.outcome !== null) return isGood(state.outcome) ? EXIT.done : EXIT.failed;
      return openAsks(state).length > 0 ? EXIT.waiting : EXIT.done;
    }),
  );

  addCommand(
    program,
    'watch <run>',
    'watch a run until it ends: a live page on a terminal, one line per change elsewhere',
    'runbooks watch bitbucket-prod',
    'runbooks watch drFailover/bitbucket-prod --until-asked || echo "somebody is needed"',
  )
    .option('--until-asked', 'stop with exit code 3 as soon as people are asked something')
    .action((run: string, options: WatchCommandOptions) =>
      performConnected(host, options, async (session) => {
        const workflowId = await findRun(session, run);
        const untilAsked = options.untilAsked === true;
        if (options.json !== true) return watchRun(session, workflowId, host.terminal, { untilAsked });
        const silent = { ...host.terminal, interactive: false, out: () => undefined };
        const code = await watchRun(session, workflowId, silent, { untilAsked });
        printJson(host, await readState(session, workflowId));
        return code;
      }),
    );
}

/**
 * The run's state; and how its workflow was closed, if that was not by the run itself. A closed one is first said to be so:
 * its state is told by a worker, which may not be there.
 */
async function look(
  session: Session,
  workflowId: string,
): Promise<{ readonly state: RunState; readonly outside: OutsideEnd | undefined }> {
  const closed = await closeOf(session, workflowId);
  try {
    const state = await readState(session, workflowId);
    return { state, outside: fromOutside(closed, state.outcome) };
  } catch (error) {
    if (closed?.status !== 'TERMINATED' && closed?.status !== 'TIMED_OUT') throw error;
    throw new CommandError(
      `${workflowId} is ${outsideEndLine(closed)} Its steps cannot be shown: ${messageOf(error)}`,
      'Start a worker, and look again: what it had done stands.',
    );
  }
}
