import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Dependencies } from '../../../activities/dependencies';
import { mountHomeImplementation } from '../../../activities/hosts/mount-home';
import { later } from '../../../workflows/runbook/later';
import { isFinding } from '../../../workflows/plan/verify/finding';
import { soon } from '../aws/step-driver';
import { CONTEXT, FileServerWorld, REGION } from './file-server-world';

let world: FileServerWorld;
const input = () => ({ region: REGION, fileServer: world.fileServer });
const parts = () => mountHomeImplementation(world.dependencies).parts;

beforeEach(async () => {
  world = await FileServerWorld.start();
});
afterEach(() => world.stop());

it('mounts, removes stale locks, exports, and proves it with a sample of repositories', async () => {
  const before = await parts().check(input(), CONTEXT);
  expect(before).toMatchObject({
    state: 'needed',
    problems: [],
    before: { mounted: false, volumes: 'home unmounted' },
  });

  const output = await parts().run!(input(), CONTEXT);
  const { output: proven, facts } = await parts().verify(input(), output, CONTEXT);

  expect(proven).toEqual({ repositories: 2, sampled: 2 });
  expect(facts).toMatchObject({
    mounted: true,
    exportedTo: '10.0.0.0/16',
    nfsServer: 'active',
    properties: true,
  });
  expect(world.exported()).toEqual([world.fileServer.exportPath]);
  expect(existsSync(join(world.repository(1), 'HEAD.lock'))).toBe(false);
  expect((await parts().check(input(), CONTEXT)).state).toBe('done');
});

it('a run repeated after its answer was lost adopts the mount and leaves the locks of running nodes alone', async () => {
  world.ssm.loseAnswers = 1;
  await expect(parts().run!(input(), CONTEXT)).resolves.toMatchObject({ repositories: 2 });
  const live = join(world.repository(1), 'refs', 'heads', 'main.lock');
  writeFileSync(live, '');

  await parts().run!(input(), CONTEXT);

  expect(existsSync(live)).toBe(true);
  expect(world.exported()).toEqual([world.fileServer.exportPath]);
});

it('undo unexports and unmounts, and is a no-op the second time', async () => {
  const { before } = await parts().check(input(), CONTEXT);
  await parts().run!(input(), CONTEXT);
  expect(await parts().undo!(input(), { before }, CONTEXT)).toMatchObject({
    changed: true,
    facts: { mounted: false, exportedTo: '' },
  });
  expect(world.exported()).toEqual([]);
  expect(await parts().undo!(input(), { before }, CONTEXT)).toMatchObject({ changed: false });
});

it('undo keeps what was mounted and exported before the run', async () => {
  await parts().run!(input(), CONTEXT);
  const { before } = await parts().check(input(), CONTEXT);
  expect(await parts().undo!(input(), { before }, CONTEXT)).toMatchObject({ changed: false });
  expect(world.exported()).toEqual([world.fileServer.exportPath]);
});

