import type { Device, Mount } from '../mounts';
import { absolute, failed, parseArguments, printed } from './command';
import type { Command, CommandCall, CommandResult } from './command';
import { findMount } from './mount';

type Row = Readonly<Record<string, string>>;

/** findmnt(8) with `-n -r -J -f -o -S -T -M -t`; 1 when nothing matches. */
export const findmnt: Command = (call) => {
  const long = ['output', 'source', 'target', 'mountpoint', 'types'];
  const { options, operands } = parseArguments(call.args, ['o', 'S', 'T', 'M', 't', ...long]);
  const option = (short: string, name: string): string | undefined => options.get(short) ?? options.get(name);
  const within = option('T', 'target');
  const types = option('t', 'types')?.split(',');
  const named = [option('S', 'source'), option('M', 'mountpoint'), ...operands].filter(
    (each): each is string => each !== undefined,
  );
  let found = within === undefined ? call.host.mounts.mounts() : holding(call, absolute(call, within));
  for (const name of named) {
    const mount = findMount(call, name);
    found = found.filter((each) => each.target === mount?.target);
  }
  if (types !== undefined) found = found.filter((each) => types.includes(each.type));
  if (found.length === 0) return { code: 1 };
  const columns = (option('o', 'output') ?? 'TARGET,SOURCE,FSTYPE,OPTIONS').toUpperCase().split(',');
  return table(
    found.map((each) => mountRow(call, each)),
    columns,
    options,
    'filesystems',
  );
};

function holding(call: CommandCall, path: string): readonly Mount[] {
  const root: Mount = { source: '/dev/root', target: call.host.root, type: 'xfs', options: 'rw' };
  return [call.host.mounts.holding(path) ?? root];
}

function mountRow(call: CommandCall, mount: Mount): Row {
  const device = call.host.mounts.device(mount.source);
  return {
    TARGET: mount.target,
    SOURCE: mount.source,
    FSTYPE: mount.type,
    OPTIONS: mount.options,
    'FS-OPTIONS': mount.options,
    UUID: device?.uuid ?? '',
  };
}

/** lsblk(8) with `-n -r -J -p -d -o`; SERIAL is the volume id without its dash, as EBS reports it. */
export const lsblk: Command = (call) => {
  const { options, operands } = parseArguments(call.args, ['o', 'output', 'e', 'I']);
  const known = call.host.mounts.devices();
  const wanted = operands.map((name) => call.host.mounts.device(name));
  const missing = operands.find((_, at) => wanted[at] === undefined);
  if (missing !== undefined) return failed(32, `lsblk: ${missing}: not a block device`);
  const listed =
    operands.length > 0 ? known.filter((each) => wanted.some((one) => one?.name === each.name)) : known;
  const columns = (options.get('o') ?? options.get('output') ?? 'NAME,TYPE,MOUNTPOINTS')
    .toUpperCase()
    .split(',');
  const prefix = options.has('p') || options.has('paths') ? '/dev/' : '';
  return table(
    listed.map((each) => deviceRow(call, each, prefix)),
    columns,
    options,
    'blockdevices',
  );
};

function deviceRow(call: CommandCall, device: Device, prefix: string): Row {
  const mount = call.host.mounts.mounts().find((each) => each.source === `/dev/${device.name}`);
  return {
    NAME: `${prefix}${device.name}`,
    KNAME: `${prefix}${device.name}`,
    PATH: `/dev/${device.name}`,
    TYPE: 'disk',
    SERIAL: device.serial,
    UUID: device.uuid,
    FSTYPE: mount?.type ?? 'xfs',
    MOUNTPOINT: mount?.target ?? '',
    MOUNTPOINTS: mount?.target ?? '',
  };
}

/** blkid(8): `[-o value|export|full] [-s TAG] [DEVICE…]`; 2 when the device is not there. */
export const blkid: Command = (call) => {
  const { options, operands } = parseArguments(call.args, ['o', 's', 'output', 'match-tag', 'c', 'U', 'L']);
  const uuid = options.get('U');
  const asked = uuid === undefined ? operands : [`UUID=${uuid}`];
  const devices =
    asked.length > 0 ? asked.map((each) => call.host.mounts.device(each)) : call.host.mounts.devices();
  const found = devices.filter((each) => each !== undefined);
  if (found.length === 0 || found.length < devices.length) return { code: 2 };
  if (uuid !== undefined) return printed(found.map((each) => `/dev/${each.name}`));
  const tag = options.get('s') ?? options.get('match-tag');
  const form = options.get('o') ?? options.get('output') ?? 'full';
  return printed(
    found.flatMap((device) => {
      const tags = Object.entries({ UUID: device.uuid, TYPE: deviceRow(call, device, '').FSTYPE ?? '' });
      const chosen = tags.filter(([name]) => tag === undefined || tag === name);
      if (form === 'value') return chosen.map(([, value]) => value);
      if (form === 'export') {
        return [`DEVNAME=/dev/${device.name}`, ...chosen.map(([name, value]) => `${name}=${value}`)];
      }
      return [`/dev/${device.name}: ${chosen.map(([name, value]) => `${name}="${value}"`).join(' ')}`];
    }),
  );
};

function table(
  rows: readonly Row[],
  columns: readonly string[],
  options: ReadonlyMap<string, string>,
  jsonName: string,
): CommandResult {
  const unknown = columns.find((column) => rows[0] !== undefined && rows[0][column] === undefined);
  if (unknown !== undefined) return failed(1, `unknown column: ${unknown}`);
  if (options.has('J') || options.has('json')) {
    const content = rows.map((row) =>
      Object.fromEntries(columns.map((column) => [column.toLowerCase(), row[column] || null])),
    );
    return printed([JSON.stringify({ [jsonName]: content }, null, 3)]);
  }
  const header = options.has('n') || options.has('noheadings') ? [] : [columns];
  const cells = rows.map((row) => columns.map((column) => row[column] ?? ''));
  const all = [...header, ...cells];
  const width = (column: number): number => Math.max(...all.map((row) => row[column]?.length ?? 0));
  const raw = options.has('r') || options.has('raw');
  return printed(
    all.map((row) =>
      row
        .map((cell, at) => (raw || at === row.length - 1 ? cell : cell.padEnd(width(at))))
        .join(' ')
        .trimEnd(),
    ),
  );
}
