import { ScheduleNotFoundError } from '@temporalio/client';
import type { ScheduleHandle } from '@temporalio/client';
import type { Command } from 'commander';
import { loadEstate } from '../../estate/load';
import { CommandError, EXIT } from '../command-error';
import type { Session } from '../connection';
import { addCommand, performConnected, printJson } from '../host';
import type { Host } from '../host';
import { table } from '../render/table';
import { moment } from '../render/words';
import { APPLIED_WORDS, applySchedules } from '../schedules/apply';
import { OWN } from '../schedules/wanted';
import { actorName, parseMoment } from '../start-run';
import { ESTATE_OPTION, estatePath } from './estate';
import type { EstateOptions } from './estate';

interface ChangeOptions {
  readonly json?: boolean;
  readonly as?: string;
  readonly note?: string;
  readonly from?: string;
  readonly to?: string;
}

/** `schedules apply|list|pause|resume|trigger|backfill`. */
export function registerSchedules(program: Command, host: Host): void {
  const schedules = program.command('schedules').description('what is started by itself, as the estate says');

  addCommand(
    schedules,
    'apply',
    'make the schedules those of the estate; safe to repeat, and keeps the pauses that people made',
    'runbooks schedules apply --estate estate.yaml',
  )
    .option(...ESTATE_OPTION)
    .option('--remove', 'remove those of ours that the estate does not name any more')
    .action((options: EstateOptions & { readonly remove?: boolean }) =>
      performConnected(host, options, async (session) => {
        const estate = loadEstate(estatePath(options, host));
        const applied = await applySchedules(session, estate, { remove: options.remove === true });
        if (options.json === true) printJson(host, applied);
        else {
          const lines = applied.map(({ id, result }) => `${id}: ${APPLIED_WORDS[result]}`);
          host.terminal.out(`${lines.join('\n') || 'the estate has no schedules'}\n`);
        }
        return EXIT.done;
      }),
    );

  addCommand(
    schedules,
    'list',
    'list the schedules, when they start next, and who has paused them',
    'runbooks schedules list',
  ).action((options: ChangeOptions) =>
    performConnected(host, options, async (session) => {
      const found = await listSchedules(session);
      if (options.json === true) printJson(host, found);
      else host.terminal.out(`${renderSchedules(found, host)}\n`);
      return EXIT.done;
    }),
  );

  change(schedules, host, {
    usage: 'pause <schedule>',
    description: 'start nothing by this schedule until it is resumed; applying the estate keeps it paused',
    example: "runbooks schedules pause bitbucket-prod/backup-hourly --note 'migration until Friday'",
    did: 'paused',
    act: (handle, { note }, actor) => handle.pause(`${actor}: ${note ?? 'no reason given'}`),
  });
  change(schedules, host, {
    usage: 'resume <schedule>',
    description: 'start by this schedule again',
    example: 'runbooks schedules resume bitbucket-prod/backup-hourly',
    did: 'resumed',
    act: (handle, { note }, actor) =>
      handle.unpause(`resumed by ${actor}${note === undefined ? '' : `: ${note}`}`),
  });
  change(schedules, host, {
    usage: 'trigger <schedule>',
    description: 'start it once now, as the schedule would',
    example: 'runbooks schedules trigger bitbucket-prod/backup-hourly',
    did: 'started',
    act: (handle) => handle.trigger(),
  });
  change(schedules, host, {
    usage: 'backfill <schedule>',
    description: 'start it for the times that were missed between --from and --to, one after the other',
    example:
      'runbooks schedules backfill bitbucket-prod/verify --from 2026-11-20T00:00:00Z --to 2026-11-21T00:00:00Z',
    did: 'started for the missed times',
    act: (handle, { from, to }) => {
      const start = parseMoment('--from', from);
      const end = parseMoment('--to', to);
      if (start === undefined || end === undefined || start >= end) {
        throw new CommandError(
          'a backfill needs --from and a later --to',
          'Write both in ISO 8601, e.g. 2026-11-20T00:00:00Z.',
          EXIT.wrongUse,
        );
      }
      return handle.backfill({ start: new Date(start), end: new Date(end), overlap: 'BUFFER_ALL' });
    },
  });
}

interface Change {
  readonly usage: string;
  readonly description: string;
  readonly example: string;
  readonly did: string;
  readonly act: (handle: ScheduleHandle, options: ChangeOptions, actor: string) => Promise<void>;
}

function change(parent: Command, host: Host, { usage, description, example, did, act }: Change): void {
  addCommand(parent, usage, description, example)
    .option('--note <text>', 'why; kept with the schedule')
    .option('--from <time>', 'backfill: from then on (ISO 8601)')
    .option('--to <time>', 'backfill: until then')
    .option('--as <name>', 'who does it; default RUNBOOKS_ACTOR or the user name')
    .action((given: string, options: ChangeOptions) =>
      performConnected(host, options, async (session) => {
        const id = given.startsWith(OWN) ? given : `${OWN}${given}`;
        const handle = session.client.schedule.getHandle(id);
        try {
          await session.call(`changing ${id}`, () =>
            act(handle, options, actorName(options.as, host.environment)),
          );
        } catch (error) {
          if (!(error instanceof ScheduleNotFoundError)) throw error;
          throw new CommandError(`there is no schedule ${id}`, '`runbooks schedules list` shows them.');
        }
        if (options.json === true) printJson(host, { id, did });
        else host.terminal.out(`${id}: ${did}\n`);
        return EXIT.done;
      }),
    );
}

interface ListedSchedule {
  readonly id: string;
  readonly runbook: string | null;
  readonly paused: boolean;
  readonly note: string | null;
  /** ISO 8601. */
  readonly next: string | null;
  readonly last: string | null;
}

async function listSchedules(session: Session): Promise<readonly ListedSchedule[]> {
  return session.call('listing the schedules', async () => {
    const found: ListedSchedule[] = [];
    for await (const { scheduleId: id, action, state, info } of session.client.schedule.list()) {
      if (!id.startsWith(OWN)) continue;
      found.push({
        id,
        runbook: action?.workflowType ?? null,
        paused: state.paused,
        note: state.note ?? null,
        next: state.paused ? null : (info.nextActionTimes[0]?.toISOString() ?? null),
        last: info.recentActions.at(-1)?.takenAt.toISOString() ?? null,
      });
    }
    return found.sort((one, other) => one.id.localeCompare(other.id));
  });
}

function renderSchedules(found: readonly ListedSchedule[], { terminal: { colors } }: Host): string {
  if (found.length === 0) return 'no schedules; `runbooks schedules apply` creates those of the estate';
  const rows = found.map(({ id, runbook, paused, note, next, last }) => [
    id.slice(OWN.length),
    runbook ?? '',
    paused
      ? colors.yellow(`paused${note ? ` (${note})` : ''}`)
      : next === null
        ? 'never again'
        : moment(next),
    last === null ? 'never' : moment(last),
  ]);
  return table(['schedule', 'runbook', 'next', 'last'], rows, { dim: colors.dim });
}
