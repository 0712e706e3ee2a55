import type { Services } from '../services';
import { failed, parseArguments, printed } from './command';
import type { Command, CommandResult } from './command';

const ALIASES: Readonly<Record<string, string>> = { nfs: 'nfs-server', 'nfs-kernel-server': 'nfs-server' };
const NO_SUCH_UNIT = 5;

/**
 * systemctl(1) for `atlbitbucket` and `nfs-server`: start, stop, restart, try-restart, reload, status, is-active,
 * is-failed, is-enabled, enable, disable, mask, unmask (each with `--now`), show, daemon-reload, reset-failed.
 */
export const systemctl: Command = async (call) => {
  const { options, operands } = parseArguments(call.args, ['p', 'property', 't', 'type', 'n', 'o']);
  const [verb, ...names] = operands;
  if (verb === undefined) return failed(1, 'systemctl: a verb is missing');
  if (verb === 'daemon-reload' || verb === 'reset-failed') return { code: 0 };
  const results: CommandResult[] = [];
  for (const name of names) {
    const unit = canonical(name);
    results.push(await apply(call.host.services, verb, unit, options));
  }
  if (results.length === 0) return failed(1, 'Too few arguments.');
  return join(results);
};

async function apply(
  services: Services,
  verb: string,
  unit: string,
  options: ReadonlyMap<string, string>,
): Promise<CommandResult> {
  const known = services.units.includes(unit);
  switch (verb) {
    case 'is-active':
    case 'is-failed': {
      const state = known ? services.active(unit) : 'inactive';
      const code = state === (verb === 'is-active' ? 'active' : 'failed') ? 0 : verb === 'is-active' ? 3 : 1;
      return silent(options) ? { code } : printed([state], code);
    }
    case 'is-enabled': {
      const state = known ? services.enabled(unit) : undefined;
      if (state === undefined)
        return failed(1, `Failed to get unit file state for ${unit}.service: No such file or directory`);
      const code = state === 'enabled' ? 0 : 1;
      return silent(options) ? { code } : printed([state], code);
    }
    case 'show':
      return show(services, unit, known, options);
    case 'status':
      if (!known) return failed(4, `Unit ${unit}.service could not be found.`);
      return printed(
        [
          `${unit}.service`,
          `   Loaded: loaded (${services.enabled(unit) ?? ''})`,
          `   Active: ${services.active(unit)}`,
        ],
        services.active(unit) === 'active' ? 0 : 3,
      );
    default:
      return known ? change(services, verb, unit, options) : missing(verb, unit);
  }
}

async function change(
  services: Services,
  verb: string,
  unit: string,
  options: ReadonlyMap<string, string>,
): Promise<CommandResult> {
  const now = options.has('now');
  switch (verb) {
    case 'start':
      return start(services, unit);
    case 'stop':
      await services.stop(unit);
      return { code: 0 };
    case 'reload':
    case 'try-restart':
    case 'reload-or-restart':
    case 'restart':
      if (services.active(unit) !== 'active' && (verb === 'try-restart' || verb === 'reload')) {
        return verb === 'reload' ? failed(1, `${unit}.service is not active, cannot reload.`) : { code: 0 };
      }
      await services.stop(unit);
      return start(services, unit);
    case 'enable':
      if (services.enabled(unit) === 'masked')
        return failed(1, `Failed to enable unit: Unit file ${unit}.service is masked.`);
      services.enable(unit);
      return now ? start(services, unit) : { code: 0 };
    case 'disable':
      services.disable(unit);
      if (now) await services.stop(unit);
      return { code: 0 };
    case 'mask':
      services.mask(unit);
      if (now) await services.stop(unit);
      return { code: 0 };
    case 'unmask':
      services.unmask(unit);
      return { code: 0 };
    default:
      return failed(1, `Unknown command verb ${verb}.`);
  }
}

async function start(services: Services, unit: string): Promise<CommandResult> {
  if (services.enabled(unit) === 'masked') {
    return failed(1, `Failed to start ${unit}.service: Unit ${unit}.service is masked.`);
  }
  try {
    await services.start(unit);
    return { code: 0 };
  } catch (error) {
    return failed(
      1,
      `Job for ${unit}.service failed: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}

function show(
  services: Services,
  unit: string,
  known: boolean,
  options: ReadonlyMap<string, string>,
): CommandResult {
  const properties: Readonly<Record<string, string>> = {
    Id: `${unit}.service`,
    LoadState: !known ? 'not-found' : services.enabled(unit) === 'masked' ? 'masked' : 'loaded',
    ActiveState: known ? services.active(unit) : 'inactive',
    UnitFileState: known ? (services.enabled(unit) ?? '') : '',
  };
  const wanted = (options.get('p') ?? options.get('property'))?.split(',') ?? Object.keys(properties);
  return printed(wanted.map((name) => (options.has('value') ? '' : `${name}=`) + (properties[name] ?? '')));
}

function missing(verb: string, unit: string): CommandResult {
  return failed(
    verb === 'start' || verb === 'stop' || verb === 'restart' ? NO_SUCH_UNIT : 1,
    `Failed to ${verb} ${unit}.service: Unit ${unit}.service not found.`,
  );
}

function canonical(name: string): string {
  const unit = name.replace(/\.service$/, '');
  return ALIASES[unit] ?? unit;
}

function silent(options: ReadonlyMap<string, string>): boolean {
  return options.has('q') || options.has('quiet');
}

function join(results: readonly CommandResult[]): CommandResult {
  const text = (pick: (result: CommandResult) => string | undefined): string =>
    results
      .map(pick)
      .filter((each) => each !== undefined)
      .join('\n');
  return {
    code: results.find((each) => each.code !== 0)?.code ?? 0,
    stdout: text((each) => each.stdout),
    stderr: text((each) => each.stderr),
  };
}
