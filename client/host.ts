import type { Command } from 'commander';
import { EXIT } from './command-error';
import type { CommandError } from './command-error';
import { connect, messageOf } from './connection';
import type { Session } from './connection';
import { RUNBOOK_NAMES } from './runbook-name';
import { processTerminal } from './terminal';
import type { Terminal } from './terminal';

/** What commands use of the world around them; tests give their own. */
export interface Host {
  readonly terminal: Terminal;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Names of the runbooks that can be started. */
  readonly runbooks: readonly string[];
  connect(): Promise<Session>;
  setExitCode(code: number): void;
}

export function processHost(): Host {
  return {
    terminal: processTerminal(),
    environment: process.env,
    runbooks: RUNBOOK_NAMES,
    connect: () => connect(process.env),
    setExitCode: (code) => {
      process.exitCode = code;
    },
  };
}

interface JsonOption {
  readonly json?: boolean;
}

/** A command with `--json` and an example in its help. */
export function addCommand(
  parent: Command,
  usage: string,
  description: string,
  ...examples: string[]
): Command {
  return parent
    .command(usage)
    .description(description)
    .option('--json', 'answer as JSON, for programs')
    .addHelpText('after', exampleText(examples));
}

/** A command that only holds others, with examples of them in its help. */
export function addGroup(parent: Command, name: string, description: string, ...examples: string[]): Command {
  return parent.command(name).description(description).addHelpText('after', exampleText(examples));
}

function exampleText(examples: readonly string[]): string {
  return `\nExample:\n${examples.map((example) => `  $ ${example}`).join('\n')}`;
}

/** Carries out a command: its number is the exit code; errors become one message with a remedy. */
export async function perform(host: Host, options: JsonOption, work: () => Promise<number>): Promise<void> {
  try {
    host.setExitCode(await work());
  } catch (error) {
    reportError(host, options, error);
  }
}

/** Like `perform`, with a connection to Temporal that is closed afterwards. */
export function performConnected(
  host: Host,
  options: JsonOption,
  work: (session: Session) => Promise<number>,
): Promise<void> {
  return performChecked(host, options, () => undefined, work);
}

/**
 * Like `performConnected`, for a command whose words can be wrong by themselves: `read` judges them before anybody is
 * connected to, so that wrong use is told as such wherever it happens.
 */
export function performChecked<T>(
  host: Host,
  options: JsonOption,
  read: () => T,
  work: (session: Session, input: T) => Promise<number>,
): Promise<void> {
  return perform(host, options, async () => {
    const input = read();
    const session = await host.connect();
    try {
      return await work(session, input);
    } finally {
      await session.close();
    }
  });
}

export function reportError(host: Host, options: JsonOption, error: unknown): void {
  const message = messageOf(error);
  // A worker that does not start says the same as a CommandError without being one.
  const { remedy, exitCode = EXIT.failed } =
    error instanceof Error ? (error as Error & Partial<CommandError>) : {};
  if (options.json === true) {
    host.terminal.err(
      `${JSON.stringify({ error: { message, ...(remedy === undefined ? {} : { remedy }) } })}\n`,
    );
  } else {
    const { red } = host.terminal.colors;
    host.terminal.err(`${red('error:')} ${message}\n${remedy === undefined ? '' : `${remedy}\n`}`);
  }
  host.setExitCode(exitCode);
}

export function printJson(host: Host, value: unknown): void {
  host.terminal.out(`${JSON.stringify(value, null, 2)}\n`);
}
