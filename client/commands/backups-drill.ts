import type { Command } from 'commander';
import { parseDuration } from '../../estate/duration';
import { CommandError, EXIT } from '../command-error';
import type { Session } from '../connection';
import { addCommand, performConnected, printJson } from '../host';
import type { Host } from '../host';
import { actorName, missingWorker, startRun } from '../start-run';
import { watchRun } from '../watch-run';

interface DrillOptions {
  readonly json?: boolean;
  readonly as?: string;
  readonly watch?: boolean;
}

interface VerifyOptions extends DrillOptions {
  readonly pick?: string;
}

interface OpenOptions extends DrillOptions {
  readonly keep?: string;
}

interface Begun {
  readonly runbook: string;
  readonly instance: string;
  readonly input: Readonly<Record<string, unknown>>;
}

const PICKS = ['newest', 'oldest', 'random'];

export const AS_OPTION = ['--as <name>', 'who asks; default RUNBOOKS_ACTOR or the user name'] as const;
const WATCH_OPTION = ['--watch', 'stay and watch; the exit code is that of the outcome'] as const;

/** `backups verify|open`: what is done with a backup at the drill site. */
export function registerBackupsDrill(backups: Command, host: Host): void {
  addCommand(
    backups,
    'verify <instance> [backup]',
    'try a backup at the drill site and tear it down again: starts the runbook verifyBackup',
    'runbooks backups verify bitbucket-prod --watch',
    'runbooks backups verify bitbucket-prod --pick random',
    'runbooks backups verify bitbucket-prod bitbucket-prod-20261121T160000Z',
  )
    .option('--pick <which>', `which one, where none is named: ${PICKS.join(', ')}`)
    .option(...WATCH_OPTION)
    .option(...AS_OPTION)
    .action((instance: string, backup: string | undefined, options: VerifyOptions) =>
      performConnected(host, options, (session) => {
        const { pick } = options;
        if (pick !== undefined && (!PICKS.includes(pick) || backup !== undefined)) {
          throw new CommandError(
            backup === undefined
              ? `--pick ${pick} is unknown`
              : '--pick and the name of a backup exclude each other',
            `Name a backup, or choose by --pick ${PICKS.join('|')}.`,
            EXIT.wrongUse,
          );
        }
        return begin(session, { runbook: 'verifyBackup', instance, input: { backup, pick } }, options, host);
      }),
    );

  addCommand(
    backups,
    'open <instance> [backup]',
    'bring a backup up beside the service, for people to look into: starts the runbook restoreBeside',
    'runbooks backups open bitbucket-prod --keep 4h --watch',
    'runbooks backups open bitbucket-prod bitbucket-prod-20261121T160000Z',
  )
    .option('--keep <duration>', 'so long it stands, e.g. 4h; the policy says it unless told')
    .option(...WATCH_OPTION)
    .option(...AS_OPTION)
    .action((instance: string, backup: string | undefined, options: OpenOptions) =>
      performConnected(host, options, (session) => {
        const { keep } = options;
        if (keep !== undefined && !parseDuration(keep)) {
          throw new CommandError(
            `--keep ${keep} is no duration`,
            'Write how long it is needed, e.g. 30m, 4h or 2d.',
            EXIT.wrongUse,
          );
        }
        return begin(session, { runbook: 'restoreBeside', instance, input: { backup, keep } }, options, host);
      }),
    );
}

/** Starts a run; members of the input that are undefined are left out. */
async function begin(
  session: Session,
  { runbook, instance, input }: Begun,
  options: DrillOptions,
  host: Host,
): Promise<number> {
  const given = Object.entries(input).filter(([, value]) => value !== undefined);
  const workflowId = await startRun(session, {
    ...{ runbook, instance, dryRun: false, input: Object.fromEntries(given) },
    requestedBy: actorName(options.as, host.environment),
  });
  const missing = await missingWorker(session);
  const { terminal } = host;
  if (options.json === true)
    printJson(host, { workflowId, ...(missing === undefined ? {} : { warning: missing }) });
  else terminal.out(`started ${workflowId}\n`);
  if (missing !== undefined) terminal.err(`${terminal.colors.yellow('warning:')} ${missing}\n`);
  if (options.watch === true) {
    const silent = { ...terminal, interactive: false, out: () => undefined };
    return watchRun(session, workflowId, options.json === true ? silent : terminal);
  }
  if (options.json !== true) terminal.out(`watch it with: runbooks watch ${workflowId}\n`);
  return EXIT.done;
}
