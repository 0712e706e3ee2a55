import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { mountAndExport } from '../../../activities/hosts/mount-home';
import { unmountFormerHomeImplementation } from '../../../activities/hosts/unmount-former-home';
import type { Dependencies } from '../../../activities/dependencies';
import { CONTEXT, FileServerWorld, REGION } from './file-server-world';

let world: FileServerWorld;
let devices: string[];
const place = () => ({ region: REGION, fileServer: world.fileServer });
const parts = () => unmountFormerHomeImplementation(withEc2(world.dependencies)).parts;
const onHost = async (...commands: string[]): Promise<string> => {
  const { stdout } = await world.fleet.run(world.fileServer.instanceId, commands.join('\n'), {
    timeoutSeconds: 20,
  });
  return stdout.trim();
};
/** Mount points, exports, and the NFS server, as the host has them. */
const state = async () => ({
  mounts: await onHost('findmnt -rno SOURCE,TARGET || true'),
  exports: world.exported(),
  server: await onHost('systemctl is-active nfs-server || true', 'systemctl is-enabled nfs-server || true'),
});

/** EC2 that knows which devices of the file server are taken. */
function withEc2(dependencies: Dependencies): Dependencies {
  const BlockDeviceMappings = devices.map((DeviceName) => ({ DeviceName }));
  const Instances = [{ InstanceId: world.fileServer.instanceId, BlockDeviceMappings }];
  const client = { send: () => Promise.resolve({ Reservations: [{ Instances }] }) };
  return {
    ...dependencies,
    aws: Object.assign(Object.create(dependencies.aws) as object, { ec2: () => client }) as never,
  };
}

beforeEach(async () => {
  world = await FileServerWorld.start();
  devices = ['/dev/sda1', '/dev/xvdf'];
});
afterEach(() => world.stop());

async function cycle() {
  const check = await parts().check(place(), CONTEXT);
  const output = await parts().run!(place(), CONTEXT);
  const verified = await parts().verify(place(), output, CONTEXT);
  return { check, output, verified };
}

it('the home of a file server that mounts it at boot is unmounted, and given back mounted and exported', async () => {
  await mountAndExport(world.dependencies.aws, place());
  const before = await state();
  expect(before).toMatchObject({ exports: [world.fileServer.exportPath], server: 'active\nenabled' });
  const { check, output, verified } = await cycle();
  expect(check).toMatchObject({ state: 'needed', problems: [], calls: [{ action: 'unmount-home.sh' }] });
  expect(verified.facts).toMatchObject({ volumes: 'home unmounted', exportedTo: '' });
  expect((await state()).mounts).toBe('');
  await world.fleet.detachDevice(world.fileServer.instanceId, '/dev/xvdf');
  await world.fleet.attachDevice(world.fileServer.instanceId, '/dev/xvdf', world.volume);

  const undo = () => parts().undo!(place(), { before: check.before, output }, CONTEXT);
  world.ssm.loseAnswers = 1;
  expect(await undo()).toMatchObject({ facts: { mounted: true, exportedTo: '10.0.0.0/16' } });
  expect(await state()).toEqual(before);
  expect(await undo()).toMatchObject({ changed: false });
});

it('the home of a fenced primary is given back mounted, and stays fenced: exported to nobody, its NFS server off', async () => {
  await mountAndExport(world.dependencies.aws, place());
  await onHost(
    `exportfs -u "10.0.0.0/16:${world.fileServer.exportPath}"`,
    'systemctl disable --now nfs-server',
  );
  const before = await state();
  expect(before).toMatchObject({ exports: [], server: 'inactive\ndisabled' });
  const { check, output } = await cycle();
  expect((await state()).mounts).toBe('');
  expect(await parts().undo!(place(), { before: check.before, output }, CONTEXT)).toMatchObject({
    changed: true,
    facts: { mounted: true, exportedTo: '', nfsServer: 'inactive', nfsServerAtBoot: 'disabled' },
  });
  expect(await state()).toEqual(before);
});

it('the volume that is given back is not looked into: it may be an empty one, and its locks stay', async () => {
  const lock = join(world.repository(1), 'HEAD.lock');
  await onHost(
    `mkdir -p "${world.fileServer.volumes[0]!.mountPoint}"`,
    `mount /dev/xvdf "${world.fileServer.volumes[0]!.mountPoint}"`,
  );
  const { check, output } = await cycle();
  await parts().undo!(place(), { before: check.before, output }, CONTEXT);
  expect(existsSync(lock)).toBe(true);
  await parts().run!(place(), CONTEXT);
  rmSync(join(world.home, 'data'), { recursive: true });
  expect(await parts().undo!(place(), { before: check.before, output }, CONTEXT)).toMatchObject({
    changed: true,
  });
});

