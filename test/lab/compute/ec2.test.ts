import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  AttachVolumeCommand,
  AuthorizeSecurityGroupIngressCommand,
  CopySnapshotCommand,
  CreateSecurityGroupCommand,
  CreateSnapshotCommand,
  CreateSnapshotsCommand,
  CreateVolumeCommand,
  DeleteSnapshotCommand,
  DeleteVolumeCommand,
  DescribeInstancesCommand,
  DescribeSnapshotsCommand,
  DescribeVolumesCommand,
  DetachVolumeCommand,
  RevokeSecurityGroupIngressCommand,
  RunInstancesCommand,
  StartInstancesCommand,
  StopInstancesCommand,
  TerminateInstancesCommand,
} from '@aws-sdk/client-ec2';
import type { EC2Client, Snapshot, Volume } from '@aws-sdk/client-ec2';
import { Calendar } from '../../../lab/clock/calendar';
import { ComputeWorld, PRIMARY, STANDBY, until } from './compute-world';

let world: ComputeWorld;
let primary: EC2Client;
let standby: EC2Client;

beforeAll(async () => {
  world = await ComputeWorld.start(120);
  primary = world.ec2(PRIMARY);
  standby = world.ec2(STANDBY);
});
afterAll(() => world.stop());
afterEach(() => {
  expect(world.violations).toEqual([]);
  expect(world.gateway.failures()).toEqual([]);
});

async function snapshot(ec2: EC2Client, id: string): Promise<Snapshot> {
  const { Snapshots } = await ec2.send(new DescribeSnapshotsCommand({ SnapshotIds: [id] }));
  return Snapshots![0]!;
}

async function volume(ec2: EC2Client, id: string): Promise<Volume> {
  const { Volumes } = await ec2.send(new DescribeVolumesCommand({ VolumeIds: [id] }));
  return Volumes![0]!;
}

const completed = (ec2: EC2Client, id: string): Promise<Snapshot> =>
  until(
    10,
    () => snapshot(ec2, id),
    (seen) => seen.State === 'completed',
  );

async function newVolume(ec2: EC2Client, zone: string): Promise<string> {
  const { VolumeId, State } = await ec2.send(new CreateVolumeCommand({ AvailabilityZone: zone, Size: 5 }));
  expect(State).toBe('creating');
  await until(
    10,
    () => volume(ec2, VolumeId!),
    (seen) => seen.State === 'available',
  );
  return VolumeId!;
}

async function fileServer(ec2: EC2Client, zone: string): Promise<string> {
  const { Instances } = await ec2.send(
    new RunInstancesCommand({
      ImageId: 'ami-1234',
      MinCount: 1,
      MaxCount: 1,
      Placement: { AvailabilityZone: zone },
    }),
  );
  expect(Instances![0]!.State!.Name).toBe('pending');
  const id = Instances![0]!.InstanceId!;
  await instanceState(ec2, id, 'running');
  return id;
}

function instanceState(ec2: EC2Client, id: string, state: string) {
  return until(
    10,
    async () =>
      (await ec2.send(new DescribeInstancesCommand({ InstanceIds: [id] }))).Reservations![0]!.Instances![0]!,
    (seen) => seen.State!.Name === state,
  );
}

test('a snapshot holds the bytes of the call, crosses the region, and comes back as a volume', async () => {
  const source = await newVolume(primary, `${PRIMARY}a`);
  const home = world.directory.volume(source);
  mkdirSync(join(home, 'shared'));
  writeFileSync(join(home, 'shared', 'file'), 'at the call');
  const taken = await primary.send(
    new CreateSnapshotCommand({
      VolumeId: source,
      TagSpecifications: [{ ResourceType: 'snapshot', Tags: [{ Key: 'runbooks:backup', Value: 'set-1' }] }],
    }),
  );
  writeFileSync(join(home, 'shared', 'file'), 'later');
  expect(taken.State).toBe('pending');
  expect((await snapshot(primary, taken.SnapshotId!)).Progress).toBe('99%');
  const done = await completed(primary, taken.SnapshotId!);
  expect(done.CompletionTime).toBeInstanceOf(Date);

  const copy = await standby.send(
    new CopySnapshotCommand({
      SourceRegion: PRIMARY,
      SourceSnapshotId: taken.SnapshotId,
      TagSpecifications: [{ ResourceType: 'snapshot', Tags: [{ Key: 'runbooks:backup', Value: 'set-1' }] }],
    }),
  );
  expect(await snapshot(standby, copy.SnapshotId!)).toMatchObject({
    State: 'pending',
    VolumeId: 'vol-ffffffff',
    VolumeSize: 0,
    Progress: '0%',
    Tags: [{ Key: 'runbooks:backup', Value: 'set-1' }],
  });
  await expect(
    standby.send(new CreateVolumeCommand({ AvailabilityZone: `${STANDBY}a`, SnapshotId: copy.SnapshotId })),
  ).rejects.toMatchObject({ name: 'IncorrectState' });
  expect(await completed(standby, copy.SnapshotId!)).toMatchObject({ VolumeSize: 5 });

  const { VolumeId, Size } = await standby.send(
    new CreateVolumeCommand({ AvailabilityZone: `${STANDBY}a`, SnapshotId: copy.SnapshotId, Size: 1 }),
  );
  expect(Size).toBe(5);
  await until(
    10,
    () => volume(standby, VolumeId!),
    (seen) => seen.State === 'available',
  );
  expect(readFileSync(join(world.directory.volume(VolumeId!), 'shared', 'file'), 'utf8')).toBe('at the call');

  const { Snapshots } = await standby.send(
    new DescribeSnapshotsCommand({
      OwnerIds: ['self'],
      Filters: [
        { Name: 'tag:runbooks:backup', Values: ['set-1'] },
        { Name: 'status', Values: ['completed'] },
      ],
    }),
  );
  expect(Snapshots!.map((each) => each.SnapshotId)).toEqual([copy.SnapshotId]);
  await standby.send(new DeleteSnapshotCommand({ SnapshotId: copy.SnapshotId }));
  await expect(snapshot(standby, copy.SnapshotId!)).rejects.toMatchObject({
    name: 'InvalidSnapshot.NotFound',
  });
});

