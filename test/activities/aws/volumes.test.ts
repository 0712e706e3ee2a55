import {
  AttachVolumeCommand,
  CreateSnapshotCommand,
  CreateVolumeCommand,
  DescribeInstancesCommand,
  DescribeSnapshotsCommand,
  DescribeVolumesCommand,
  RunInstancesCommand,
} from '@aws-sdk/client-ec2';
import type { Volume } from '@aws-sdk/client-ec2';
import { ApplicationFailure } from '@temporalio/common';
import { MockActivityEnvironment } from '@temporalio/testing';

import { attachHomeVolumeImplementation } from '../../../activities/aws/ec2/attach-home-volume';
import { isAttachedHere, volumeOn } from '../../../activities/aws/ec2/attachment';
import { createHomeVolumeImplementation } from '../../../activities/aws/ec2/create-home-volume';
import { homeCopyOf, listHomeCopiesImplementation } from '../../../activities/aws/ec2/list-home-copies';
import { isLater, later } from '../../../workflows/runbook/later';
import type { AttachHomeVolume, CreateHomeVolume } from '../../../workflows/steps/home-volume';
import type { HomeCopy } from '../../../workflows/steps/list-home-copies';
import { until } from '../../support/until';
import { AwsLab, STANDBY, ZONE } from './aws-lab';
import { codes, context, lookWith, StepDriver } from './step-driver';

const DEVICE = '/dev/xvdf';
let lab: AwsLab;
let server: string;
let snapshotId: string;

beforeAll(async () => {
  lab = await AwsLab.start();
  const { Instances } = await ec2().send(
    new RunInstancesCommand({
      ImageId: 'ami-0bb1bb1bb1bb1bb10',
      InstanceType: 'm5.large',
      MinCount: 1,
      MaxCount: 1,
      Placement: { AvailabilityZone: ZONE },
    }),
  );
  server = Instances![0]!.InstanceId!;
  await until('the file server', async () => {
    const reply = await ec2().send(new DescribeInstancesCommand({ InstanceIds: [server] }));
    return reply.Reservations![0]!.Instances![0]!.State!.Name === 'running' || undefined;
  });
  const source = await newVolume();
  const { SnapshotId } = await ec2().send(
    new CreateSnapshotCommand({
      VolumeId: source,
      TagSpecifications: [
        {
          ResourceType: 'snapshot',
          Tags: [
            { Key: 'runbooks:instance', Value: 'bitbucket' },
            { Key: 'runbooks:backup', Value: 'set-1' },
            { Key: 'runbooks:volume', Value: 'home' },
            { Key: 'runbooks:members', Value: 'home, data' },
            { Key: 'runbooks:captured-at', Value: '2026-11-20T10:00:00Z' },
          ],
        },
      ],
    }),
  );
  snapshotId = SnapshotId!;
});
afterAll(() => lab.stop());
afterEach(() => lab.gateway.faults.clear());

const ec2 = () => lab.clients.ec2(STANDBY);

async function newVolume(zone = ZONE): Promise<string> {
  const { VolumeId } = await ec2().send(
    new CreateVolumeCommand({ AvailabilityZone: zone, Size: 10, VolumeType: 'gp3' }),
  );
  await until('a volume', async () => (await volume(VolumeId!))?.State === 'available' || undefined);
  return VolumeId!;
}

async function volume(id: string): Promise<Volume | undefined> {
  const { Volumes } = await ec2().send(new DescribeVolumesCommand({ VolumeIds: [id] }));
  return Volumes?.[0];
}

const completed = () =>
  until('the snapshot', async () => {
    const { Snapshots } = await ec2().send(new DescribeSnapshotsCommand({ SnapshotIds: [snapshotId] }));
    return Snapshots![0]!.State === 'completed' || undefined;
  });

