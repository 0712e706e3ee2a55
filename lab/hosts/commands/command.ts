import { resolve } from 'node:path';
import type { Host } from '../host';

/** What a stand-in was asked, and where. */
export interface CommandCall {
  readonly host: Host;
  readonly cwd: string;
  readonly args: readonly string[];
}

export interface CommandResult {
  readonly code: number;
  readonly stdout?: string;
  readonly stderr?: string;
}

export type Command = (call: CommandCall) => CommandResult | Promise<CommandResult>;

export function failed(code: number, stderr: string): CommandResult {
  return { code, stderr };
}

export function printed(lines: readonly string[], code = 0): CommandResult {
  return { code, stdout: lines.join('\n') };
}

/** Absolute path without a trailing slash. */
export function absolute(call: CommandCall, path: string): string {
  return resolve(call.cwd, path);
}

export interface ParsedArguments {
  /** Value of an option that takes one, else ''. The last one wins. */
  readonly options: ReadonlyMap<string, string>;
  readonly operands: readonly string[];
}

/**
 * Options as getopt reads them: `-no SOURCE`, `-oSOURCE`, `--output=SOURCE`, `--output SOURCE`, `--`. `valued` names the
 * options that take a value, without dashes.
 */
export function parseArguments(args: readonly string[], valued: readonly string[]): ParsedArguments {
  const options = new Map<string, string>();
  const operands: string[] = [];
  const rest = [...args];
  for (let arg = rest.shift(); arg !== undefined; arg = rest.shift()) {
    if (arg === '--') return { options, operands: [...operands, ...rest] };
    const long = /^--([^=]+)(?:=(.*))?$/s.exec(arg);
    if (long?.[1] !== undefined) {
      const name = long[1];
      options.set(name, long[2] ?? (valued.includes(name) ? (rest.shift() ?? '') : ''));
    } else if (/^-./.test(arg)) {
      for (let at = 1; at < arg.length; at += 1) {
        const name = arg.charAt(at);
        if (valued.includes(name)) {
          options.set(name, at + 1 < arg.length ? arg.slice(at + 1) : (rest.shift() ?? ''));
          break;
        }
        options.set(name, '');
      }
    } else operands.push(arg);
  }
  return { options, operands };
}
