import {
  CreateAutoScalingGroupCommand,
  CreateLaunchConfigurationCommand,
} from '@aws-sdk/client-auto-scaling';
import {
  AuthorizeSecurityGroupIngressCommand,
  CreateSecurityGroupCommand,
  DescribeSecurityGroupsCommand,
} from '@aws-sdk/client-ec2';
import { CreateLoadBalancerCommand } from '@aws-sdk/client-elastic-load-balancing';
import { ModifyDBInstanceCommand } from '@aws-sdk/client-rds';

import { lookAtFence } from '../../../activities/aws/fence-facts';
import { fenceDatabaseImplementation } from '../../../activities/aws/rds/fence-database';
import { observeSiteImplementation } from '../../../activities/aws/site/observe-site';
import type { Site } from '../../../workflows/plan/instance';
import type { FenceDatabase, FenceResult } from '../../../workflows/steps/fence';
import type { SiteFacts } from '../../../workflows/steps/observe-site';
import { until } from '../../support/until';
import { AwsLab, OWNER, PRIMARY, STANDBY, ZONE } from './aws-lab';
import { codes, context, lookWith, soon, StepDriver } from './step-driver';

let lab: AwsLab;
let groupId: string;

beforeAll(async () => {
  lab = await AwsLab.start();
  await lab.establishPair('primary', 'standby');
  await lab.fleet.query(PRIMARY, 'primary', 'create table pushes (at timestamptz)');
  const ec2 = lab.clients.ec2(STANDBY);
  const { GroupId } = await ec2.send(new CreateSecurityGroupCommand({ GroupName: 'db', Description: 'db' }));
  groupId = GroupId!;
  await ec2.send(
    new AuthorizeSecurityGroupIngressCommand({
      GroupId: groupId,
      IpPermissions: [
        {
          IpProtocol: 'tcp',
          FromPort: 5432,
          ToPort: 5432,
          IpRanges: [{ CidrIp: '127.0.0.0/8', Description: 'nodes' }, { CidrIp: '10.0.0.0/8' }],
        },
        { IpProtocol: 'tcp', FromPort: 5433, ToPort: 5433, UserIdGroupPairs: [{ GroupId: groupId }] },
      ],
    }),
  );
  await lab.clients.rds(STANDBY).send(
    new ModifyDBInstanceCommand({
      DBInstanceIdentifier: 'standby',
      VpcSecurityGroupIds: [groupId],
      ApplyImmediately: true,
    }),
  );
  const scaling = lab.clients.autoScaling(STANDBY);
  await scaling.send(
    new CreateLaunchConfigurationCommand({
      LaunchConfigurationName: 'nodes',
      ImageId: 'ami-0bb1bb1bb1bb1bb10',
      InstanceType: 'm5.xlarge',
    }),
  );
  await scaling.send(
    new CreateAutoScalingGroupCommand({
      AutoScalingGroupName: 'nodes',
      LaunchConfigurationName: 'nodes',
      MinSize: 1,
      MaxSize: 2,
      DesiredCapacity: 1,
      AvailabilityZones: [ZONE],
    }),
  );
  await lab.clients.elb(STANDBY).send(
    new CreateLoadBalancerCommand({
      LoadBalancerName: 'front',
      AvailabilityZones: [ZONE],
      Listeners: [{ Protocol: 'HTTP', LoadBalancerPort: 80, InstanceProtocol: 'HTTP', InstancePort: 7990 }],
    }),
  );
  lab.stacks.define({
    region: STANDBY,
    name: 'stack',
    parameters: { BitbucketProperties: 'a=1' },
    resources: [],
    onUpdate: async () => undefined,
  });
  await until('the database as it shall be', async () => {
    const facts = await observe();
    return (facts.database.state === 'known' && facts.database.value.status === 'available') || undefined;
  });
});
afterAll(() => lab.stop());
afterEach(() => lab.gateway.faults.clear());