const creation = (o: Partial<CreateHomeVolume> = {}): CreateHomeVolume => ({
  region: STANDBY,
  volume: 'home',
  snapshotId,
  availabilityZone: ZONE,
  volumeType: 'gp3',
  ...o,
});
const creator = (workflow?: string, firstRunId?: string) =>
  new StepDriver<CreateHomeVolume, { volumeId: string; sizeGiB: number }>(
    createHomeVolumeImplementation(lab.dependencies),
    context('createHomeVolume', workflow, firstRunId),
  );

test('a copy that is not completed cannot be used', async () => {
  lab.gateway.faults.clear();
  // On a busy machine one may be complete before it is looked at.
  const found = await until('a look at one that is pending', async () => {
    const { SnapshotId } = await ec2().send(new CreateSnapshotCommand({ VolumeId: await newVolume() }));
    const problems = codes(await creator().check(creation({ snapshotId: SnapshotId! })));
    return problems.length === 0 ? undefined : problems;
  });
  expect(found).toEqual(['homeCopyNotCompleted']);
  expect(codes(await creator().check(creation({ snapshotId: 'snap-00000000000000000' })))).toEqual([
    'homeCopyNotFound',
  ]);
});

test('copies of the home are listed by their tags', async () => {
  await completed();
  const found = await lookWith<{ copies: HomeCopy[]; ignored: string[] }>(
    listHomeCopiesImplementation(lab.dependencies),
    { region: STANDBY, instance: 'bitbucket' },
  );
  expect(found.copies).toMatchObject([
    {
      snapshotId,
      backup: 'set-1',
      volume: 'home',
      members: ['home', 'data'],
      state: 'completed',
      sizeGiB: 10,
    },
  ]);
  expect(found.copies[0]!.capturedAt).toBe('2026-11-20T10:00:00.000Z');
});

test('a snapshot with missing tags is named, not used', () => {
  const copy = homeCopyOf({ SnapshotId: 'snap-1', Tags: [{ Key: 'runbooks:volume', Value: 'home' }] });
  expect(copy).toBe(
    'snap-1: no runbooks:backup, runbooks:members does not name its volume, runbooks:captured-at is no time',
  );
});

test('a copy that is being deleted is named, not used; one that has failed a verification says so', () => {
  const tagged = (more: Readonly<Record<string, string>>) => {
    const tags = {
      'runbooks:backup': 'set-1',
      'runbooks:volume': 'home',
      'runbooks:members': 'home',
      'runbooks:captured-at': '2026-11-20T10:00:00Z',
      ...more,
    };
    return homeCopyOf({
      SnapshotId: 'snap-1',
      Tags: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })),
    });
  };
  expect(tagged({ 'runbooks:deleting': 'pruneBackups/bitbucket/1' })).toBe(
    'snap-1: being deleted by pruneBackups/bitbucket/1',
  );
  const at = '2026-11-22T03:00:00.000Z';
  expect(tagged({ 'runbooks:verification': `failed ${at}` })).toMatchObject({ failedVerificationAt: at });
  expect(tagged({ 'runbooks:verification': `passed ${at}` })).not.toHaveProperty('failedVerificationAt');
});

test('one volume per run, whatever answers are lost; undo deletes it, and only once', async () => {
  await completed();
  const from = lab.ledgerLength;
  lab.loseAnswers('CreateVolume', 2);
  const driver = creator();
  const { check, first, second } = await driver.twice(creation());
  expect(check).toMatchObject({ state: 'needed', problems: [] });
  expect(isLater(check.output.volumeId)).toBe(true);
  expect(second.output).toEqual(first.output);
  expect(first.output.sizeGiB).toBe(10);
  const { Volumes } = await ec2().send(
    new DescribeVolumesCommand({ Filters: [{ Name: 'tag:runbooks:step', Values: ['createHomeVolume'] }] }),
  );
  expect(Volumes).toHaveLength(1);
  expect(lab.changes(from)).toEqual(['CreateVolume']);
  expect(await driver.check(creation())).toMatchObject({ state: 'done', output: first.output, calls: [] });
  expect(await driver.undo(creation(), check.before)).toMatchObject({ changed: true });
  expect(await driver.undo(creation(), check.before, first.output)).toMatchObject({ changed: false });
});

