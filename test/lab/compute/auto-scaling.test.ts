import {
  CreateAutoScalingGroupCommand,
  CreateLaunchConfigurationCommand,
  DescribeAutoScalingGroupsCommand,
  DescribeAutoScalingInstancesCommand,
  DescribeScalingActivitiesCommand,
  EnterStandbyCommand,
  ExitStandbyCommand,
  ResumeProcessesCommand,
  SetDesiredCapacityCommand,
  SuspendProcessesCommand,
  TerminateInstanceInAutoScalingGroupCommand,
  UpdateAutoScalingGroupCommand,
} from '@aws-sdk/client-auto-scaling';
import type { AutoScalingClient, AutoScalingGroup } from '@aws-sdk/client-auto-scaling';
import { DescribeInstancesCommand, TerminateInstancesCommand } from '@aws-sdk/client-ec2';
import {
  ConfigureHealthCheckCommand,
  CreateLoadBalancerCommand,
  DescribeInstanceHealthCommand,
  DescribeLoadBalancersCommand,
  ModifyLoadBalancerAttributesCommand,
} from '@aws-sdk/client-elastic-load-balancing';
import type { ElasticLoadBalancingClient } from '@aws-sdk/client-elastic-load-balancing';
import { ComputeWorld, PRIMARY, until } from './compute-world';

let world: ComputeWorld;
let scaling: AutoScalingClient;
let balancing: ElasticLoadBalancingClient;
let url: string;
const AutoScalingGroupName = 'nodes';
const LoadBalancerName = 'site';

beforeAll(async () => {
  world = await ComputeWorld.start(200);
  scaling = world.autoScaling();
  balancing = world.loadBalancing();
  const { DNSName } = await balancing.send(
    new CreateLoadBalancerCommand({
      LoadBalancerName,
      AvailabilityZones: [`${PRIMARY}a`],
      Listeners: [{ Protocol: 'HTTP', LoadBalancerPort: 80, InstancePort: 7990 }],
    }),
  );
  expect(DNSName).toMatch(/^site-\d+\.eu-central-1\.elb\.amazonaws\.com$/);
  url = `http://${world.compute.balancers.addressOf(DNSName!)!}:8080`;
  await balancing.send(
    new ModifyLoadBalancerAttributesCommand({
      LoadBalancerName,
      LoadBalancerAttributes: { ConnectionDraining: { Enabled: true, Timeout: 300 } },
    }),
  );
  await balancing.send(
    new ConfigureHealthCheckCommand({
      LoadBalancerName,
      HealthCheck: {
        Target: 'HTTP:7990/status',
        Interval: 10,
        Timeout: 5,
        HealthyThreshold: 2,
        UnhealthyThreshold: 2,
      },
    }),
  );
  await scaling.send(
    new CreateLaunchConfigurationCommand({
      LaunchConfigurationName: 'launch',
      ImageId: 'ami-1',
      InstanceType: 'm5.large',
    }),
  );
});
afterAll(() => world.stop());
afterEach(() => {
  expect(world.violations).toEqual([]);
  expect(world.gateway.failures()).toEqual([]);
});

async function group(): Promise<AutoScalingGroup> {
  const { AutoScalingGroups } = await scaling.send(
    new DescribeAutoScalingGroupsCommand({ AutoScalingGroupNames: [AutoScalingGroupName] }),
  );
  return AutoScalingGroups![0]!;
}

const states = async (): Promise<string[]> =>
  (await group()).Instances!.map((each) => each.LifecycleState!).sort();

const inService = (count: number): Promise<string[]> =>
  until(15, states, (seen) => seen.join() === Array(count).fill('InService').join());

async function health(): Promise<string[]> {
  const { InstanceStates } = await balancing.send(new DescribeInstanceHealthCommand({ LoadBalancerName }));
  return InstanceStates!.map(({ State, Description }) => `${State} ${Description}`).sort();
}

async function ids(): Promise<string[]> {
  return (await group()).Instances!.map((each) => each.InstanceId!);
}

