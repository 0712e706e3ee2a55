#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { CommandError } from '../client/command-error';
import { processHost } from '../client/host';
import { createProgram, runProgram } from '../client/program';
import { registerClientCommands } from '../client/register';
import type * as Lab from '../lab/commands/register';
import type * as Worker from '../worker/command';

const HELP = `
Exit codes: 0 done, 1 failed, 2 wrong use, 3 waiting for people.
Connection: TEMPORAL_ADDRESS, TEMPORAL_NAMESPACE or a profile of temporal.toml. Estate: --estate or RUNBOOKS_ESTATE.

Example:
  $ runbooks doctor
  $ runbooks plan drFailover bitbucket-prod
  $ runbooks start drFailover bitbucket-prod --reason 'eu-central-1 is down' --watch`;

/** Parts that take long to load, and so only when one of their commands is asked for, or the help that lists all. */
const PARTS: readonly { readonly command: string; readonly register: (program: Command) => void }[] = [
  {
    command: 'worker',
    // eslint-disable-next-line @typescript-eslint/no-require-imports
    register: (program) => (require('../worker/command') as typeof Worker).registerWorkerCommand(program),
  },
  {
    command: 'lab',
    // eslint-disable-next-line @typescript-eslint/no-require-imports
    register: (program) => (require('../lab/commands/register') as typeof Lab).registerLabCommands(program),
  },
];

async function main(words: readonly string[]): Promise<void> {
  const host = processHost();
  const program = createProgram(host)
    .description('Durable runbooks for Bitbucket Data Center on AWS')
    .version(version())
    .addHelpText('after', HELP);
  registerClientCommands(program, host);
  const known = program.commands.map((command) => command.name());
  for (const { command, register } of PARTS) {
    const wanted = words[0] === command || !known.some((name) => name === words[0]);
    if (wanted) register(program);
  }
  await runProgram(program, host, words);
}

function version(): string {
  for (const up of ['..', '../..']) {
    try {
      const { version: found } = JSON.parse(readFileSync(join(__dirname, up, 'package.json'), 'utf8')) as {
        version: string;
      };
      return found;
    } catch {
      continue;
    }
  }
  throw new CommandError('package.json is missing', 'Install the package again.');
}

// The AWS SDK's own switch for its reminder of Node versions to come, which is ours to read and not the operator's.
process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] ??= 'true';
void main(process.argv.slice(2));
