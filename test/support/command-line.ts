import { Command, CommanderError } from 'commander';
import pc from 'picocolors';
import { connect } from '../../client/connection';
import type { Host } from '../../client/host';
import { RUNBOOK_NAMES } from '../../client/runbook-name';
import { registerClientCommands } from '../../client/register';

export interface Said {
  readonly out: string;
  readonly err: string;
  readonly code: number;
}

export interface CommandLineOptions {
  readonly environment?: Readonly<Record<string, string>>;
  /** A terminal that is redrawn; otherwise a pipe. */
  readonly interactive?: boolean;
  /** Everything written so far, each time something is written. */
  readonly onOutput?: (text: string) => void;
}

/** Runs a command as the program would, in this process. */
export async function runCommand(words: readonly string[], options: CommandLineOptions = {}): Promise<Said> {
  let out = '';
  let err = '';
  let code = -1;
  const environment = {
    TEMPORAL_ADDRESS: process.env['TEST_TEMPORAL_ADDRESS'],
    TEMPORAL_CONFIG_FILE: '/nonexistent',
    ...options.environment,
  };
  const host: Host = {
    terminal: {
      interactive: options.interactive ?? false,
      columns: 160,
      rows: 200,
      colors: pc.createColors(false),
      out: (text) => {
        out += text;
        options.onOutput?.(out);
      },
      err: (text) => {
        err += text;
      },
    },
    environment,
    runbooks: [...RUNBOOK_NAMES, 'toyRunbook'],
    connect: () => connect(environment),
    setExitCode: (value) => {
      code = value;
    },
  };
  const program = new Command('runbooks').exitOverride().configureOutput({
    writeOut: (text) => {
      out += text;
    },
    writeErr: (text) => {
      err += text;
    },
  });
  registerClientCommands(program, host);
  try {
    await program.parseAsync([...words], { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    code = error.exitCode === 0 ? 0 : 2;
  }
  return { out, err, code };
}
