import type { Command } from 'commander';
import { parseDuration } from '../../estate/duration';
import { CommandError, EXIT } from '../command-error';
import { addCommand, performConnected } from '../host';
import type { Host } from '../host';
import { AS_OPTION, beginRun, WATCH_OPTION } from './begin-run';
import type { BeginOptions } from './begin-run';

interface VerifyOptions extends BeginOptions {
  readonly pick?: string;
}

interface OpenOptions extends BeginOptions {
  readonly keep?: string;
}

const PICKS = ['newest', 'oldest', 'random'];

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
        return beginRun(
          session,
          { runbook: 'verifyBackup', instance, input: { backup, pick } },
          options,
          host,
        );
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
        return beginRun(
          session,
          { runbook: 'restoreBeside', instance, input: { backup, keep } },
          options,
          host,
        );
      }),
    );
}
