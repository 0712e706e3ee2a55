import { statSync } from 'node:fs';
import type { NfsExport } from '../exports';
import { failed, parseArguments, printed } from './command';
import type { Command, CommandCall, CommandResult } from './command';

const DEFAULTS = [
  'rw',
  'sync',
  'wdelay',
  'hide',
  'no_subtree_check',
  'sec=sys',
  'secure',
  'root_squash',
  'no_all_squash',
];

/** exportfs(8): `-a`, `-r`, `-o options client:path`, `-u client:path`, `-ua`, `-f`, `-v` and the plain list. */
export const exportfs: Command = (call) => {
  const { options, operands } = parseArguments(call.args, ['o']);
  const { exports } = call.host;
  const targets = operands.map(parseTarget);
  const wrong = operands.find((_, at) => targets[at] === undefined);
  if (wrong !== undefined) return failed(1, `exportfs: Invalid export syntax: ${wrong}`);
  const valid = targets.filter((each) => each !== undefined);
  if (options.has('u')) {
    if (options.has('a')) exports.removeAll();
    const missing = valid.filter((each) => !exports.remove(each.path, each.client));
    return missing.length === 0
      ? { code: 0 }
      : failed(
          1,
          missing
            .map((each) => `exportfs: Could not find '${each.client}:${each.path}' to unexport.`)
            .join('\n'),
        );
  }
  if (valid.length > 0) return add(call, valid, options.get('o') ?? '');
  if (options.has('r') || options.has('a')) {
    exports.reload();
    return { code: 0 };
  }
  // `-f` only makes the kernel forget what it remembers of clients.
  if (options.has('f')) return { code: 0 };
  return printed(exports.current().map((each) => show(each, options.has('v'))));
};

function add(
  call: CommandCall,
  targets: readonly { readonly client: string; readonly path: string }[],
  options: string,
): CommandResult {
  for (const target of targets) {
    const there = statSync(target.path, { throwIfNoEntry: false });
    if (there === undefined)
      return failed(1, `exportfs: Failed to stat ${target.path}: No such file or directory`);
    call.host.exports.add({ ...target, options: withDefaults(options) });
  }
  return { code: 0 };
}

/** The options that exports(5) assumes, unless their opposite is given. */
function withDefaults(options: string): string {
  const given = options.split(',').filter((each) => each !== '');
  const opposite: Readonly<Record<string, readonly string[]>> = {
    rw: ['ro'],
    sync: ['async'],
    wdelay: ['no_wdelay'],
    hide: ['nohide'],
    no_subtree_check: ['subtree_check'],
    secure: ['insecure'],
    root_squash: ['no_root_squash'],
    no_all_squash: ['all_squash'],
  };
  const assumed = DEFAULTS.filter(
    (each) =>
      !given.includes(each) &&
      !(opposite[each] ?? []).some((other) => given.includes(other)) &&
      !(each.startsWith('sec=') && given.some((other) => other.startsWith('sec='))),
  );
  return [...assumed, ...given].join(',');
}

function parseTarget(operand: string): { readonly client: string; readonly path: string } | undefined {
  const match = /^([^:]*(?::[0-9a-fA-F:]+\S*)?):(\/.*)$/.exec(operand);
  if (match?.[2] === undefined) return undefined;
  const path = match[2].replace(/(.)\/+$/, '$1');
  return { client: match[1] === undefined || match[1] === '' ? '*' : match[1], path };
}

function show(each: NfsExport, verbose: boolean): string {
  const client = each.client === '*' ? '<world>' : each.client;
  return `${each.path}\t${each.path.length > 14 ? '\n\t\t' : ''}${client}${verbose ? `(${each.options})` : ''}`;
}
