import { existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { COMMANDS } from './commands';

const ASK = `#!/usr/bin/env bash
# Asks the lab to do what needs a kernel or an init system; see lab/hosts/command-server.ts.
exec 3<>"/dev/tcp/\${LAB_HOST_CONTROL%:*}/\${LAB_HOST_CONTROL##*:}" || exit 1
printf '%s\\0' "$(($# + 3))" "$LAB_HOST_ROOT" "$PWD" "\${0##*/}" "$@" >&3
code=1
while IFS= read -r line <&3; do
  case $line in
    1*) printf '%s\\n' "\${line#?}" ;;
    2*) printf '%s\\n' "\${line#?}" >&2 ;;
    =*) code=\${line#?} ;;
  esac
done
exit "$code"
`;

/** Whom files belong to cannot be changed by an ordinary user; that they are there is still checked. */
const OWNER = `#!/usr/bin/env bash
needs_owner=1
operands=()
for argument in "$@"; do
  case $argument in
    --reference=*) needs_owner= ;;
    -*) ;;
    *) operands+=("$argument") ;;
  esac
done
[ -z "$needs_owner" ] || operands=("\${operands[@]:1}")
if [ "\${#operands[@]}" -eq 0 ]; then echo "\${0##*/}: missing operand" >&2; exit 1; fi
for file in "\${operands[@]}"; do
  if [ ! -e "$file" ] && [ ! -L "$file" ]; then
    echo "\${0##*/}: cannot access '$file': No such file or directory" >&2
    exit 1
  fi
done
`;

/** Every command of a host runs as the lab's own user, whoever it asks to be. */
const AS_USER = `#!/usr/bin/env bash
name=\${0##*/}
while [ $# -gt 0 ]; do
  case $1 in
    --) shift; break ;;
    -c|--command) [ "$name" = su ] && exec /bin/sh -c "$2" ; shift ;;
    -u|-g|-U|-C|-p|-s|--user|--group|--shell) shift 2 ;;
    -*) shift ;;
    *=*) export "$1"; shift ;;
    *) if [ "$name" = su ]; then shift; else break; fi ;;
  esac
done
[ $# -eq 0 ] || exec "$@"
`;

/**
 * Writes the stand-ins into a directory that goes first on the PATH of the hosts' commands. The environment of those
 * commands says which host (LAB_HOST_ROOT) and who answers (LAB_HOST_CONTROL).
 */
export function writeStandIns(directory: string): void {
  mkdirSync(directory, { recursive: true });
  const scripts = { 'lab-ask': ASK, 'lab-owner': OWNER, 'lab-as-user': AS_USER };
  for (const [name, text] of Object.entries(scripts)) {
    writeFileSync(join(directory, name), text, { mode: 0o755 });
  }
  for (const name of Object.keys(COMMANDS)) link(directory, name, 'lab-ask');
  for (const name of ['chown', 'chgrp']) link(directory, name, 'lab-owner');
  for (const name of ['sudo', 'runuser', 'su']) link(directory, name, 'lab-as-user');
}

function link(directory: string, name: string, script: string): void {
  const path = join(directory, name);
  if (!existsSync(path)) symlinkSync(script, path);
}