test('a later run under the same workflow id adopts nothing that the earlier one made, nor deletes it', async () => {
  await completed();
  const earlier = creator('restore-now', 'run-1');
  const { output: former } = await earlier.verify(creation(), await earlier.run(creation()));
  const later = creator('restore-now', 'run-2');
  const check = await later.check(creation());
  expect(check).toMatchObject({ state: 'needed', problems: [] });
  const { output: made } = await later.verify(creation(), await later.run(creation()));
  expect(made.volumeId).not.toBe(former.volumeId);
  expect(await later.undo(creation(), check.before, made)).toMatchObject({ changed: true });
  expect(await earlier.check(creation())).toMatchObject({ state: 'done', output: former });
});

const madeBy = async (workflow: string) => {
  const { Volumes = [] } = await ec2().send(
    new DescribeVolumesCommand({ Filters: [{ Name: 'tag:runbooks:run', Values: [workflow] }] }),
  );
  return Volumes.map(({ VolumeId, State }) => `${VolumeId} ${State}`);
};
/** What a look a minute after the call comes to. */
const lookLate = (driver: ReturnType<typeof creator>, output: { volumeId: string; sizeGiB: number }) =>
  until('an end', async () => {
    const late = new MockActivityEnvironment({ scheduledTimestampMs: Date.now() - 61_000 });
    const ended = await late
      .run(() => driver.verifyOnce(creation(), output))
      .catch((error: ApplicationFailure) => error);
    return ended instanceof ApplicationFailure && ended.type === 'NotYet' ? undefined : ended;
  });

test.each(['gone', 'error'] as const)(
  'a volume that EBS gave up (%s) is told with the hint at its key, and retry makes another one',
  async (how) => {
    await completed();
    const workflow = `given-up/${how}`;
    lab.compute.volumes.giveUpNext(how);
    lab.compute.volumes.giveUpNext(how);
    const driver = creator(workflow);
    const check = await driver.check(creation());
    const first = await driver.run(creation());
    expect(await lookLate(driver, first)).toMatchObject({
      type: 'NeedsPerson',
      message: expect.stringMatching(
        how === 'gone'
          ? /was made, and is not to be seen after a minute.*its key is enabled and usable by the worker/
          : /is error.*its key is enabled and usable by the worker/,
      ),
    });
    const again = (await driver.check(creation())).calls.map(({ action, target }) => `${action} ${target}`);
    expect(again).toEqual([
      'CreateVolume home',
      ...(how === 'error' ? [`DeleteVolume ${first.volumeId}`] : []),
    ]);
    // The key was not mended yet: the second one is given up as well.
    const second = await driver.run(creation());
    expect(second.volumeId).not.toBe(first.volumeId);
    expect(await lookLate(driver, second)).toMatchObject({ type: 'NeedsPerson' });

    lab.loseAnswers('CreateVolume', 6);
    const third = await driver.run(creation());
    const { output } = await driver.verify(creation(), third);
    // Another worker, which knows nothing but what EC2 tells.
    expect(await creator(workflow).run(creation())).toEqual(output);
    expect([first.volumeId, second.volumeId]).not.toContain(output.volumeId);
    expect(await madeBy(workflow)).toEqual([`${output.volumeId} available`]);
    expect(await driver.undo(creation(), check.before, output)).toMatchObject({ changed: true });
    expect(await madeBy(workflow)).toEqual([]);
  },
);

test('while a volume lives its token is asked for again: a stale list makes no second one', async () => {
  await completed();
  const workflow = 'stale/1';
  const driver = creator(workflow);
  lab.compute.volumes.giveUpNext('gone');
  await lookLate(driver, await driver.run(creation()));
  // The answer of the second token is lost for good, and the list does not show its volume yet.
  lab.loseAnswers('CreateVolume', 99);
  await expect(driver.runOnce(creation())).rejects.toMatchObject({ name: 'AwsUnreachable' });
  lab.gateway.faults.clear();
  const blind = new StepDriver<CreateHomeVolume, { volumeId: string; sizeGiB: number }>(
    createHomeVolumeImplementation(withoutLists()),
    context('createHomeVolume', workflow),
  );
  const made = await blind.run(creation());
  expect(await blind.run(creation())).toEqual(made);
  expect((await driver.verify(creation(), made)).output).toEqual(made);
  expect(await madeBy(workflow)).toEqual([`${made.volumeId} available`]);
});

