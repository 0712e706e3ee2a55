import { chmodSync, writeFileSync } from 'node:fs';
import type { Command } from 'commander';
import { CommandError, EXIT } from '../command-error';
import { addCommand, addGroup, perform, printJson } from '../host';
import type { Host } from '../host';
import { createKey, readKey } from '../signing-key';
import type { SigningKey } from '../signing-key';
import { actorName } from '../start-run';

interface KeyOptions {
  readonly json?: boolean;
  readonly name?: string;
  readonly out?: string;
}

/** `key create|show`: the key with which a person signs decisions. */
export function registerKey(program: Command, host: Host): void {
  const key = addGroup(
    program,
    'key',
    'keys with which people sign their decisions',
    'runbooks key create --name ada --out ~/.config/runbooks/ada.key',
    'runbooks key show ada.key --name ada',
  );

  addCommand(
    key,
    'create',
    'make a key; the private half goes into a file for you alone, the public half into the estate',
    'runbooks key create --name ada --out ~/.config/runbooks/ada.key',
  )
    .option(
      '--name <name>',
      'whose key it is, a person of the estate; default RUNBOOKS_ACTOR or the user name',
    )
    .option('--out <file>', 'where to write the private key; default <name>.key; an existing file is kept')
    .action((options: KeyOptions) =>
      perform(host, options, async () => {
        const name = actorName(options.name, host.environment);
        const file = options.out ?? `${name}.key`;
        const made = await createKey();
        write(file, made);
        return print(host, options, { name, file, made });
      }),
    );

  addCommand(
    key,
    'show <file>',
    'print the public half of a key, as the estate wants it',
    'runbooks key show ada.key --name ada',
  )
    .option('--name <name>', 'whose key it is; default RUNBOOKS_ACTOR or the user name')
    .action((file: string, options: KeyOptions) =>
      perform(host, options, async () => {
        const name = actorName(options.name, host.environment);
        return print(host, options, { name, file, made: readKey(file) });
      }),
    );
}

/** Never over another key: what it signs could no longer be signed. */
function write(file: string, key: SigningKey): void {
  try {
    writeFileSync(file, `${JSON.stringify(key, null, 2)}\n`, { mode: 0o600, flag: 'wx' });
    // A umask may have taken the owner's own rights away, never given any to others.
    chmodSync(file, 0o600);
  } catch (error) {
    const exists = (error as NodeJS.ErrnoException).code === 'EEXIST';
    throw new CommandError(
      exists
        ? `${file} exists already and is kept`
        : `${file} cannot be written: ${error instanceof Error ? error.message : String(error)}`,
      exists
        ? `Print its public half with \`runbooks key show ${file}\`, or choose another place with --out.`
        : 'Choose another place with --out.',
    );
  }
}

function print(
  host: Host,
  options: KeyOptions,
  { name, file, made }: { readonly name: string; readonly file: string; readonly made: SigningKey },
): number {
  const { kty, crv, x, kid } = made;
  if (options.json === true) {
    printJson(host, { name, file, publicKey: { kty, crv, x, kid } });
    return EXIT.done;
  }
  const { bold, dim } = host.terminal.colors;
  host.terminal.out(
    [
      `${bold('private key')} ${file} ${dim('(for you alone: never copy it into the estate)')}`,
      `${bold('public key')}  ${kid}`,
      '',
      `Add this line to the entry of ${name} under people in the estate, beside name and roles:`,
      '',
      `    publicKey: { kty: ${kty}, crv: ${crv}, x: ${x}, kid: ${kid} }`,
      '',
      `Then answer with: runbooks approve RUN ASK --as ${name} --key ${file}`,
      dim('Runs that have begun go by the estate as it was when they began.'),
      '',
    ].join('\n'),
  );
  return EXIT.done;
}
