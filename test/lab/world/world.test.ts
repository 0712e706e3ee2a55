import { existsSync, readFileSync } from 'node:fs';
import { Resolver } from 'node:dns/promises';
import { join } from 'node:path';

import {
  DescribeAutoScalingGroupsCommand,
  SuspendProcessesCommand,
  UpdateAutoScalingGroupCommand,
} from '@aws-sdk/client-auto-scaling';
import { PromoteReadReplicaCommand } from '@aws-sdk/client-rds';
import {
  AttachVolumeCommand,
  CreateVolumeCommand,
  DescribeSnapshotsCommand,
  DescribeVolumesCommand,
} from '@aws-sdk/client-ec2';

import { loadEstate } from '../../../estate/load';
import { LabAws } from '../../../lab/world/aws';
import type { Disaster } from '../../../lab/world/disasters';
import { runningProcesses } from '../../../lab/world/process';
import { findLab } from '../../../lab/world/registry';
import { World } from '../../../lab/world/world';
import { until } from '../../support/until';

let world: World;
let other: World;
let aws: { primary: LabAws; standby: LabAws };

beforeAll(async () => {
  [world, other] = await Promise.all([
    World.start({ scale: 120, homeCopyEverySeconds: null }),
    World.start({ scale: 120, nodes: 1, homeCopyEverySeconds: null }),
  ]);
  aws = {
    primary: new LabAws('eu-central-1', world.gateway.url),
    standby: new LabAws('eu-west-1', world.gateway.url),
  };
});

afterAll(async () => {
  Object.values(aws ?? {}).forEach((client) => client.destroy());
  await Promise.all([world?.stop(), other?.stop()]);
});

async function serves(nodes: number): Promise<true | undefined> {
  const { primary } = await world.probe();
  const running = primary.nodes.filter(({ state }) => state === 'RUNNING').length;
  return (primary.acceptsWrites && running === nodes) || undefined;
}

/** How many sockets listen in 127.N.0.0/16; the kernel writes addresses backwards in hexadecimal. */
function listening(network: number): number {
  const byte = network.toString(16).padStart(2, '0').toUpperCase();
  const lines = readFileSync('/proc/net/tcp', 'utf8').split('\n');
  return lines.filter((line) => new RegExp(`^ *\\d+: .{4}${byte}7F:.{4} 00000000:0000 0A`).test(line)).length;
}

test('two worlds live side by side, and the end of one leaves no process, no directory and the other untouched', async () => {
  expect(other.network.number).not.toBe(world.network.number);
  expect(await serves(2)).toBe(true);
  expect(listening(other.network.number)).toBeGreaterThan(5);
  await other.stop();
  expect(existsSync(other.directory.root)).toBe(false);
  expect(findLab(other.name)).toBeUndefined();
  expect(listening(other.network.number)).toBe(0);
  expect(runningProcesses().length).toBeGreaterThan(4);
  expect(await serves(2)).toBe(true);
});

test('the public name leads to the primary site, which serves and replicates', async () => {
  const resolver = new Resolver();
  resolver.setServers([world.resolver]);
  const [address] = await resolver.resolve4('git.bitbucket.lab');
  const response = await fetch(`http://${address}:8080/status`);
  expect(await response.json()).toEqual({ state: 'RUNNING' });
  const [row] = await world.databases.query<{ repositories: number }>(
    'eu-west-1',
    'bitbucket-prod-dr-db',
    'select count(*)::int as repositories from repository',
  );
  expect(row?.repositories).toBe(4);
});