const site: Site = {
  name: 'ireland',
  region: STANDBY,
  stack: { name: 'stack', propertiesParameter: 'BitbucketProperties' },
  nodes: { autoScalingGroup: 'nodes', count: 2, port: 7990 },
  fileServer: {
    instanceId: 'i-00000000000000000',
    sharedHome: '/home',
    exportPath: '/home',
    exportTo: '*(rw)',
    owner: 'bitbucket',
    volumes: [],
  },
  database: {
    id: 'standby',
    multiAz: false,
    backupRetentionDays: 7,
    deletionProtection: true,
    securityGroups: [],
  },
  loadBalancer: { kind: 'classic', name: 'front' },
  alarms: [],
};

const observe = (dependencies = lab.dependencies) =>
  lookWith<SiteFacts>(observeSiteImplementation(dependencies), {
    site,
    database: { name: 'bitbucket', credentials: OWNER },
  });

test('sees every part of a site', async () => {
  const facts = await until('a running node and a metric', async () => {
    const seen = await observe();
    const running = seen.nodes.state === 'known' && seen.nodes.value[0]?.state === 'RUNNING';
    const metric = seen.lag.state === 'known' && seen.lag.value.metricSeconds !== null;
    return running && metric ? seen : undefined;
  });
  expect(facts).toMatchObject({
    site: 'ireland',
    group: { state: 'known', value: { minimum: 1, maximum: 2, desired: 1 } },
    database: {
      value: { status: 'available', role: 'replica', replication: 'replicating', port: 5432 },
    },
    inRecovery: { state: 'known', value: true },
    lag: { value: { lastReplayedAt: expect.stringMatching(/^20/) } },
    replication: {
      value: { status: 'replicating', message: null, lastReplayedAt: expect.stringMatching(/^20/) },
    },
    balancer: { value: { inService: 0, dnsName: expect.stringContaining('.elb.') } },
    stack: { value: { status: 'CREATE_COMPLETE', properties: 'a=1' } },
  });
});

test('a missing part is unknown, and hides nothing else', async () => {
  const facts = await observe();
  expect(facts.fileServer).toMatchObject({ state: 'unknown', reason: expect.stringContaining('i-000') });
  expect(facts.group.state).toBe('known');
});

test.each(['timeout', '503'] as const)(
  'a region that is down (%s) is unreachable in every part',
  async (mode) => {
    lab.gateway.faults.regionDown(STANDBY, mode);
    const { dependencies, destroy } = lab.impatient();
    const facts = await observe(dependencies);
    const { site: _site, region: _region, ...parts } = facts;
    expect(Object.values(parts).map((part) => part.state)).toEqual(Array(9).fill('unreachable'));
    const fence = await lookAtFence(dependencies, site);
    expect([fence.nodes.state, fence.databaseOpen.state]).toEqual(['unreachable', 'unreachable']);
    destroy();
  },
);

test('a wrong password is unknown, not unreachable', async () => {
  const facts = await lookWith<SiteFacts>(observeSiteImplementation(lab.dependencies), {
    site,
    database: { name: 'bitbucket', credentials: { ...OWNER, password: 'env:WRONG' } },
  });
  expect(facts.inRecovery.state).toBe('unknown');
  expect(facts.database.state).toBe('known');
});

const input: FenceDatabase = { site: 'ireland', region: STANDBY, databaseId: 'standby' };
const fencer = (dependencies = lab.dependencies) =>
  new StepDriver<FenceDatabase, FenceResult>(
    fenceDatabaseImplementation(dependencies),
    context('fenceDatabase'),
  );
const rules = async () => {
  const reply = await lab.clients
    .ec2(STANDBY)
    .send(new DescribeSecurityGroupsCommand({ GroupIds: [groupId] }));
  return reply.SecurityGroups![0]!;
};