test('a new group launches what it desires, and its nodes come into the load balancer', async () => {
  await scaling.send(
    new CreateAutoScalingGroupCommand({
      AutoScalingGroupName,
      LaunchConfigurationName: 'launch',
      MinSize: 2,
      MaxSize: 3,
      DesiredCapacity: 2,
      AvailabilityZones: [`${PRIMARY}a`],
      LoadBalancerNames: [LoadBalancerName],
      Tags: [{ Key: 'Cluster', Value: 'bitbucket', PropagateAtLaunch: true }],
    }),
  );
  expect((await fetch(url)).status).toBe(503);
  await until(5, states, (seen) => seen.join() === 'Pending,Pending');
  await inService(2);
  await until(10, health, (seen) => seen.join() === 'InService N/A,InService N/A');
  expect(await group()).toMatchObject({ MinSize: 2, MaxSize: 3, DesiredCapacity: 2 });

  const { Reservations } = await world.ec2().send(
    new DescribeInstancesCommand({
      Filters: [
        { Name: 'tag:aws:autoscaling:groupName', Values: [AutoScalingGroupName] },
        { Name: 'tag:Cluster', Values: ['bitbucket'] },
      ],
    }),
  );
  const addresses = Reservations!.map((each) => each.Instances![0]!.PrivateIpAddress);
  expect(addresses.sort()).toEqual([...world.hosts.launched.values()].map((host) => host.address).sort());

  const answers = [];
  for (let number = 0; number < 4; number += 1)
    answers.push((await fetch(`${url}/path`, { method: 'POST', body: 'pushed' })).headers.get('x-node'));
  expect(new Set(answers)).toEqual(new Set(await ids()));
  const { LoadBalancerDescriptions } = await balancing.send(new DescribeLoadBalancersCommand({}));
  expect(LoadBalancerDescriptions![0]!).toMatchObject({ CanonicalHostedZoneNameID: 'Z215JYRZR1TBD5' });
  expect(LoadBalancerDescriptions![0]!.Instances).toHaveLength(2);
});

test('sizes that do not fit are refused', async () => {
  const desire = (DesiredCapacity: number) =>
    scaling.send(new SetDesiredCapacityCommand({ AutoScalingGroupName, DesiredCapacity }));
  await expect(desire(4)).rejects.toMatchObject({ name: 'ValidationError' });
  await expect(desire(1)).rejects.toMatchObject({ name: 'ValidationError' });
  await expect(
    scaling.send(new UpdateAutoScalingGroupCommand({ AutoScalingGroupName, MinSize: 5 })),
  ).rejects.toMatchObject({ name: 'ValidationError' });
  const [InstanceId] = await ids();
  await expect(
    scaling.send(
      new EnterStandbyCommand({
        AutoScalingGroupName,
        InstanceIds: [InstanceId!],
        ShouldDecrementDesiredCapacity: true,
      }),
    ),
  ).rejects.toMatchObject({ name: 'ValidationError' });
});

test('an instance drains before it goes to standby, and comes back from there', async () => {
  await scaling.send(new UpdateAutoScalingGroupCommand({ AutoScalingGroupName, MinSize: 1 }));
  const [InstanceId] = await ids();
  world.hosts.answers.set(InstanceId!, (path) => ({ status: 200, afterMs: path === '/slow' ? 800 : 0 }));
  const slow = [fetch(`${url}/slow`), fetch(`${url}/slow`)];
  await until(
    5,
    async () => world.compute.balancers.get(PRIMARY, LoadBalancerName)!.members.get(InstanceId!)!.inFlight,
    (count) => count === 1,
  );
  await scaling.send(
    new EnterStandbyCommand({
      AutoScalingGroupName,
      InstanceIds: [InstanceId!],
      ShouldDecrementDesiredCapacity: true,
    }),
  );
  await until(5, health, (seen) => seen.includes('InService Instance deregistration currently in progress.'));
  for (const answer of await Promise.all(slow)) expect(answer.status).toBe(200);
  await until(5, states, (seen) => seen.join() === 'InService,Standby');
  expect((await group()).DesiredCapacity).toBe(1);
  const { InstanceStates } = await balancing.send(
    new DescribeInstanceHealthCommand({ LoadBalancerName, Instances: [{ InstanceId }] }),
  );
  expect(InstanceStates).toMatchObject([{ State: 'OutOfService' }]);

  world.hosts.answers.clear();
  await scaling.send(new ExitStandbyCommand({ AutoScalingGroupName, InstanceIds: [InstanceId!] }));
  await inService(2);
  await until(10, health, (seen) => seen.join() === 'InService N/A,InService N/A');
});

