import { ScheduleNotFoundError } from '@temporalio/client';
import type { ScheduleHandle } from '@temporalio/client';
import type { Command } from 'commander';
import { CommandError, EXIT } from '../command-error';
import type { Session } from '../connection';
import { addCommand, addGroup, performChecked, performConnected, printJson } from '../host';
import type { Host } from '../host';
import { table } from '../render/table';
import { moment } from '../render/words';
import { APPLIED_WORDS, applySchedules } from '../schedules/apply';
import { OWN } from '../schedules/wanted';
import { actorName, parseMoment } from '../start-run';
import { ESTATE_OPTION, estatePath, readEstate } from './estate';
import type { EstateOptions } from './estate';

interface JsonOption {
  readonly json?: boolean;
}

interface NoteOptions extends JsonOption {
  readonly as?: string;
  readonly note?: string;
}

interface BackfillOptions extends JsonOption {
  readonly from: string;
  readonly to: string;
}

/** `schedules apply|list|pause|resume|trigger|backfill`. */
export function registerSchedules(program: Command, host: Host): void {
  const schedules = addGroup(
    program,
    'schedules',
    'what is started by itself, as the estate says',
    'runbooks schedules apply --estate estate.yaml',
    'runbooks schedules list',
    "runbooks schedules pause bitbucket-prod/backup-hourly --note 'migration until Friday'",
  );

  addCommand(
    schedules,
    'apply',
    'make the schedules those of the estate; safe to repeat, and keeps the pauses that people made',
    'runbooks schedules apply --estate estate.yaml',
  )
    .option(...ESTATE_OPTION)
    .option('--remove', 'remove those of ours that the estate does not name any more')
    .action((options: EstateOptions & { readonly remove?: boolean }) =>
      performChecked(
        host,
        options,
        () => readEstate(estatePath(options, host)),
        async (session, estate) => {
          const applied = await applySchedules(session, estate, { remove: options.remove === true });
          if (options.json === true) printJson(host, applied);
          else {
            const lines = applied.map(({ id, result }) => `${id}: ${APPLIED_WORDS[result]}`);
            host.terminal.out(`${lines.join('\n') || 'the estate has no schedules'}\n`);
          }
          return EXIT.done;
        },
      ),
    );

  addCommand(
    schedules,
    'list',
    'list the schedules, when they start next, and who has paused them',
    'runbooks schedules list',
  ).action((options: JsonOption) =>
    performConnected(host, options, async (session) => {
      const found = await listSchedules(session);
      if (options.json === true) printJson(host, found);
      else host.terminal.out(`${renderSchedules(found, host)}\n`);
      return EXIT.done;
    }),
  );

  addChange(
    schedules,
    'pause',
    'start nothing by this schedule until it is resumed; applying the estate keeps it paused',
    "runbooks schedules pause bitbucket-prod/backup-hourly --note 'migration until Friday'",
  )
    .option(...NOTE)
    .option(...AS)
    .action((given: string, options: NoteOptions) => {
      const by = actorName(options.as, host.environment);
      const note = `${by}: ${options.note ?? 'no reason given'}`;
      return change(host, options, given, 'paused', () => (handle) => handle.pause(note));
    });

  addChange(
    schedules,
    'resume',
    'start by this schedule again',
    'runbooks schedules resume bitbucket-prod/backup-hourly',
  )
    .option(...NOTE)
    .option(...AS)
    .action((given: string, options: NoteOptions) => {
      const by = actorName(options.as, host.environment);
      const note = `resumed by ${by}${options.note === undefined ? '' : `: ${options.note}`}`;
      return change(host, options, given, 'resumed', () => (handle) => handle.unpause(note));
    });

  addChange(
    schedules,
    'trigger',
    'start it once now, as the schedule would',
    'runbooks schedules trigger bitbucket-prod/backup-hourly',
  ).action((given: string, options: JsonOption) =>
    change(host, options, given, 'started', () => (handle) => handle.trigger()),
  );

  addChange(
    schedules,
    'backfill',
    'start it for the times that were missed between --from and --to, one after the other',
    'runbooks schedules backfill bitbucket-prod/verify --from 2026-11-20T00:00:00Z --to 2026-11-21T00:00:00Z',
  )
    .requiredOption('--from <time>', 'from then on (ISO 8601)')
    .requiredOption('--to <time>', 'until then')
    .action((given: string, options: BackfillOptions) =>
      change(host, options, given, 'started for the missed times', () => {
        const period = periodOf(options);
        return (handle) => handle.backfill({ ...period, overlap: 'BUFFER_ALL' });
      }),
    );
}

const NOTE = ['--note <text>', 'why; kept with the schedule'] as const;
const AS = ['--as <name>', 'who does it; default RUNBOOKS_ACTOR or the user name'] as const;

function addChange(parent: Command, name: string, description: string, example: string): Command {
  return addCommand(parent, `${name} <schedule>`, description, example);
}

function periodOf({ from, to }: BackfillOptions): { readonly start: Date; readonly end: Date } {
  const start = parseMoment('--from', from);
  const end = parseMoment('--to', to);
  if (start !== undefined && end !== undefined && start < end)
    return { start: new Date(start), end: new Date(end) };
  throw new CommandError(
    'a backfill needs --from and a later --to',
    'Write both in ISO 8601, e.g. 2026-11-20T00:00:00Z.',
    EXIT.wrongUse,
  );
}

/**
 * Does something to one schedule.
 * @param did in words, for people and programs
 * @param read judges what was given, and answers what is done with it
 */
function change(
  host: Host,
  options: JsonOption,
  given: string,
  did: string,
  read: () => (handle: ScheduleHandle) => Promise<void>,
): Promise<void> {
  const id = given.startsWith(OWN) ? given : `${OWN}${given}`;
  return performChecked(host, options, read, async (session, act) => {
    try {
      await session.call(`changing ${id}`, () => act(session.client.schedule.getHandle(id)));
    } catch (error) {
      if (!(error instanceof ScheduleNotFoundError)) throw error;
      throw new CommandError(`there is no schedule ${id}`, '`runbooks schedules list` shows them.');
    }
    if (options.json === true) printJson(host, { id, did });
    else host.terminal.out(`${id}: ${did}\n`);
    return EXIT.done;
  });
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