it('an attached volume that is not mounted, and an export over nothing, are left alone', async () => {
  await onHost(
    'systemctl enable --now nfs-server',
    `mkdir -p "${world.fileServer.exportPath}"`,
    `exportfs "10.0.0.0/16:${world.fileServer.exportPath}"`,
  );
  const before = await state();
  const { check, output, verified } = await cycle();
  expect(check).toMatchObject({ state: 'done', calls: [], problems: [] });
  expect(verified.facts).toMatchObject({ volumes: 'home unmounted' });
  expect(await parts().undo!(place(), { before: check.before, output }, CONTEXT)).toMatchObject({
    changed: false,
  });
  expect(await state()).toEqual(before);
  expect(world.ssm.scripts.join('\n')).not.toMatch(/^# The way back of/m);
});

it('a file server with a free device is not asked at all, and may be silent', async () => {
  devices = ['/dev/sda1'];
  world.ssm.managed = false;
  const { check, output } = await cycle();
  expect(check).toMatchObject({ state: 'done', calls: [], problems: [] });
  expect(await parts().undo!(place(), { before: check.before, output }, CONTEXT)).toEqual({
    changed: false,
    facts: {},
  });
  expect(world.ssm.scripts).toEqual([]);
});

it('a silent one with a volume on the device is told; people may unmount by hand, and are told to look after an undo', async () => {
  devices = ['/dev/sdf'];
  world.ssm.managed = false;
  const check = await parts().check(place(), CONTEXT);
  expect(check).toMatchObject({
    state: 'needed',
    problems: [{ code: 'formerHomeUnreachable', consent: 'handMount' }],
  });
  await expect(parts().run!(place(), CONTEXT)).rejects.toMatchObject({ name: 'AwsUnreachable' });
  expect(await parts().undo!(place(), { before: check.before }, CONTEXT)).toMatchObject({
    changed: false,
    followUp: expect.stringMatching(/^Look what is to be mounted on i-fileserver/),
  });
});

it('a run repeated after its answer was lost finds nothing to do', async () => {
  await mountAndExport(world.dependencies.aws, place());
  const { before } = await parts().check(place(), CONTEXT);
  await parts().run!(place(), CONTEXT);
  expect(await parts().run!(place(), CONTEXT)).toEqual({ unmounted: false });
  // What was there is what the check found before the first try.
  expect(await parts().undo!(place(), { before, output: { unmounted: false } }, CONTEXT)).toMatchObject({
    changed: true,
    facts: { mounted: true },
  });
});

describe('with a data store on a volume of its own', () => {
  beforeEach(async () => {
    await world.stop();
    world = await FileServerWorld.start({ withStore: true });
    devices = ['/dev/xvdf', '/dev/xvdg'];
  });

  it('both are unmounted, the inner one first, and mounted again', async () => {
    await mountAndExport(world.dependencies.aws, place());
    const before = await state();
    const { check, output } = await cycle();
    expect((await state()).mounts).toBe('');
    await parts().undo!(place(), { before: check.before, output }, CONTEXT);
    expect(await state()).toEqual(before);
  });

  it('only what was mounted is mounted again', async () => {
    const { mountPoint } = world.fileServer.volumes[0]!;
    await onHost(`mkdir -p "${mountPoint}"`, `mount /dev/xvdf "${mountPoint}"`);
    const before = await state();
    const { check, output } = await cycle();
    expect(check.before).toMatchObject({ mounted: false, formerlyMounted: 'home' });
    expect(await parts().undo!(place(), { before: check.before, output }, CONTEXT)).toMatchObject({
      changed: true,
    });
    expect(await state()).toEqual(before);
  });

  it('what was mounted from another device than the estate names is told, to be mounted by hand', async () => {
    const { mountPoint } = world.fileServer.volumes[0]!;
    await onHost(`mkdir -p "${mountPoint}"`, `mount /dev/xvdg "${mountPoint}"`);
    const { check, output } = await cycle();
    expect((await state()).mounts).toBe('');
    expect(await parts().undo!(place(), { before: check.before, output }, CONTEXT)).toMatchObject({
      changed: false,
      followUp: expect.stringMatching(/home other \/dev\/xvdg/),
    });
  });
});
