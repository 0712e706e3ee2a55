import type { Command } from 'commander';
import { EXIT } from '../command-error';
import { addCommand, performConnected, printJson } from '../host';
import type { Host } from '../host';
import { actorName, missingWorker, parseInput, parseMoment, startRun } from '../start-run';
import { watchRun } from '../watch-run';

interface StartOptions {
  readonly json?: boolean;
  readonly reason?: string;
  readonly incidentStartedAt?: string;
  readonly breakGlass?: string;
  readonly input?: string;
  readonly as?: string;
  readonly dryRun?: boolean;
  readonly watch?: boolean;
}

/** `start`: starts a runbook, and watches it if wanted. */
export function registerStart(program: Command, host: Host): void {
  addCommand(
    program,
    'start <runbook> [instance]',
    'start a runbook; it plans first and asks people before it acts',
    "runbooks start drFailover bitbucket-prod --reason 'eu-central-1 is down' --watch",
    `runbooks start backupFleet --input '{"instances":["bitbucket-*"],"concurrency":20}' --watch`,
  )
    .option('--reason <text>', 'why; shown to everybody who is asked')
    .option(
      '--incident-started-at <time>',
      'when the trouble began (ISO 8601): recovery time counts from then',
    )
    .option('--break-glass <reason>', 'start in spite of a change freeze; the reason is in the report')
    .option('--input <json>', 'further input of the runbook, one JSON object')
    .option('--as <name>', 'who starts it, and so cannot approve it; default RUNBOOKS_ACTOR or the user name')
    .option('--dry-run', 'plan only, as `runbooks plan` does')
    .option('--watch', 'stay and watch; the exit code is that of the outcome')
    .action((runbook: string, instance: string | undefined, options: StartOptions) =>
      performConnected(host, options, async (session) => {
        const { terminal } = host;
        const workflowId = await startRun(session, {
          runbook,
          instance,
          dryRun: options.dryRun === true,
          requestedBy: actorName(options.as, host.environment),
          reason: options.reason,
          incidentStartedAt: parseMoment('--incident-started-at', options.incidentStartedAt),
          breakGlass: options.breakGlass,
          input: parseInput(options.input),
        });
        const missing = await missingWorker(session);
        if (options.json === true) {
          printJson(host, { workflowId, ...(missing === undefined ? {} : { warning: missing }) });
          if (options.watch !== true) return EXIT.done;
        } else {
          terminal.out(`started ${workflowId}\n`);
          if (missing !== undefined) terminal.err(`${terminal.colors.yellow('warning:')} ${missing}\n`);
        }
        if (options.watch === true) {
          const silent = { ...terminal, interactive: false, out: () => undefined };
          return watchRun(session, workflowId, options.json === true ? silent : terminal);
        }
        terminal.out(`watch it with: runbooks watch ${workflowId}\n`);
        return EXIT.done;
      }),
    );
}