test('undo deletes a volume in error that its own answer does not name', async () => {
  await completed();
  const workflow = 'given-up/undone';
  lab.compute.volumes.giveUpNext('error');
  const driver = creator(workflow);
  const check = await driver.check(creation());
  const output = await driver.run(creation());
  await lookLate(driver, output);
  expect(await driver.undo(creation(), check.before)).toMatchObject({ changed: true });
  expect(await madeBy(workflow)).toEqual([]);
  expect(await driver.undo(creation(), check.before, output)).toMatchObject({ changed: false });
});

/** EC2 that finds no volume by its tags, as it may right after the creation. */
function withoutLists(): typeof lab.dependencies {
  const { aws } = lab.dependencies;
  const ec2Blind = (region: string) => {
    const client = aws.ec2(region);
    const send = (command: unknown) =>
      command instanceof DescribeVolumesCommand && command.input.Filters !== undefined
        ? Promise.resolve({ Volumes: [] })
        : (client.send as (given: unknown) => unknown).call(client, command);
    return new Proxy(client, {
      get: (target, key) => (key === 'send' ? send : (Reflect.get(target, key) as unknown)),
    });
  };
  return {
    ...lab.dependencies,
    aws: new Proxy(aws, {
      get: (target, key) => (key === 'ec2' ? ec2Blind : (Reflect.get(target, key) as unknown)),
    }),
  };
}

test('a volume that is still being made says so', async () => {
  await completed();
  const driver = creator('slow/1');
  const output = await lab.slowly(() => driver.run(creation()));
  await driver.verify(creation(), output);
  expect(driver.progress.join('\n')).toMatch(/volume vol-\w+ is creating \(10 GiB from snap-\w+\)/);
});

test('a volume gets the IOPS and the throughput that the estate names, and the plan shows them', async () => {
  await completed();
  const fast = creation({ volumeType: 'io2', iops: 4000 });
  const driver = creator('fast/1');
  const { check, first } = await driver.twice(fast);
  expect(check.calls).toMatchObject([
    { action: 'CreateVolume', parameters: { VolumeType: 'io2', Iops: 4000 } },
  ]);
  expect(check.calls[0]!.parameters).not.toHaveProperty('Throughput');
  const sent = lab.gateway.ledger.entries().findLast(({ action }) => action === 'CreateVolume');
  expect(sent!.parameters).toMatchObject({ VolumeType: 'io2', Iops: '4000' });
  // What somebody has changed since is not ours to judge, as little as the type.
  expect(await driver.check(creation({ volumeType: 'gp3', iops: 9000, throughput: 500 }))).toMatchObject({
    state: 'done',
    output: first.output,
  });
  const gp3 = (await creator('fast/2').check(creation({ iops: 9000, throughput: 500 }))).calls;
  expect(gp3[0]!.parameters).toMatchObject({ VolumeType: 'gp3', Iops: 9000, Throughput: 500 });
});

test('stand-ins of a plan are not asked about', async () => {
  const from = lab.ledgerLength;
  const check = await creator().check(creation({ snapshotId: later('newest copy') }));
  expect(check).toMatchObject({ state: 'needed', problems: [] });
  expect(lab.ledgerLength).toBe(from);
  const attach = await attacher().check(attachment(later('volume of createHomeVolume')));
  expect(attach.problems).toEqual([]);
  expect(attach.output.volumeId).toBe('later:volume of createHomeVolume');
});

