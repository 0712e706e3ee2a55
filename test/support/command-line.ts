import pc from 'picocolors';
import { connect } from '../../client/connection';
import type { Host } from '../../client/host';
import { createProgram, runProgram } from '../../client/program';
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
  const program = createProgram(host);
  registerClientCommands(program, host);
  await runProgram(program, host, words);
  return { out, err, code };
}
