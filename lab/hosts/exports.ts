import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { lines } from './mounts';

/** One directory exported to one client. */
export interface NfsExport {
  readonly path: string;
  readonly client: string;
  readonly options: string;
}

/**
 * NFS exports of a host. `var/lib/nfs/etab` is what is exported now (first word of a line: the path); it is empty while
 * the NFS server is down. What comes back at its start is configured in `etc/exports` and `etc/exports.d/*.exports`:
 * withdrawing an export with `exportfs -u` alone does not outlast a restart of the server, as on a real host.
 */
export class Exports {
  readonly etab: string;
  private readonly configured: string;
  private readonly directory: string;
  private serving = false;

  constructor(root: string) {
    this.etab = join(root, 'var', 'lib', 'nfs', 'etab');
    this.configured = join(root, 'etc', 'exports');
    this.directory = join(root, 'etc', 'exports.d');
    this.write([]);
  }

  current(): readonly NfsExport[] {
    return lines(this.etab).flatMap(parseLine);
  }

  /** The NFS server starts: everything configured is exported. */
  serve(): void {
    this.serving = true;
    this.reload();
  }

  /** The NFS server ends, orderly or not. */
  withdrawAll(): void {
    this.serving = false;
    this.write([]);
  }

  /** `exportfs -ra`: exactly what is configured. */
  reload(): void {
    if (!this.serving) return;
    const files = readdirSync(this.directory)
      .filter((name) => name.endsWith('.exports'))
      .map((name) => join(this.directory, name));
    const all = [this.configured, ...files].flatMap((file) => lines(file).flatMap(parseLine));
    this.write([...new Map(all.map((each) => [key(each), each])).values()]);
  }

  /** `exportfs -o options client:path`; remembered for the next start of the server. */
  add(added: NfsExport): void {
    const without = (all: readonly NfsExport[]): readonly NfsExport[] =>
      all.filter((each) => key(each) !== key(added));
    const configured = lines(this.configured).flatMap(parseLine);
    writeFileSync(this.configured, render([...without(configured), added]));
    if (this.serving) this.write([...without(this.current()), added]);
  }

  /** `exportfs -u client:path`; false when there was no such export. */
  remove(path: string, client: string): boolean {
    const rest = this.current().filter((each) => each.path !== path || each.client !== client);
    const changed = rest.length < this.current().length;
    this.write(rest);
    return changed;
  }

  /** `exportfs -ua`: nothing is exported until the next `exportfs -r` or start of the server. */
  removeAll(): void {
    this.write([]);
  }

  private write(all: readonly NfsExport[]): void {
    writeFileSync(this.etab, render(all));
  }
}

function key(each: NfsExport): string {
  return `${each.client}:${each.path}`;
}

function render(all: readonly NfsExport[]): string {
  return all.map((each) => `${each.path}\t${each.client}(${each.options})\n`).join('');
}

/** `path client(options) client(options) …`, as in exports(5); comments are left out. */
function parseLine(line: string): readonly NfsExport[] {
  const [path, ...clients] = line.replace(/#.*/, '').trim().split(/\s+/);
  if (path === undefined || path === '') return [];
  return clients.map((each) => {
    const [, client = '*', options = ''] = /^([^(]*)(?:\((.*)\))?$/.exec(each) ?? [];
    return { path, client: client === '' ? '*' : client, options };
  });
}
