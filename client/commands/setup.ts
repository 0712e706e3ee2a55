import { msToTs } from '@temporalio/common/lib/time';
import type { Command } from 'commander';
import { parseDuration } from '../../estate/duration';
import type { Estate } from '../../estate/schema';
import { CommandError, EXIT } from '../command-error';
import { grpcCode } from '../connection';
import type { Session } from '../connection';
import { addCommand, performChecked, printJson } from '../host';
import type { Host } from '../host';
import { namespaceExists } from '../namespace';
import { applySchedules, APPLIED_WORDS } from '../schedules/apply';
import { addAttributes, readAttributes } from '../search-attributes';
import { readEstate } from './estate';
import type { EstateOptions } from './estate';

const NOT_FOUND = 5;
const ALREADY_EXISTS = 6;
const VISIBLE_WITHIN_MS = 30_000;

interface SetupOptions extends EstateOptions {
  readonly createNamespace?: boolean;
  readonly retention: string;
}

/** `setup`: what a namespace needs before a worker can serve runbooks in it. Running it again changes nothing. */
export function registerSetup(program: Command, host: Host): void {
  addCommand(
    program,
    'setup',
    'register the search attributes of the runbooks in the namespace, apply the schedules; safe to repeat',
    'runbooks setup',
    'runbooks setup --estate estate.yaml',
    'TEMPORAL_NAMESPACE=operations runbooks setup --create-namespace --retention 90d',
  )
    .option('--create-namespace', 'create the namespace if there is none')
    .option('--estate <file>', 'also put the schedules of this estate into force; default RUNBOOKS_ESTATE')
    .option('--retention <duration>', 'how long a created namespace keeps runs that have ended', '30d')
    .action((options: SetupOptions) =>
      performChecked(
        host,
        options,
        () => read(options, host),
        async (session, { estate, retention }) => {
          const created = await ensureNamespace(session, options, retention);
          const before = await served(() => readAttributes(session));
          const clash = before.filter(({ present, wanted }) => present !== null && present !== wanted);
          if (clash.length > 0) {
            const list = clash
              .map(({ name, present, wanted }) => `${name} is ${present}, not ${wanted}`)
              .join('; ');
            throw new CommandError(
              `search attributes of another type are in the way: ${list}`,
              'Use a namespace of its own for the runbooks: a type cannot be changed.',
            );
          }
          const missing = before.filter(({ present }) => present === null);
          await served(() => addAttributes(session, missing));
          await untilVisible(session);
          const registered = missing.map(({ name }) => name);
          const schedules =
            estate === undefined
              ? []
              : await served(() => applySchedules(session, estate, { remove: false }));
          if (options.json === true) {
            printJson(host, {
              namespace: session.namespace,
              namespaceCreated: created,
              registered,
              schedules,
            });
          } else {
            const did =
              registered.length === 0 ? 'nothing to register' : `registered ${registered.join(', ')}`;
            host.terminal.out(
              `namespace ${session.namespace}${created ? ' created' : ''} at ${session.address}: ${did}\n`,
            );
            if (estate === undefined)
              host.terminal.out('no estate named: schedules were left alone (--estate, RUNBOOKS_ESTATE)\n');
            for (const { id, result } of schedules) host.terminal.out(`${id}: ${APPLIED_WORDS[result]}\n`);
          }
          return EXIT.done;
        },
      ),
    );
}

interface SetupInput {
  /** Undefined: a namespace can be set up before there is one. */
  readonly estate: Estate | undefined;
  /** Seconds. */
  readonly retention: number;
}

function read({ estate, retention }: SetupOptions, { environment }: Host): SetupInput {
  const seconds = parseDuration(retention);
  if (seconds === undefined || seconds < 86_400) {
    throw new CommandError(
      `--retention ${retention} is no duration of at least one day`,
      'Write for example 30d.',
      EXIT.wrongUse,
    );
  }
  const named = estate ?? environment['RUNBOOKS_ESTATE'] ?? '';
  return { estate: named === '' ? undefined : readEstate(named), retention: seconds };
}

/** True when the namespace had to be created. */
async function ensureNamespace(session: Session, options: SetupOptions, retention: number): Promise<boolean> {
  const { namespace } = session;
  if (await namespaceExists(session)) return false;
  if (options.createNamespace !== true) {
    throw new CommandError(
      `there is no namespace "${namespace}" at ${session.address}`,
      'Add --create-namespace, or name another one with TEMPORAL_NAMESPACE.',
    );
  }
  await session
    .call('creating the namespace', () =>
      session.connection.workflowService.registerNamespace({
        namespace,
        description: 'Runbooks',
        workflowExecutionRetentionPeriod: msToTs(retention * 1000),
      }),
    )
    .catch((error: unknown) => {
      if (grpcCode(error) !== ALREADY_EXISTS) throw error;
    });
  return true;
}

/** Parts of the server learn of a new namespace some seconds later, each in its own time. */
async function served<T>(work: () => Promise<T>): Promise<T> {
  const deadline = Date.now() + VISIBLE_WITHIN_MS;
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (grpcCode(error) !== NOT_FOUND || Date.now() > deadline) throw error;
    }
    await pause();
  }
}

/** The server's own caches know a new attribute a moment later; a worker that starts before that would fail. */
async function untilVisible(session: Session): Promise<void> {
  const deadline = Date.now() + VISIBLE_WITHIN_MS;
  while ((await readAttributes(session)).some(({ present }) => present === null)) {
    if (Date.now() > deadline) {
      throw new CommandError(
        'search attributes have been registered but are not listed yet',
        'Run `runbooks setup` again in a minute.',
      );
    }
    await pause();
  }
}

function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 250));
}