test('an unhealthy node gets no requests', async () => {
  const [sick, well] = await ids();
  world.hosts.answers.set(sick!, () => ({ status: 503 }));
  await until(10, health, (seen) => seen.some((each) => each.includes('UnhealthyThreshold')));
  for (let number = 0; number < 3; number += 1) expect((await fetch(url)).headers.get('x-node')).toBe(well);
  world.hosts.answers.clear();
  await until(10, health, (seen) => seen.join() === 'InService N/A,InService N/A');
});

test('a terminated instance is replaced unless the group shrinks', async () => {
  const [first] = await ids();
  await world.ec2().send(new TerminateInstancesCommand({ InstanceIds: [first!] }));
  await until(10, ids, (seen) => !seen.includes(first!) && seen.length === 2);
  await inService(2);
  const [second] = await ids();
  const { Activity } = await scaling.send(
    new TerminateInstanceInAutoScalingGroupCommand({
      InstanceId: second!,
      ShouldDecrementDesiredCapacity: true,
    }),
  );
  expect(Activity!.Description).toBe(`Terminating EC2 instance: ${second}`);
  await inService(1);
  const { Activities } = await scaling.send(
    new DescribeScalingActivitiesCommand({ AutoScalingGroupName, ActivityIds: [Activity!.ActivityId!] }),
  );
  expect(Activities).toMatchObject([{ StatusCode: 'Successful' }]);
});

test('a region without power refuses connections and comes back with the instances that it had', async () => {
  const before = await ids();
  await world.compute.crash(PRIMARY);
  await Promise.all(before.map((id) => world.hosts.powerOff(id)));
  await expect(fetch(url)).rejects.toThrow();
  await Promise.all(before.map((id) => world.hosts.powerOn(id)));
  await world.compute.restore(PRIMARY);
  await until(
    10,
    async () => (await fetch(url)).status,
    (status) => status === 200,
  );
  expect(await ids()).toEqual(before);
});

test('a suspended launch launches nothing, whatever is desired', async () => {
  await scaling.send(new SuspendProcessesCommand({ AutoScalingGroupName, ScalingProcesses: ['Launch'] }));
  await scaling.send(new SetDesiredCapacityCommand({ AutoScalingGroupName, DesiredCapacity: 2 }));
  const patience = world.clock.now() + 200_000;
  await until(
    10,
    async () => world.clock.now(),
    (now) => now > patience,
  );
  expect(await states()).toEqual(['InService']);
  expect((await group()).SuspendedProcesses).toMatchObject([{ ProcessName: 'Launch' }]);
  await scaling.send(new ResumeProcessesCommand({ AutoScalingGroupName, ScalingProcesses: ['Launch'] }));
  await inService(2);
});

test('a group of size 0 has no instances and no machines left', async () => {
  const size = { AutoScalingGroupName, MinSize: 0, MaxSize: 0, DesiredCapacity: 0 };
  await scaling.send(new UpdateAutoScalingGroupCommand(size));
  await until(10, ids, (seen) => seen.length === 0);
  expect(world.hosts.launched.size).toBe(0);
  const { AutoScalingInstances } = await scaling.send(new DescribeAutoScalingInstancesCommand({}));
  expect(AutoScalingInstances).toEqual([]);
  expect((await fetch(url)).status).toBe(503);
});
