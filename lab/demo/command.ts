import { Command, InvalidArgumentError } from 'commander';
import { processTerminal } from '../../client/terminal';
import { ToolMissing } from '../install/tool';
import type { StageOptions } from './stage';

interface Options {
  readonly yes?: boolean;
  readonly json?: string;
  readonly html: string;
  readonly keep?: boolean;
  readonly scale: number;
}

/** Where the report goes besides the terminal. */
interface Files {
  readonly json: string | undefined;
  readonly html: string;
}

export interface Demo {
  /** As `npm run` knows it. */
  readonly name: string;
  readonly description: string;
  /** Answers whether everything went as it should. */
  readonly play: (stage: StageOptions, files: Files) => Promise<boolean>;
}

/** The command of a demo. Exit code: 0 only when everything went as it should; 1 otherwise; 2 wrong use. */
export function demoCommand(demo: Demo): void {
  carryOut(demo).catch((error: unknown) => {
    if (error instanceof Error && error.name === 'AbortError') {
      console.error('ended before its time; nothing is left running');
      process.exitCode = 130;
      return;
    }
    const message = error instanceof Error ? error.message : String(error);
    console.error(error instanceof ToolMissing ? message : `the demo failed: ${message}`);
    if (process.env['DEBUG'] !== undefined) console.error(error);
    process.exitCode = 1;
  });
}

async function carryOut({ name, description, play }: Demo): Promise<void> {
  const program = new Command(name)
    .description(description)
    .option(
      '--yes',
      'approve as the different people that the policy asks for, without asking at the keyboard',
    )
    .option('--json <file>', 'write the report as JSON')
    .option('--html <file>', 'write the report as a page', 'report.html')
    .option('--keep', 'leave everything running at the end, for a look around, until Ctrl-C')
    .option('--scale <n>', "how many times faster than real time AWS' own waits pass", parseScale, 12)
    .addHelpText('after', `\nExample:\n  $ npm run ${name} -- --yes --json report.json`)
    .parse();
  const { yes = false, keep = false, scale, json, html } = program.opts<Options>();
  const terminal = processTerminal();
  if (!yes && !process.stdin.isTTY) {
    terminal.err('The demo asks for approvals at the keyboard, and there is none: add --yes.\n');
    process.exitCode = 2;
    return;
  }
  const interrupted = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => interrupted.abort());
  const good = await play({ yes, keep, scale, terminal, signal: interrupted.signal }, { json, html });
  process.exitCode = good ? 0 : 1;
}

function parseScale(text: string): number {
  const scale = Number(text);
  if (!(scale >= 1 && scale <= 600)) throw new InvalidArgumentError('give a number from 1 to 600');
  return scale;
}