test('a completed copy of the home with all its tags lies in the standby region, made by nobody’s run', async () => {
  const { Snapshots = [] } = await aws.standby.ec2.send(
    new DescribeSnapshotsCommand({
      Filters: [{ Name: 'tag:runbooks:instance', Values: [world.instance] }],
    }),
  );
  expect(Snapshots).toHaveLength(1);
  const tags: Record<string, string> = {};
  for (const { Key = '', Value = '' } of Snapshots[0]?.Tags ?? []) tags[Key] = Value;
  expect(Snapshots[0]?.State).toBe('completed');
  expect(tags).toMatchObject({ 'runbooks:volume': 'home', 'runbooks:members': 'home' });
  expect(Math.abs(Date.now() - Date.parse(tags['runbooks:captured-at'] ?? ''))).toBeLessThan(120_000);
  expect(tags['runbooks:backup']).toBeTruthy();
  expect(
    existsSync(join(world.directory.snapshot(Snapshots[0]?.SnapshotId ?? ''), 'bitbucket.properties')),
  ).toBe(true);
});

test('older copies are removed, the newest are kept in both regions', async () => {
  for (let copy = 0; copy < 5; copy += 1) await world.homeCopies.copy();
  for (const { ec2 } of [aws.primary, aws.standby]) {
    const { Snapshots = [] } = await ec2.send(
      new DescribeSnapshotsCommand({
        Filters: [{ Name: 'tag:runbooks:instance', Values: [world.instance] }],
      }),
    );
    expect(Snapshots).toHaveLength(4);
  }
});

test('the estate that it writes is valid and names what is there', async () => {
  const estate = loadEstate(world.estate);
  const sites = Object.values(estate.instances[world.instance]?.sites ?? {});
  expect(sites.map(({ region }) => region)).toEqual(['eu-central-1', 'eu-west-1']);
  for (const { fileServer } of sites) {
    expect(world.hosts.hosts().map(({ instanceId }) => instanceId)).toContain(fileServer.instanceId);
  }
});

test('a world that nothing has happened to breaks no invariant', async () => {
  const { checked, violations } = await world.invariants();
  expect(violations).toEqual([]);
  expect(checked).toHaveLength(11);
});

const OUTAGES: readonly (readonly [
  Disaster,
  (site: Awaited<ReturnType<World['probe']>>['primary']) => boolean,
])[] = [
  [
    'region-down',
    (site) => site.database === 'unreachable' && site.nodes.every(({ state }) => state === 'none'),
  ],
  ['partition', (site) => site.balancer === 'not serving' && site.database === 'writable'],
  ['node-hang', (site) => site.nodes.filter(({ state }) => state === 'none').length === 1],
  ['database-down', (site) => site.database === 'unreachable'],
  ['nfs-hang', (site) => site.nodes.every(({ state }) => state === 'ERROR')],
];

test.each(OUTAGES)(
  '%s is seen from outside, and heals',
  async (disaster, isSeen) => {
    await world.breakIt(disaster);
    expect(world.disasters).toEqual([disaster]);
    await until(disaster, async () => isSeen((await world.probe()).primary) || undefined);
    await world.heal();
    expect(world.disasters).toEqual([]);
    await until('service', () => serves(2));
  },
  90_000,
);

test.each(['region-down', 'partition'] as const)(
  '%s: AWS of the lost region stays silent, AWS of the other one answers',
  async (disaster) => {
    await world.breakIt(disaster);
    const describe = new DescribeAutoScalingGroupsCommand({});
    const asked = aws.primary.autoScaling.send(describe, { abortSignal: AbortSignal.timeout(700) });
    await expect(asked).rejects.toThrow(/abort/i);
    const { AutoScalingGroups } = await aws.standby.autoScaling.send(describe);
    expect(AutoScalingGroups).toHaveLength(1);
    await world.heal();
    await until('service', () => serves(2));
  },
  90_000,
);

test('throttle refuses the next calls with the error of the service', async () => {
  await world.breakIt('throttle');
  await expect(aws.primary.ec2.send(new DescribeVolumesCommand({}))).rejects.toMatchObject({
    name: 'RequestLimitExceeded',
  });
  await world.heal();
  await aws.primary.ec2.send(new DescribeVolumesCommand({}));
});

