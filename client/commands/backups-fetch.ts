import type { Command } from 'commander';
import { addCommand, performConnected } from '../host';
import type { Host } from '../host';
import { AS_OPTION, beginRun, WATCH_OPTION } from './begin-run';
import type { BeginOptions } from './begin-run';

interface FetchOptions extends BeginOptions {
  readonly from?: string;
}

/** `backups fetch`: a backup back from another account. */
export function registerBackupsFetch(backups: Command, host: Host): void {
  addCommand(
    backups,
    'fetch <instance> <backup>',
    'copy a backup back from a vault in another account: starts the runbook fetchBackup',
    'runbooks backups fetch bitbucket-prod bitbucket-prod-20261121T160000Z --watch',
    'runbooks backups fetch bitbucket-prod bitbucket-prod-20261121T160000Z --from archive',
  )
    .option('--from <vault>', 'which vault, where several have it')
    .option(...WATCH_OPTION)
    .option(...AS_OPTION)
    .action((instance: string, backup: string, options: FetchOptions) =>
      performConnected(host, options, (session) => {
        const input = { backup, from: options.from };
        return beginRun(session, { runbook: 'fetchBackup', instance, input }, options, host);
      }),
    );
}
