import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** The scripts are shipped as files beside the sources: the build compiles TypeScript only. */
const DIRECTORY = join(packageRoot(), 'activities', 'hosts', 'scripts');

/** Functions that every script may use, sent in front of it. */
const LIBRARY = 'library';

/**
 * The text that is sent to a host: strict mode, the parameters as shell assignments, the library, the script. Values
 * are quoted, so nothing in them is ever run.
 * @param name file name without `.sh`
 * @param parameters by shell variable name, e.g. `EXPORT_PATH`
 */
export async function renderScript(
  name: string,
  parameters: Readonly<Record<string, string>>,
): Promise<string> {
  const [library, script] = await Promise.all([read(LIBRARY), read(name)]);
  const assignments = Object.entries(parameters).map(([key, value]) => assignment(key, value));
  return ['#!/bin/sh', 'set -eu', ...assignments, library, script].join('\n');
}

function assignment(name: string, value: string): string {
  if (!/^[A-Z][A-Z0-9_]*$/.test(name)) throw new Error(`"${name}" is no name for a script parameter`);
  if (value.includes('\0')) throw new Error(`script parameter ${name} contains a NUL character`);
  // Systems Manager reads {{ }} as a parameter of its own; two adjacent quotes change nothing for the shell.
  return `${name}='${value.replaceAll("'", "'\\''").replaceAll('{{', "{''{")}'`;
}

function read(name: string): Promise<string> {
  return readFile(join(DIRECTORY, `${name}.sh`), 'utf8');
}

/** Directory that holds package.json, from the sources as well as from the build. */
function packageRoot(): string {
  for (let directory = __dirname; ;) {
    if (existsSync(join(directory, 'package.json'))) return directory;
    const parent = join(directory, '..');
    if (parent === directory) throw new Error(`no package.json above ${__dirname}`);
    directory = parent;
  }
}
