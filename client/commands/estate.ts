import { existsSync } from 'node:fs';
import type { Command } from 'commander';
import { estateJsonSchema } from '../../estate/json-schema';
import { EstateError, loadEstate } from '../../estate/load';
import { pinInstance } from '../../estate/pin';
import type { Estate } from '../../estate/schema';
import { showEstate } from '../../estate/show';
import { CommandError, EXIT } from '../command-error';
import { addCommand, addGroup, perform, printJson } from '../host';
import type { Host } from '../host';

export interface EstateOptions {
  readonly json?: boolean;
  readonly estate?: string;
}

const DEFAULT_ESTATE = 'estate.yaml';

/** Path of the estate: `--estate`, else RUNBOOKS_ESTATE, else `estate.yaml` here. */
export function estatePath(options: EstateOptions, host: Host): string {
  return options.estate ?? host.environment['RUNBOOKS_ESTATE'] ?? DEFAULT_ESTATE;
}

/** @throws CommandError, wrong use, when there is no such file, or it cannot be used: every mistake with its place */
export function readEstate(file: string): Estate {
  requireFile(file);
  try {
    return loadEstate(file);
  } catch (error) {
    if (!(error instanceof EstateError)) throw error;
    throw new CommandError(
      error.message,
      'Correct the estate; `runbooks estate check` looks again.',
      EXIT.wrongUse,
    );
  }
}

function requireFile(file: string): void {
  if (existsSync(file)) return;
  throw new CommandError(
    file === DEFAULT_ESTATE ? `there is no ${file} here` : `there is no ${file}`,
    'Copy estate/examples/production.yaml and describe your instance, or name yours with --estate or RUNBOOKS_ESTATE.',
    EXIT.wrongUse,
  );
}

export const ESTATE_OPTION = [
  '--estate <file>',
  'the estate; default RUNBOOKS_ESTATE or estate.yaml',
] as const;

/** `estate check|show|schema`. */
export function registerEstate(program: Command, host: Host): void {
  const estate = addGroup(
    program,
    'estate',
    'the file that describes your instances',
    'runbooks estate check --estate estate.yaml',
    'runbooks estate show bitbucket-prod',
  );

  addCommand(
    estate,
    'check',
    'find every mistake in the estate, with its place',
    'runbooks estate check --estate estate.yaml',
  )
    .option(...ESTATE_OPTION)
    .action((options: EstateOptions) => perform(host, options, async () => check(host, options)));

  addCommand(
    estate,
    'show [instance]',
    'print the estate, or what a run of one instance would go by, with every default',
    'runbooks estate show bitbucket-prod',
  )
    .option(...ESTATE_OPTION)
    .action((instance: string | undefined, options: EstateOptions) =>
      perform(host, options, async () => {
        const file = readEstate(estatePath(options, host));
        if (instance !== undefined) printJson(host, pin(file, instance));
        else if (options.json === true) printJson(host, file);
        else host.terminal.out(showEstate(file));
        return EXIT.done;
      }),
    );

  addCommand(
    estate,
    'schema',
    'print the JSON Schema for your editor',
    'runbooks estate schema > estate.schema.json',
  ).action((options: EstateOptions) =>
    perform(host, options, async () => {
      printJson(host, estateJsonSchema());
      return EXIT.done;
    }),
  );
}

function check(host: Host, options: EstateOptions): number {
  const file = estatePath(options, host);
  requireFile(file);
  try {
    const { instances, people } = loadEstate(file);
    const names = Object.keys(instances);
    if (options.json === true) printJson(host, { file, valid: true, instances: names, problems: [] });
    else host.terminal.out(`${file} is valid: ${names.join(', ')}; ${people.length} people\n`);
    return EXIT.done;
  } catch (error) {
    if (!(error instanceof EstateError) || options.json !== true) throw error;
    printJson(host, { file, valid: false, problems: error.problems });
    return EXIT.failed;
  }
}

function pin(...given: Parameters<typeof pinInstance>): ReturnType<typeof pinInstance> {
  try {
    return pinInstance(...given);
  } catch (error) {
    throw new CommandError(error instanceof Error ? error.message : String(error), undefined, EXIT.wrongUse);
  }
}
