import type { Command } from 'commander';
import { parseDuration } from '../../estate/duration';
import { nearest } from '../../estate/nearest';
import { CommandError, EXIT } from '../command-error';
import { addCommand, performChecked } from '../host';
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
      performChecked(
        host,
        options,
        () => ({ backup, pick: pickOf(options.pick, backup) }),
        (session, input) => beginRun(session, { runbook: 'verifyBackup', instance, input }, options, host),
      ),
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
      performChecked(
        host,
        options,
        () => ({ backup, keep: keepOf(options.keep) }),
        (session, input) => beginRun(session, { runbook: 'restoreBeside', instance, input }, options, host),
      ),
    );
}

function pickOf(pick: string | undefined, backup: string | undefined): string | undefined {
  if (pick === undefined || (PICKS.includes(pick) && backup === undefined)) return pick;
  const meant = backup === undefined ? nearest(pick, PICKS) : undefined;
  throw new CommandError(
    backup === undefined ? `--pick ${pick} is unknown` : '--pick and the name of a backup exclude each other',
    `${meant === undefined ? '' : `Did you mean --pick ${meant}? `}Name a backup, or choose by --pick ${PICKS.join('|')}.`,
    EXIT.wrongUse,
  );
}

function keepOf(keep: string | undefined): string | undefined {
  if (keep === undefined || parseDuration(keep)) return keep;
  throw new CommandError(
    `--keep ${keep} is no duration`,
    'Write how long it is needed, e.g. 30m, 4h or 2d.',
    EXIT.wrongUse,
  );
}