const attachment = (volumeId: string): AttachHomeVolume => ({
  region: STANDBY,
  volumeId,
  fileServerInstanceId: server,
  device: DEVICE,
});
const attacher = (workflow?: string) =>
  new StepDriver<AttachHomeVolume, { volumeId: string; replaced: string | null }>(
    attachHomeVolumeImplementation(lab.dependencies),
    context('attachHomeVolume', workflow),
  );

test('takes the device from the volume that has it, and undo puts that one back', async () => {
  const [empty, home] = [await newVolume(), await newVolume()];
  await ec2().send(new AttachVolumeCommand({ VolumeId: empty, InstanceId: server, Device: DEVICE }));
  await until(
    'attachment',
    async () => (await volume(empty))?.Attachments?.[0]?.State === 'attached' || undefined,
  );
  lab.nodes.mount(DEVICE);
  const driver = attacher();
  const check = await driver.check(attachment(home));
  expect(check).toMatchObject({ state: 'needed', problems: [], before: { replaced: empty } });
  expect(check.calls.map((call) => call.action)).toEqual(['CreateTags', 'DetachVolume', 'AttachVolume']);

  await until('busy', async () => {
    const said = await driver.runOnce(attachment(home)).catch((error: Error) => error.message);
    return typeof said === 'string' && said.includes('still mounted') ? true : undefined;
  });
  lab.nodes.unmount(DEVICE);
  lab.loseAnswers('AttachVolume');
  const first = await driver.verify(attachment(home), await driver.run(attachment(home)));
  expect(first.output).toEqual({ volumeId: home, replaced: empty });
  const from = lab.ledgerLength;
  expect((await driver.verify(attachment(home), await driver.run(attachment(home)))).output).toEqual(
    first.output,
  );
  expect(lab.changes(from)).toEqual([]);
  expect(await driver.check(attachment(home))).toMatchObject({ state: 'done', output: first.output });

  expect(await driver.undo(attachment(home), check.before)).toMatchObject({ changed: true });
  await until('the former volume', async () => {
    const [former, ours] = [await volume(empty), await volume(home)];
    return (former?.Attachments?.[0]?.State === 'attached' && ours?.State === 'available') || undefined;
  });
  expect(await driver.undo(attachment(home), check.before)).toMatchObject({ changed: false });
});

test('a volume is found on its device under either name of that', () => {
  const mapping = { DeviceName: '/dev/sdf', Ebs: { VolumeId: 'vol-1' } };
  expect(volumeOn({ BlockDeviceMappings: [mapping] }, '/dev/xvdf')).toBe('vol-1');
  expect(volumeOn({ BlockDeviceMappings: [mapping] }, '/dev/xvdg')).toBeUndefined();
  const attached = { Attachments: [{ InstanceId: server, Device: '/dev/sdf', State: 'attached' as const }] };
  expect(isAttachedHere(attached, attachment('vol-1'))).toBe(true);
});

test('an attachment that is not seen at first is looked for again, and people are asked only later', async () => {
  const home = await newVolume();
  const since = (seconds: number) =>
    new MockActivityEnvironment({ scheduledTimestampMs: Date.now() - seconds * 1000 });
  const look = () => attacher('y/1').verifyOnce(attachment(home));
  await expect(since(0).run(look)).rejects.toMatchObject({
    type: 'NotYet',
    message: `volume ${home} is not seen on ${server} as ${DEVICE} yet (available)`,
  });
  await expect(since(61).run(look)).rejects.toMatchObject({
    type: 'NeedsPerson',
    message: expect.stringMatching(/Look who detached it, then retry\.$/),
  });
});

test('a volume in another zone, a volume held elsewhere and a missing server are all told', async () => {
  const far = await newVolume('eu-west-1b');
  expect(codes(await attacher('x/1').check(attachment(far)))).toEqual(['volumeInOtherZone']);
  expect(codes(await attacher('x/1').check(attachment('vol-00000000000000000')))).toEqual(['volumeNotFound']);
  const nobody = { ...attachment(far), fileServerInstanceId: 'i-00000000000000000' };
  expect(codes(await attacher('x/1').check(nobody))).toEqual(['fileServerNotFound']);
});