test('a copy of a snapshot that is not complete is accepted and fails later', async () => {
  const source = await newVolume(primary, `${PRIMARY}a`);
  const { SnapshotId } = await primary.send(new CreateSnapshotCommand({ VolumeId: source }));
  const send = (SourceSnapshotId: string) =>
    standby.send(new CopySnapshotCommand({ SourceRegion: PRIMARY, SourceSnapshotId }));
  const early = await send(SnapshotId!);
  const unknown = await send('snap-0123456789abcdef0');
  const failed = (id: string) =>
    until(
      10,
      () => snapshot(standby, id),
      (seen) => seen.State === 'error',
    );
  expect((await failed(early.SnapshotId!)).StateMessage).toBe('Source snapshot is not complete');
  expect((await failed(unknown.SnapshotId!)).StateMessage).toBe('Source snapshot is not found');
});

test('a snapshot says when it was taken by the calendar of that moment, and keeps saying it', async () => {
  const calendar = new Calendar(world.directory.calendar);
  const day = 86_400_000;
  const VolumeId = await newVolume(primary, `${PRIMARY}a`);
  calendar.move(-day);
  const taken = await primary.send(new CreateSnapshotCommand({ VolumeId }));
  calendar.move(0);
  const daysAgo = ({ StartTime }: Snapshot): number => Math.round((Date.now() - Number(StartTime)) / day);
  expect(daysAgo(taken)).toBe(1);
  expect(daysAgo(await completed(primary, taken.SnapshotId!))).toBe(1);
});

test('the quotas of one volume are kept', async () => {
  const VolumeId = await newVolume(primary, `${PRIMARY}a`);
  const both = await Promise.allSettled(
    [1, 2].map(() => primary.send(new CreateSnapshotCommand({ VolumeId }))),
  );
  const refused = both.filter((each) => each.status === 'rejected');
  expect(refused).toMatchObject([{ reason: { name: 'SnapshotCreationPerVolumeRateExceeded' } }]);
});

test('attach keeps its preconditions, detach waits until the volume is not mounted', async () => {
  const VolumeId = await newVolume(primary, `${PRIMARY}a`);
  const other = await newVolume(primary, `${PRIMARY}a`);
  const far = await newVolume(primary, `${PRIMARY}b`);
  const InstanceId = await fileServer(primary, `${PRIMARY}a`);
  const Device = '/dev/sdf';
  const attach = (id: string) => primary.send(new AttachVolumeCommand({ VolumeId: id, InstanceId, Device }));
  expect((await attach(VolumeId)).State).toBe('attaching');
  await expect(attach(VolumeId)).rejects.toMatchObject({ name: 'VolumeInUse' });
  await expect(attach(other)).rejects.toMatchObject({ name: 'InvalidParameterValue' });
  await expect(attach(far)).rejects.toMatchObject({ name: 'InvalidVolume.ZoneMismatch' });
  const attachment = async () => (await volume(primary, VolumeId)).Attachments?.[0]?.State ?? 'none';
  await until(10, attachment, (seen) => seen === 'attached');
  expect(world.hosts.devices.get(`${InstanceId} ${Device}`)).toBe(world.directory.volume(VolumeId));
  await expect(primary.send(new DeleteVolumeCommand({ VolumeId }))).rejects.toMatchObject({
    name: 'VolumeInUse',
  });

  const { Snapshots } = await primary.send(
    new CreateSnapshotsCommand({ InstanceSpecification: { InstanceId, ExcludeBootVolume: true } }),
  );
  expect(Snapshots!.map(({ VolumeId: id, State }) => [id, State])).toEqual([[VolumeId, 'pending']]);

  world.hosts.mounted.add(`${InstanceId} ${Device}`);
  await primary.send(new DetachVolumeCommand({ VolumeId }));
  await until(10, attachment, (seen) => seen === 'busy');
  world.hosts.mounted.clear();
  await until(10, attachment, (seen) => seen === 'none');
  expect((await volume(primary, VolumeId)).State).toBe('available');
  await expect(primary.send(new DetachVolumeCommand({ VolumeId }))).rejects.toMatchObject({
    name: 'IncorrectState',
  });
  await primary.send(new DeleteVolumeCommand({ VolumeId }));
});