test('denies the database, and gives exactly the removed rules back', async () => {
  const former = (await rules()).IpPermissions;
  expect(await lookAtFence(lab.dependencies, site)).toMatchObject({
    nodes: { value: { running: 1, launches: expect.stringContaining('desired 1') } },
    databaseOpen: { value: true },
  });
  lab.loseAnswers('RevokeSecurityGroupIngress');
  const driver = fencer();
  const { check, first } = await driver.twice(input);
  expect(check).toMatchObject({ state: 'needed', problems: [], before: { groups: groupId } });
  expect(first.output).toEqual({ proven: true, reason: null });
  expect((await rules()).IpPermissions).toEqual([]);
  expect((await lookAtFence(lab.dependencies, site)).databaseOpen).toMatchObject({ value: false });
  expect(await driver.check(input)).toMatchObject({ state: 'done', calls: [] });

  expect(await driver.undo(input, check.before)).toMatchObject({ changed: true });
  expect((await rules()).IpPermissions).toEqual(former);
  expect((await rules()).Tags?.filter((tag) => tag.Key?.startsWith('runbooks:removed'))).toEqual([]);
  expect(await driver.undo(input, check.before)).toMatchObject({ changed: false });
});

test('rules that the check could not see are given back as well', async () => {
  const former = (await rules()).IpPermissions;
  await fencer().run(input);
  expect(await fencer().undo(input, {})).toMatchObject({ changed: true });
  expect((await rules()).IpPermissions).toEqual(former);
});

test('rules that are open right after they were removed may be a stale answer; later they were added', async () => {
  const look = (after: number) =>
    soon(after, () => fencer().verifyOnce(input, { proven: true, reason: null }));
  await expect(look(1)).rejects.toMatchObject({ type: 'NotYet' });
  await expect(look(61)).rejects.toMatchObject({
    type: 'Terminal',
    message: expect.stringContaining('Find out who added them'),
  });
});

test('of a rule whose ranges a person has given back in part, the others are given back as well', async () => {
  const former = (await rules()).IpPermissions;
  const driver = fencer();
  const { before } = await driver.check(input);
  await driver.run(input);
  await lab.clients.ec2(STANDBY).send(
    new AuthorizeSecurityGroupIngressCommand({
      GroupId: groupId,
      IpPermissions: [
        { IpProtocol: 'tcp', FromPort: 5432, ToPort: 5432, IpRanges: [{ CidrIp: '10.0.0.0/8' }] },
      ],
    }),
  );
  // [EC2 API] A duplicate refuses the whole call; the emulator adds what is new in it.
  lab.gateway.faults.add({
    match: {
      action: 'AuthorizeSecurityGroupIngress',
      where: ({ parameters }) => Object.values(parameters).includes('10.0.0.0/8'),
    },
    effect: { kind: 'error', code: 'InvalidPermission.Duplicate', status: 400 },
  });
  expect(await driver.undo(input, before)).toMatchObject({ changed: true, facts: { rulesGivenBack: 2 } });
  const ranges = (permissions = former) =>
    permissions!.flatMap(({ IpRanges }) => IpRanges!).map((one) => one.CidrIp);
  expect(ranges((await rules()).IpPermissions).sort()).toEqual(ranges().sort());
});

test('an unreachable region leaves the fence unproven; an unknown database is a problem', async () => {
  const nobody = { ...input, databaseId: 'nobody' };
  const check = await fencer().check(nobody);
  expect(check.problems).toMatchObject([{ code: 'databaseNotFound', consent: 'unprovenFence' }]);
  expect(await fencer().run(nobody)).toEqual(check.output);
  expect((await fencer().verify(nobody)).output).toMatchObject({ proven: false });
  lab.gateway.faults.regionDown(STANDBY, '503');
  expect(codes(await fencer().check(input))).toEqual(['fenceUnproven']);
  expect((await fencer().runOnce(input)).proven).toBe(false);
  expect((await fencer().verifyOnce(input)).output.proven).toBe(false);
});
