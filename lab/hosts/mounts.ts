import { createHash } from 'node:crypto';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { basename, join } from 'node:path';

export interface Device {
  /** Name below /dev, e.g. `xvdf`. */
  readonly name: string;
  /** Directory that holds the volume's content. */
  readonly volume: string;
  /** As NVMe devices of EBS report it: the volume id without the dash. */
  readonly serial: string;
  readonly uuid: string;
}

export interface Mount {
  readonly source: string;
  readonly target: string;
  readonly type: string;
  readonly options: string;
}

/**
 * Block devices and mounts of a host. A device is a link `dev/NAME` to the volume's directory; mounting replaces the
 * mount point by a link to that directory and keeps the covered directory aside. Recorded in `etc/mtab`.
 */
export class Mounts {
  private readonly table: string;
  private readonly frozenFile: string;
  private readonly covered: string;

  constructor(private readonly root: string) {
    this.table = join(root, 'etc', 'mtab');
    this.frozenFile = join(root, 'run', 'frozen');
    this.covered = join(root, 'var', 'lib', 'covered');
    mkdirSync(this.covered, { recursive: true });
  }

  devices(): readonly Device[] {
    return readdirSync(join(this.root, 'dev'))
      .filter((name) => isLink(join(this.root, 'dev', name)))
      .map((name) => {
        const volume = readlinkSync(join(this.root, 'dev', name));
        return { name, volume, serial: basename(volume).replaceAll('-', ''), uuid: uuidOf(volume) };
      });
  }

  /** The device that `/dev/NAME`, `UUID=…` or a path through the host's own dev directory means. */
  device(source: string): Device | undefined {
    const uuid = /^UUID=(.+)$/.exec(source)?.[1];
    const name = source.replace(`${this.root}/dev/`, '').replace(/^\/dev\//, '');
    return this.devices().find((each) => (uuid === undefined ? each.name === name : each.uuid === uuid));
  }

  /** @throws Error when the name is taken, or the volume is attached under another name */
  attach(device: string, volume: string): void {
    const name = device.replace(/^\/dev\//, '');
    const taken = this.devices().find((each) => each.name === name || each.volume === volume);
    if (taken !== undefined) throw new Error(`/dev/${taken.name} already holds ${basename(taken.volume)}`);
    symlinkSync(volume, join(this.root, 'dev', name));
  }

  /** @throws Error `busy` while the device is mounted (unmount before detach [A §3.1]) */
  detach(device: string): void {
    const found = this.device(device);
    if (found === undefined) throw new Error(`no device ${device}`);
    const mount = this.mounts().find((each) => each.source === `/dev/${found.name}`);
    if (mount !== undefined) throw new Error(`device ${device} is busy: mounted on ${mount.target}`);
    rmSync(join(this.root, 'dev', found.name));
  }

  mounts(): readonly Mount[] {
    return lines(this.table).flatMap((line) => {
      const [source, target, type, options] = line.split(' ').map((field) => field.replaceAll('\\040', ' '));
      return source === undefined || target === undefined || type === undefined || options === undefined
        ? []
        : [{ source, target, type, options }];
    });
  }

  /** The mount that a path lies on, by its longest mount point. */
  holding(path: string): Mount | undefined {
    return this.mounts()
      .filter((mount) => path === mount.target || path.startsWith(`${mount.target}/`))
      .sort((a, b) => b.target.length - a.target.length)[0];
  }

  mount(device: Device, mount: Mount): void {
    renameSync(mount.target, this.asideOf(mount.target));
    symlinkSync(device.volume, mount.target);
    this.write([...this.mounts(), mount]);
  }

  remount(target: string, options: string): void {
    this.write(this.mounts().map((each) => (each.target === target ? { ...each, options } : each)));
  }

  unmount(mount: Mount): void {
    this.thaw(mount.target);
    rmSync(mount.target);
    renameSync(this.asideOf(mount.target), mount.target);
    this.write(this.mounts().filter((each) => each.target !== mount.target));
  }

  frozen(): readonly string[] {
    return lines(this.frozenFile);
  }

  freeze(target: string): void {
    writeFileSync(this.frozenFile, [...this.frozen(), target].map((each) => `${each}\n`).join(''));
  }

  thaw(target: string): void {
    const rest = this.frozen().filter((each) => each !== target);
    writeFileSync(this.frozenFile, rest.map((each) => `${each}\n`).join(''));
  }

  thawAll(): void {
    rmSync(this.frozenFile, { force: true });
  }

  private asideOf(target: string): string {
    return join(this.covered, createHash('sha1').update(target).digest('hex'));
  }

  private write(mounts: readonly Mount[]): void {
    const text = mounts.map((mount) =>
      [mount.source, mount.target, mount.type, mount.options, '0', '0']
        .map((field) => field.replaceAll(' ', '\\040'))
        .join(' '),
    );
    writeFileSync(this.table, text.map((line) => `${line}\n`).join(''));
  }
}

/** Lines of a small state file; none when it is absent. */
export function lines(file: string): readonly string[] {
  if (!existsSync(file)) return [];
  return readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line.trim() !== '');
}

function uuidOf(volume: string): string {
  const hex = createHash('sha1').update(basename(volume)).digest('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)].join(
    '-',
  );
}

function isLink(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() ?? false;
}
