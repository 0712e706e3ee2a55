import type { Command } from 'commander';
import { plan } from '../../workflows/runbook/messages';
import { readReport } from '../ask-run';
import { CommandError, EXIT } from '../command-error';
import { follow } from '../follow';
import type { FollowOptions } from '../follow';
import { addCommand, performChecked, printJson } from '../host';
import type { Host } from '../host';
import { renderPlan, renderProblems } from '../render/plan';
import { actorName, checkRequest, missingWorker, parseInput, startRun } from '../start-run';
import type { StartRequest } from '../start-run';
import type { Terminal } from '../terminal';

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
      performChecked(host, options, read(runbook, instance, options, host), async (session, request) => {
        const missing = await missingWorker(session);
        if (missing !== undefined) throw new CommandError(missing);
        const workflowId = await startRun(session, request);
        const { terminal } = host;
        const followed = await follow(session, workflowId, {
          everyMs: 200,
          onLook: options.json === true ? () => undefined : telling(workflowId, terminal),
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

function read(
  runbook: string,
  instance: string | undefined,
  options: PlanOptions,
  { environment, runbooks }: Host,
): () => StartRequest {
  return () => {
    const requestedBy = actorName(options.as, environment);
    const request = { runbook, instance, dryRun: true, requestedBy, input: parseInput(options.input) };
    return checkRequest(request, runbooks);
  };
}

/** The phases on a terminal; and anywhere that the run does not answer, so that nobody waits without knowing for what. */
function telling(workflowId: string, terminal: Terminal): FollowOptions['onLook'] {
  let told = '';
  return (state, trouble) => {
    const phase = terminal.interactive && state !== undefined ? `${state.phase}…` : told;
    const words = trouble === undefined ? phase : `no answer from ${workflowId}: ${trouble}`;
    if (words !== told) terminal.err(`${terminal.colors.dim(words)}\n`);
    told = words;
  };
}