it('a torn repository fails the proof, by its number', async () => {
  await parts().run!(input(), CONTEXT);
  rmSync(join(world.repository(2), 'objects'), { recursive: true });
  const failure = await failureOf(parts().verify(input(), undefined, CONTEXT));
  expect(failure).toMatchObject({ type: 'NeedsPerson' });
  expect(failure.message).toMatch(/fails in 1 of \d repositories \(2 in/);
  expect(isFinding('mountHome', failure.message)).toBe(true);
});

it('a volume that is no shared home is refused', async () => {
  for (const name of readdirSync(world.volume)) rmSync(join(world.volume, name), { recursive: true });
  const failure = await failureOf(parts().run!(input(), CONTEXT));
  expect(failure).toMatchObject({ type: 'NeedsPerson' });
  expect(failure.message).toContain('has no data/repositories');
  expect(isFinding('mountHome', failure.message)).toBe(true);
});

it('a home without bitbucket.properties fails the proof for good', async () => {
  await parts().run!(input(), CONTEXT);
  rmSync(join(world.home, 'bitbucket.properties'));
  const failure = await failureOf(parts().verify(input(), undefined, CONTEXT));
  expect(failure).toMatchObject({ type: 'Terminal' });
  expect(isFinding('mountHome', failure.message)).toBe(true);
});

it('verify says not yet while nothing is mounted', async () => {
  await expect(parts().verify(input(), undefined, CONTEXT)).rejects.toMatchObject({
    type: 'NotYet',
    message: expect.stringContaining('home unmounted'),
  });
});

it('check reports a file server that takes no commands; people may mount by hand', async () => {
  world.ssm.managed = false;
  const { problems } = await parts().check(input(), CONTEXT);
  expect(problems).toMatchObject([{ code: 'fileServerUnreachable', consent: 'handMount' }]);
});

it('locks that could not be searched to the end are searched again before anybody gets in', async () => {
  world.wrap('timeout', 'case "$*" in *" find . "*) exit 137 ;; esac');
  await expect(parts().run!(input(), CONTEXT)).rejects.toMatchObject({
    type: 'NotYet',
    message: expect.stringContaining('could not be searched in time'),
  });
  expect(world.exported()).toEqual([]);
  world.wrap('timeout', '');
  await parts().run!(input(), CONTEXT);
  expect(existsSync(join(world.repository(1), 'HEAD.lock'))).toBe(false);
  expect(world.exported()).toEqual([world.fileServer.exportPath]);
});

describe('a volume that the host does not mount', () => {
  /** Mount refuses every volume without `nouuid`, as a busy UUID and a broken log do, and names what it was asked. */
  const refusedOn = (type: string): void => {
    world.wrap('blkid', `echo ${type}; exit 0`);
    world.wrap(
      'mount',
      `echo "$*" >>"${world.root}/mounts"
case "$*" in
  *nouuid*) [ ${type} = xfs ] || { echo 'mount: wrong fs type, bad option, bad superblock' >&2; exit 32; } ;;
  *) echo "mount: can't read it" >&2; exit 32 ;;
esac`,
    );
  };
  const asked = () => readFileSync(join(world.root, 'mounts'), 'utf8').trim().split('\n');

  it('for its UUID, which a copy of an XFS volume shares with its source, is mounted without regard to that', async () => {
    refusedOn('xfs');
    await expect(parts().run!(input(), CONTEXT)).resolves.toMatchObject({ repositories: 2 });
    expect(asked()).toHaveLength(2);
  });

  it('of another file system is told in the words of its own refusal, which alone say what it is', async () => {
    refusedOn('ext4');
    const { message } = await failureOf(parts().run!(input(), CONTEXT));
    expect(message).toContain("can't read it");
    expect(isFinding('mountHome', message)).toBe(false);
    expect(asked()).toHaveLength(1);
  });

  it.each(['mount', 'blkid'])('because %s was ended by its time limit is tried again', async (program) => {
    refusedOn('ext4');
    world.wrap('timeout', `case "$*" in *" ${program} "*) exit 124 ;; esac`);
    const failure = await failureOf(parts().run!(input(), CONTEXT));
    expect(failure).toMatchObject({ type: 'NotYet', message: expect.stringContaining('not done in time') });
    expect(isFinding('mountHome', failure.message)).toBe(false);
  });
});

describe('with volumes that are to be mounted', () => {
  let attached: Record<string, string>;
  let ec2: () => Promise<unknown>;
  const wanted = (...volumeIds: string[]) => ({ ...input(), volumeIds });
  const withEc2 = (dependencies: Dependencies): Dependencies => ({
    ...dependencies,
    aws: Object.assign(Object.create(dependencies.aws) as object, {
      ec2: () => ({ send: () => ec2() }),
    }) as never,
  });
  const attending = () => mountHomeImplementation(withEc2(world.dependencies)).parts;

  beforeEach(() => {
    attached = { '/dev/sda1': 'vol-root', '/dev/sdf': 'vol-home' };
    ec2 = () => {
      const BlockDeviceMappings = Object.entries(attached).map(([DeviceName, VolumeId]) => ({
        ...{ DeviceName, Ebs: { VolumeId } },
      }));
      const Instances = [{ InstanceId: world.fileServer.instanceId, BlockDeviceMappings }];
      return Promise.resolve({ Reservations: [{ Instances }] });
    };
  });

  it('these are mounted, by either name of their device', async () => {
    const output = await attending().run!(wanted('vol-home'), CONTEXT);
    const { output: proven } = await attending().verify(wanted('vol-home'), output, CONTEXT);
    expect(proven).toMatchObject({ repositories: 2 });
    expect((await attending().check(wanted('vol-home'), CONTEXT)).state).toBe('done');
  });

  it('another one in their place is neither mounted nor taken for them, and is told by name', async () => {
    const said = expect.stringContaining('vol-home as /dev/xvdf (home), wanted is vol-new');
    const needsPerson = { type: 'NeedsPerson', message: said };
    const { problems, state } = await soon(90, () => attending().check(wanted('vol-new'), CONTEXT));
    expect([state, problems]).toEqual([
      'needed',
      [expect.objectContaining({ code: 'otherVolumeAttached', message: said })],
    ]);
    expect(problems[0]!.consent).toBeUndefined();
    await expect(soon(90, () => attending().run!(wanted('vol-new'), CONTEXT))).rejects.toMatchObject(
      needsPerson,
    );
    expect(world.exported()).toEqual([]);
    expect((await attending().check(wanted('vol-home'), CONTEXT)).before).toMatchObject({ mounted: false });

    // Mounted by hand, or by the boot of the file server.
    await parts().run!(input(), CONTEXT);
    const verify = () => attending().verify(wanted('vol-new'), undefined, CONTEXT);
    await expect(soon(90, verify)).rejects.toMatchObject(needsPerson);
    expect((await soon(90, () => attending().check(wanted('vol-new'), CONTEXT))).state).toBe('needed');
  });

  it('a look right after the change may still show the former one: it is looked again', async () => {
    for (const part of ['check', 'run', 'verify'] as const) {
      const look = (): Promise<unknown> =>
        part === 'verify'
          ? attending().verify(wanted('vol-new'), undefined, CONTEXT)
          : attending()[part]!(wanted('vol-new'), CONTEXT);
      await expect(look()).rejects.toMatchObject({ type: 'NotYet' });
    }
    expect(world.exported()).toEqual([]);
  });

  it('one that is still to be made is not compared', async () => {
    const { problems, state } = await attending().check(wanted(later('volume')), CONTEXT);
    expect([state, problems]).toEqual(['needed', []]);
  });

  it('EC2 that does not answer keeps nobody from mounting, by the worker or by hand', async () => {
    ec2 = () => Promise.reject(Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' }));
    await expect(attending().run!(wanted('vol-new'), CONTEXT)).resolves.toMatchObject({ repositories: 2 });
    world.ssm.managed = false;
    const { problems } = await attending().check(wanted('vol-new'), CONTEXT);
    expect(problems).toMatchObject([{ code: 'fileServerUnreachable', consent: 'handMount' }]);
  });
});

it('paths with quotes, dollars and braces reach the host as they are', async () => {
  const odd = `${world.fileServer.sharedHome}/$(touch ${world.root}/owned) 'x' {{y}}`;
  const fileServer = { ...world.fileServer, sharedHome: odd };
  await expect(parts().run!({ region: REGION, fileServer }, CONTEXT)).rejects.toMatchObject({
    message: expect.stringContaining(`${odd} has no data/repositories`),
  });
  expect(existsSync(join(world.root, 'owned'))).toBe(false);
  expect(world.ssm.scripts.join('')).not.toContain('{{');
});

describe('with a data store on a volume of its own', () => {
  beforeEach(async () => {
    await world.stop();
    world = await FileServerWorld.start({ withStore: true });
  });

  it('mounts both, removes the locks of git in both, exports, proves a sample of both, and undoes it', async () => {
    const { before } = await parts().check(input(), CONTEXT);
    expect(before).toMatchObject({ volumes: 'home unmounted, store unmounted' });
    const loose = join(world.store, 'a1', 'somebody-elses.lock');
    writeFileSync(loose, '');
    const output = await parts().run!(input(), CONTEXT);
    const { output: proven, facts } = await parts().verify(input(), output, CONTEXT);
    expect(proven).toEqual({ repositories: 3, sampled: 3 });
    expect(facts).toMatchObject({ mounted: true, volumes: 'home mounted, store mounted' });
    const locks = [world.repository(1), world.stored].map((path) => existsSync(join(path, 'HEAD.lock')));
    expect([...locks, existsSync(loose)]).toEqual([false, false, true]);
    expect(world.exported()).toEqual([world.fileServer.exportPath]);
    expect(await parts().undo!(input(), { before }, CONTEXT)).toMatchObject({
      changed: true,
      facts: { mounted: false, volumes: 'home unmounted, store unmounted', exportedTo: '' },
    });
  });

  it('a torn repository on the store fails the proof, by its path', async () => {
    await parts().run!(input(), CONTEXT);
    rmSync(join(world.stored, 'objects'), { recursive: true });
    mkdirSync(join(world.stored, 'objects'));
    await expect(parts().verify(input(), undefined, CONTEXT)).rejects.toMatchObject({
      type: 'NeedsPerson',
      message: expect.stringMatching(/fails in 1 of 3 repositories \(\/.*\/stores\/one\/a1\/b2c3\/3\)/),
    });
  });
});

function failureOf(work: Promise<unknown>): Promise<Error> {
  return work.then(
    () => {
      throw new Error('it did not fail');
    },
    (error: Error) => error,
  );
}
