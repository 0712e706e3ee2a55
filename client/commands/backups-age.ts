import type { Command } from 'commander';
import { parseDuration } from '../../estate/duration';
import { CommandError, EXIT } from '../command-error';
import type { Session } from '../connection';
import { addCommand, performChecked, printJson } from '../host';
import type { Host } from '../host';
import { judgeBackups } from '../judge-backups';
import type { BackupAge } from '../judge-backups';
import { messageOf } from '../connection';
import { readBackups } from '../read-backups';
import { renderAges } from '../render/backup-ages';
import { actorName } from '../start-run';
import { ESTATE_OPTION, estatePath, readEstate } from './estate';
import type { EstateOptions } from './estate';

/** Instances that are looked at together. */
const AT_ONCE = 5;

interface AgeOptions extends EstateOptions {
  readonly as?: string;
  readonly maxAge: string;
  readonly maxVerifiedAge?: string;
}

/** `backups age`: for monitoring; its exit code says whether every instance has a good backup that is young enough. */
export function registerBackupsAge(backups: Command, host: Host): void {
  addCommand(
    backups,
    'age [instances...]',
    'tell how old the newest good backup of each instance is; exit code 1 when one is older, missing or unknown',
    'runbooks backups age bitbucket-prod --max-age 26h',
    'runbooks backups age --max-age 26h --max-verified-age 8d --json   # all of the estate',
    "runbooks backups age --json | jq -r '.[] | select(.good | not) | .instance'",
  )
    .option('--max-age <duration>', 'oldest complete backup that is still good', '26h')
    .option('--max-verified-age <duration>', 'also the oldest one that a restore has proven; else only told')
    .option(...ESTATE_OPTION)
    .option('--as <name>', 'who asks; default RUNBOOKS_ACTOR or the user name')
    .action((given: readonly string[], options: AgeOptions) =>
      performChecked(
        host,
        options,
        () => ({
          limits: limitsOf(options),
          instances: given.length > 0 ? given : backedUpIn(estatePath(options, host)),
        }),
        async (session, { limits, instances }) => {
          const ages: BackupAge[] = [];
          for (let at = 0; at < instances.length; at += AT_ONCE) {
            const some = instances.slice(at, at + AT_ONCE);
            const actor = actorName(options.as, host.environment);
            ages.push(...(await Promise.all(some.map((one) => ageOf(session, one, actor, limits)))));
          }
          if (options.json === true) printJson(host, ages);
          else host.terminal.out(`${renderAges(ages, host.terminal.colors)}\n`);
          return ages.every(({ good }) => good) ? EXIT.done : EXIT.failed;
        },
      ),
    );
}

function limitsOf({ maxAge, maxVerifiedAge }: AgeOptions): Parameters<typeof judgeBackups>[2] {
  return {
    complete: seconds('--max-age', maxAge),
    verified: maxVerifiedAge === undefined ? null : seconds('--max-verified-age', maxVerifiedAge),
  };
}

/** One that cannot be looked at is unknown, and the others are told all the same. */
async function ageOf(
  session: Session,
  instance: string,
  actor: string,
  limits: Parameters<typeof judgeBackups>[2],
): Promise<BackupAge> {
  try {
    return judgeBackups(instance, await readBackups(session, instance, actor), limits);
  } catch (error) {
    return judgeBackups(instance, { why: messageOf(error) }, limits);
  }
}

function backedUpIn(file: string): readonly string[] {
  const instances = Object.entries(readEstate(file).instances).filter(
    ([, { backup }]) => backup !== undefined,
  );
  if (instances.length > 0) return instances.map(([name]) => name);
  throw new CommandError(
    `no instance of ${file} is backed up`,
    'Name the instances, or describe their backups in the estate.',
    EXIT.wrongUse,
  );
}

function seconds(option: string, text: string): number {
  const found = parseDuration(text);
  if (found !== undefined && found > 0) return found;
  throw new CommandError(`${option} ${text} is no duration`, 'Write for example 26h or 8d.', EXIT.wrongUse);
}
