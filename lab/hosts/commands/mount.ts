import { lstatSync } from 'node:fs';
import type { Mount } from '../mounts';
import { absolute, failed, parseArguments, printed } from './command';
import type { Command, CommandCall, CommandResult } from './command';

const FAILED = 32;

/** mount(8): list, `mount [-t type] [-o options] DEVICE DIRECTORY`, `-o remount,… DIRECTORY`. */
export const mount: Command = (call) => {
  const { options, operands } = parseArguments(call.args, ['t', 'o', 'types', 'options', 'L', 'U']);
  const type = options.get('t') ?? options.get('types') ?? 'xfs';
  const wanted = (options.get('o') ?? options.get('options') ?? 'rw').split(',');
  const [first, second] = options.has('U') ? [`UUID=${options.get('U') ?? ''}`, operands[0]] : operands;
  if (first === undefined) return options.has('a') ? { code: 0 } : list(call);
  if (wanted.includes('remount')) return remount(call, second ?? first, wanted);
  if (second === undefined) return failed(1, `mount: ${first}: can't find in /etc/fstab.`);
  const target = absolute(call, second);
  const refusal = refuse(call, first, target);
  if (refusal !== undefined) return refusal;
  const device = call.host.mounts.device(first);
  if (device === undefined)
    return failed(FAILED, `mount: ${target}: special device ${first} does not exist.`);
  const source = `/dev/${device.name}`;
  if (call.host.mounts.mounts().some((each) => each.source === source || each.target === target)) {
    return failed(FAILED, `mount: ${target}: ${source} already mounted or mount point busy.`);
  }
  const read = wanted.includes('ro') ? wanted : ['rw', ...wanted.filter((each) => each !== 'rw')];
  call.host.mounts.mount(device, { source, target, type, options: read.join(',') });
  return { code: 0 };
};

function refuse(call: CommandCall, source: string, target: string): CommandResult | undefined {
  if (/^[\w.-]+:\//.test(source)) {
    return failed(FAILED, `mount: ${target}: this host mounts devices only, not ${source}.`);
  }
  if (!target.startsWith(`${call.host.root}/`)) {
    return failed(FAILED, `mount: ${target}: outside this host, which lives in ${call.host.root}.`);
  }
  const there = lstatSync(target, { throwIfNoEntry: false });
  return there === undefined ? failed(FAILED, `mount: ${target}: mount point does not exist.`) : undefined;
}

function remount(call: CommandCall, operand: string, wanted: readonly string[]): CommandResult {
  const found = findMount(call, operand);
  if (found === undefined) return failed(FAILED, `mount: ${operand}: mount point not mounted or bad option.`);
  call.host.mounts.remount(found.target, wanted.filter((each) => each !== 'remount').join(','));
  return { code: 0 };
}

function list(call: CommandCall): CommandResult {
  return printed(
    call.host.mounts
      .mounts()
      .map((each) => `${each.source} on ${each.target} type ${each.type} (${each.options})`),
  );
}

/** umount(8): by directory or device; busy while the file system is exported. */
export const umount: Command = (call) => {
  const { options, operands } = parseArguments(call.args, ['t', 'O']);
  for (const operand of operands) {
    const found = findMount(call, operand);
    if (found === undefined) return failed(FAILED, `umount: ${operand}: not mounted.`);
    const inUse = call.host.exports
      .current()
      .some((each) => call.host.mounts.holding(each.path)?.target === found.target);
    if (inUse && !options.has('l')) return failed(FAILED, `umount: ${found.target}: target is busy.`);
    call.host.mounts.unmount(found);
  }
  return operands.length > 0 ? { code: 0 } : failed(1, 'umount: bad usage');
};

/** mountpoint(1): 0 when a file system is mounted on the directory. */
export const mountpoint: Command = (call) => {
  const { options, operands } = parseArguments(call.args, []);
  const operand = operands[0];
  if (operand === undefined) return failed(1, 'mountpoint: bad usage');
  const target = absolute(call, operand);
  const quiet = options.has('q') || options.has('quiet');
  const mounted = call.host.mounts.mounts().some((each) => each.target === target);
  if (!mounted && lstatSync(target, { throwIfNoEntry: false }) === undefined) {
    return quiet ? { code: 1 } : failed(1, `mountpoint: ${operand}: No such file or directory`);
  }
  const code = mounted ? 0 : 32;
  return quiet ? { code } : printed([`${operand} is ${mounted ? '' : 'not '}a mountpoint`], code);
};

/** fsfreeze(8). The freeze is recorded, and refused where the kernel would; writes are not held back. */
export const fsfreeze: Command = (call) => {
  const { options, operands } = parseArguments(call.args, []);
  const freeze = options.has('f') || options.has('freeze');
  const thaw = options.has('u') || options.has('unfreeze');
  const operand = operands[0];
  if (operand === undefined || freeze === thaw) return failed(1, 'fsfreeze: bad usage');
  const found = findMount(call, operand);
  if (found === undefined) return failed(1, `fsfreeze: ${operand}: not a mount point`);
  const frozen = call.host.mounts.frozen().includes(found.target);
  if (freeze && frozen) return failed(1, `fsfreeze: ${operand}: freeze failed: Device or resource busy`);
  if (thaw && !frozen) return failed(1, `fsfreeze: ${operand}: unfreeze failed: Invalid argument`);
  if (freeze) call.host.mounts.freeze(found.target);
  else call.host.mounts.thaw(found.target);
  return { code: 0 };
};

/** sync(1): a volume is a directory here, and everybody who reads it sees what was written. */
export const sync: Command = () => ({ code: 0 });

/** By mount point, device, or UUID. */
export function findMount(call: CommandCall, operand: string): Mount | undefined {
  const target = absolute(call, operand);
  const device = call.host.mounts.device(operand);
  return call.host.mounts
    .mounts()
    .find(
      (each) => each.target === target || (device !== undefined && each.source === `/dev/${device.name}`),
    );
}
