import { Command, CommanderError } from 'commander';
import { CommandError, EXIT } from './command-error';
import { reportError } from './host';
import type { Host } from './host';

/** What people type who mean a command of another name. */
const MEANT: Readonly<Record<string, string>> = {
  stop: '`runbooks cancel <run>` ends a run in order; `runbooks hold <run>` stops it before its next step.',
  kill: '`runbooks cancel <run>` ends a run in order.',
  terminate: '`runbooks cancel <run>` ends a run in order, and undoes; terminating it would not.',
  pause: '`runbooks hold <run>` stops a run before its next step; `runbooks schedules pause` a schedule.',
  continue: '`runbooks resume <run>` lets a held run go on.',
};

/** The program without commands: what it cannot understand is told like every other error, as JSON where that is asked for. */
export function createProgram(host: Host): Command {
  return new Command('runbooks')
    .showSuggestionAfterError()
    .exitOverride()
    .configureOutput({
      writeOut: (text) => host.terminal.out(text),
      writeErr: (text) => host.terminal.err(text),
      // Told by `runProgram`.
      outputError: () => undefined,
    });
}

/** Carries out what was typed; the exit code is set whatever comes. */
export async function runProgram(program: Command, host: Host, given: readonly string[]): Promise<void> {
  // `help backups show` is `backups show --help`: the library's own looks one command deep.
  const words = given[0] === 'help' && given.length > 1 ? [...given.slice(1), '--help'] : given;
  const json = words.includes('--json');
  try {
    await program.parseAsync([...words], { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) reportError(host, { json }, error);
    else if (error.exitCode === 0) host.setExitCode(EXIT.done);
    // A group without a command has printed its help, which says all.
    else if (error.code === 'commander.help') host.setExitCode(EXIT.wrongUse);
    else reportError(host, { json }, misunderstood(program, words, error));
  }
}

/** `error: unknown command 'stpo'` and perhaps `(Did you mean stop?)` on a line of its own, as the library words it. */
function misunderstood(
  program: Command,
  words: readonly string[],
  { code, message }: CommanderError,
): CommandError {
  const [first = '', suggestion] = message.replace(/^error: /, '').split('\n');
  const [word = ''] = words;
  const meant = code === 'commander.unknownCommand' && Object.hasOwn(MEANT, word) ? MEANT[word] : undefined;
  const remedy = [
    ...(meant !== undefined ? [meant] : suggestion === undefined ? [] : [suggestion.replace(/^\(|\)$/g, '')]),
    `\`${[...commandIn(program, words), '--help'].join(' ')}\` shows what is possible.`,
  ];
  return new CommandError(first, remedy.join(' '), EXIT.wrongUse);
}

/** The command that was meant, as far as it is one: `runbooks backups show`. */
function commandIn(program: Command, words: readonly string[]): readonly string[] {
  const [word] = words;
  const found = program.commands.find((command) => command.name() === word);
  return [program.name(), ...(found === undefined ? [] : commandIn(found, words.slice(1)))];
}