test('lost-replies: the call fails for the caller and has taken effect; the invariants find what it left behind', async () => {
  const tags = ['runbooks:run', 'runbooks:step'].map((Key) => ({ Key, Value: 'lost' }));
  const create = new CreateVolumeCommand({
    AvailabilityZone: 'eu-west-1a',
    Size: 1,
    TagSpecifications: [{ ResourceType: 'volume', Tags: tags }],
  });
  await world.breakIt('lost-replies');
  await expect(aws.standby.ec2.send(create)).rejects.toThrow();
  await world.heal();
  await aws.standby.ec2.send(create);
  const { violations } = await world.invariants();
  expect(violations.filter((line) => line.startsWith('nothing created twice'))).toHaveLength(1);
  expect(violations.filter((line) => line.startsWith('no orphan volume or snapshot'))).toHaveLength(2);
});

test('what a run leaves frozen or suspended is found, but not held against a run under way', async () => {
  const { fileServerId, mountPoint, layout } = world.sites.primary;
  await world.hosts.run(fileServerId, `fsfreeze -f ${mountPoint}`, { timeoutSeconds: 5 });
  await aws.primary.autoScaling.send(
    new SuspendProcessesCommand({
      AutoScalingGroupName: layout.autoScalingGroup,
      ScalingProcesses: ['Launch'],
    }),
  );
  const names = (lines: readonly string[]): string[] => lines.map((line) => line.split(':')[0]!);
  expect(names((await world.invariants()).violations)).toEqual(
    expect.arrayContaining(['nothing left frozen', 'nothing left suspended on the serving site']),
  );
  expect(names((await world.invariants(false)).violations)).not.toContain('nothing left frozen');
});

test('a cut-off site that comes back unfenced beside its successor is caught as two writers', async () => {
  const { layout, fileServerId, mountPoint } = world.sites.standby;
  const never = 'never two sites accepting writes';
  await world.breakIt('partition');
  await aws.standby.rds.send(new PromoteReadReplicaCommand({ DBInstanceIdentifier: layout.databaseId }));
  const { Snapshots = [] } = await aws.standby.ec2.send(
    new DescribeSnapshotsCommand({
      Filters: [{ Name: 'tag:runbooks:instance', Values: [world.instance] }],
    }),
  );
  const { VolumeId = '' } = await aws.standby.ec2.send(
    new CreateVolumeCommand({ AvailabilityZone: layout.zone, SnapshotId: Snapshots[0]!.SnapshotId! }),
  );
  const inState = (state: string): Promise<true> =>
    until(`volume ${state}`, async () => {
      const { Volumes } = await aws.standby.ec2.send(new DescribeVolumesCommand({ VolumeIds: [VolumeId] }));
      return (
        [Volumes?.[0]?.State, Volumes?.[0]?.Attachments?.[0]?.State].includes(state as never) || undefined
      );
    });
  await inState('available');
  await aws.standby.ec2.send(
    new AttachVolumeCommand({ VolumeId, InstanceId: fileServerId, Device: '/dev/xvdf' }),
  );
  await inState('attached');
  const script = `set -e; mount /dev/xvdf ${mountPoint}; exportfs -o rw 127.0.0.0/8:${mountPoint}`;
  const mounted = await world.hosts.run(fileServerId, script, { timeoutSeconds: 10 });
  expect(mounted.stderr).toBe('');
  await until('promotion', async () => (await world.probe()).standby.database === 'writable' || undefined);
  await aws.standby.autoScaling.send(
    new UpdateAutoScalingGroupCommand({
      AutoScalingGroupName: layout.autoScalingGroup,
      MinSize: 1,
      DesiredCapacity: 1,
    }),
  );
  await until('successor', async () => (await world.probe()).standby.acceptsWrites || undefined);
  expect((await world.invariants(false)).violations.join()).not.toContain(never);
  await world.heal();
  await until('breach', async () => {
    const { violations } = await world.invariants(false);
    return violations.some((line) => line.startsWith(never)) || undefined;
  });
});