test('the same client token makes one resource, also when the answer was lost', async () => {
  const create = (Size: number) =>
    primary.send(new CreateVolumeCommand({ AvailabilityZone: `${PRIMARY}a`, Size, ClientToken: 'token-1' }));
  world.gateway.faults.add({ match: { action: 'CreateVolume' }, times: 1, effect: { kind: 'dropAfter' } });
  await expect(create(7)).rejects.toThrow();
  world.gateway.faults.clear();
  const [first, second] = await Promise.all([create(7), create(7)]);
  expect(first.VolumeId).toBe(second.VolumeId);
  await expect(create(8)).rejects.toMatchObject({ name: 'IdempotentParameterMismatch' });
  const { Volumes } = await primary.send(
    new DescribeVolumesCommand({ Filters: [{ Name: 'size', Values: ['7'] }] }),
  );
  expect(Volumes).toHaveLength(1);
});

test('an instance has a machine with its own address, which follows its power', async () => {
  const InstanceId = await fileServer(standby, `${STANDBY}a`);
  const described = await instanceState(standby, InstanceId, 'running');
  const host = world.hosts.launched.get(InstanceId)!;
  expect(host).toMatchObject({ role: 'fileServer', region: STANDBY, address: described.PrivateIpAddress });
  const found = await standby.send(
    new DescribeInstancesCommand({
      Filters: [
        { Name: 'private-ip-address', Values: [host.address] },
        { Name: 'instance-state-name', Values: ['running'] },
      ],
    }),
  );
  expect(found.Reservations).toHaveLength(1);
  await standby.send(new StopInstancesCommand({ InstanceIds: [InstanceId] }));
  await expect(standby.send(new StartInstancesCommand({ InstanceIds: [InstanceId] }))).rejects.toMatchObject({
    name: 'IncorrectInstanceState',
  });
  await instanceState(standby, InstanceId, 'stopped');
  await standby.send(new TerminateInstancesCommand({ InstanceIds: [InstanceId] }));
  await instanceState(standby, InstanceId, 'terminated');
  expect(world.hosts.launched.has(InstanceId)).toBe(false);
});

test('a copy from a region without power goes on when the power is back', async () => {
  const source = await newVolume(primary, `${PRIMARY}a`);
  const { SnapshotId } = await primary.send(new CreateSnapshotCommand({ VolumeId: source }));
  await completed(primary, SnapshotId!);
  const copy = await standby.send(
    new CopySnapshotCommand({ SourceRegion: PRIMARY, SourceSnapshotId: SnapshotId }),
  );
  await world.compute.crash(PRIMARY);
  const patience = world.clock.now() + 300_000;
  await until(
    10,
    async () => world.clock.now(),
    (now) => now > patience,
  );
  expect((await snapshot(standby, copy.SnapshotId!)).State).toBe('pending');
  await world.compute.restore(PRIMARY);
  await completed(standby, copy.SnapshotId!);
});

test('whoever guards a port hears whether the security group lets anybody in', async () => {
  const heard: object[] = [];
  world.bus.on('securityGroup', (event) => heard.push(event));
  const { GroupId } = await standby.send(
    new CreateSecurityGroupCommand({ GroupName: 'database', Description: 'database' }),
  );
  const IpPermissions = [5432, 5433].map((port) => ({
    IpProtocol: 'tcp',
    FromPort: port,
    ToPort: port,
    IpRanges: [{ CidrIp: '10.0.0.0/8' }],
  }));
  await standby.send(new AuthorizeSecurityGroupIngressCommand({ GroupId, IpPermissions }));
  for (const permission of IpPermissions)
    await standby.send(new RevokeSecurityGroupIngressCommand({ GroupId, IpPermissions: [permission] }));
  const group = { region: STANDBY, groupId: GroupId };
  expect(heard).toEqual([
    { ...group, open: true },
    { ...group, open: true },
    { ...group, open: false },
  ]);
});
