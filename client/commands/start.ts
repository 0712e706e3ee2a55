import type { Command } from 'commander';
import { addCommand, performChecked } from '../host';
import type { Host } from '../host';
import { actorName, checkRequest, parseInput, parseMoment, startRun } from '../start-run';
import type { StartRequest } from '../start-run';
import { tellStarted, WATCH_OPTION } from './begin-run';

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
    .option(...WATCH_OPTION)
    .action((runbook: string, instance: string | undefined, options: StartOptions) =>
      performChecked(
        host,
        options,
        () => requestOf(runbook, instance, options, host),
        async (session, request) => tellStarted(session, await startRun(session, request), options, host),
      ),
    );
}

function requestOf(
  runbook: string,
  instance: string | undefined,
  options: StartOptions,
  { environment, runbooks }: Host,
): StartRequest {
  const request = {
    runbook,
    instance,
    dryRun: options.dryRun === true,
    requestedBy: actorName(options.as, environment),
    reason: options.reason,
    incidentStartedAt: parseMoment('--incident-started-at', options.incidentStartedAt),
    breakGlass: options.breakGlass,
    input: parseInput(options.input),
  };
  return checkRequest(request, runbooks);
}
