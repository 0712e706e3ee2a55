import type { Command } from 'commander';
import { plan } from '../../workflows/runbook/messages';
import { readReport } from '../ask-run';
import { CommandError, EXIT } from '../command-error';
import { follow } from '../follow';
import { addCommand, performConnected, printJson } from '../host';
import type { Host } from '../host';
import { renderPlan, renderProblems } from '../render/plan';
import { actorName, missingWorker, parseInput, startRun } from '../start-run';

interface PlanOptions {
  readonly json?: boolean;
  readonly input?: string;
  readonly as?: string;
}

/** `plan`: a dry run, waited for and shown. */
export function registerPlan(program: Command, host: Host): void {
  addCommand(
    program,
    'plan <runbook> [instance]',
    'show what a runbook would do now, without doing any of it',
    'runbooks plan drFailover bitbucket-prod',
    'runbooks plan backupFleet',
  )
    .option('--input <json>', 'further input of the runbook, one JSON object')
    .option('--as <name>', 'who asks; default RUNBOOKS_ACTOR or the user name')
    .action((runbook: string, instance: string | undefined, options: PlanOptions) =>
      performConnected(host, options, async (session) => {
        const missing = await missingWorker(session);
        if (missing !== undefined) throw new CommandError(missing);
        const workflowId = await startRun(session, {
          runbook,
          instance,
          dryRun: true,
          requestedBy: actorName(options.as, host.environment),
          input: parseInput(options.input),
        });
        const { terminal } = host;
        let phase = '';
        const followed = await follow(session, workflowId, {
          everyMs: 200,
          onLook: (state) => {
            if (!terminal.interactive || options.json === true || state === undefined) return;
            if (state.phase === phase) return;
            phase = state.phase;
            terminal.err(`${terminal.colors.dim(`${phase}…`)}\n`);
          },
        });
        const report = await readReport(session, workflowId);
        const made = await session.call('asking the run for its plan', () =>
          session.client.workflow.getHandle(workflowId).query(plan),
        );
        const { outcome, conclusion, problems } = report;
        if (options.json === true) {
          printJson(host, { workflowId, outcome, conclusion, problems, plan: made });
        } else if (made === null) {
          terminal.out(`${renderProblems(problems, terminal.colors)}\n`);
        } else {
          terminal.out(`${renderPlan(made, terminal.colors)}\n`);
        }
        if (options.json !== true) {
          const end = `${outcome ?? followed.closed ?? ''}${conclusion === null ? '' : `: ${conclusion}`}`;
          terminal.out(`\n${terminal.colors.dim(`${end}  ${workflowId}`)}\n`);
        }
        return outcome === 'PLANNED' &&
          (made?.problems ?? problems).every(({ consent }) => consent !== undefined)
          ? EXIT.done
          : EXIT.failed;
      }),
    );
}
