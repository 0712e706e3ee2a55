import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { clientsOf } from '../aws/step-driver';
import type { Dependencies } from '../../../activities/dependencies';
import { proveFenceImplementation } from '../../../activities/hosts/prove-fence';
import { VirtualClock } from '../../../lab/clock/virtual-clock';
import type { Gateway } from '../../../lab/gateway/gateway';
import { startBareGateway } from '../../support/bare-gateway';
import { ec2Reply, queryReply } from '../../../lab/gateway/reply';
import type { Site } from '../../../workflows/plan/instance';
import { CONTEXT } from './file-server-world';

const REGION = 'eu-central-1';
let gateway: Gateway;
let node: Server;
let dependencies: Dependencies;
let instances: { id: string; state: string; address: string }[];
let open: boolean;
let grouped: boolean;
let group: { desired: number; suspended: string[] };

beforeEach(async () => {
  instances = [];
  open = false;
  grouped = true;
  group = { desired: 0, suspended: ['Launch'] };
  node = createServer((_request, response) => response.end('{"state":"RUNNING"}'));
  await new Promise<void>((resolve) => node.listen(0, '127.0.0.1', resolve));
  const clock = new VirtualClock(100);
  gateway = await startBareGateway(clock);
  gateway.use({
    service: 'autoscaling',
    handlers: {
      DescribeAutoScalingGroups: async (call) =>
        queryReply(call, {
          AutoScalingGroups: {
            member: [
              {
                AutoScalingGroupName: 'nodes',
                MinSize: 0,
                MaxSize: group.desired,
                DesiredCapacity: group.desired,
                Instances: { member: [] },
                SuspendedProcesses: { member: group.suspended.map((ProcessName) => ({ ProcessName })) },
              },
            ],
          },
        }),
    },
  });
  gateway.use({
    service: 'ec2',
    handlers: {
      DescribeInstances: async (call) => {
        const wanted = Object.entries(call.parameters).flatMap(([key, value]) =>
          /^Filter\.2\.Value\.\d+$/.test(key) ? [String(value)] : [],
        );
        const item = instances
          .filter((each) => wanted.length === 0 || wanted.includes(each.state))
          .map(({ id, address }) => ({ instanceId: id, privateIpAddress: address }));
        return ec2Reply(call, { reservationSet: { item: [{ instancesSet: { item } }] } });
      },
      DescribeSecurityGroups: async (call) => {
        const rule = {
          ipProtocol: 'tcp',
          fromPort: 5432,
          toPort: 5432,
          ipRanges: { item: [{ cidrIp: '10.0.0.0/8' }] },
        };
        const group = { groupId: 'sg-1', ipPermissions: { item: open ? [rule] : [] } };
        return ec2Reply(call, { securityGroupInfo: { item: [group] } });
      },
    },
  });
  gateway.use({
    service: 'rds',
    handlers: {
      DescribeDBInstances: async (call) => {
        const groups = { VpcSecurityGroupMembership: [{ VpcSecurityGroupId: 'sg-1', Status: 'active' }] };
        const instance = {
          DBInstanceIdentifier: 'primary-db',
          ...(grouped ? { VpcSecurityGroups: groups } : {}),
        };
        return queryReply(call, { DBInstances: { DBInstance: [instance] } });
      },
    },
  });
  const aws = clientsOf(gateway.url, 1);
  dependencies = { aws, secrets: { resolve: (reference) => Promise.resolve(reference) } };
});
afterEach(async () => {
  dependencies.aws.destroy();
  node.close();
  await gateway.stop();
});

const parts = () => proveFenceImplementation(dependencies).parts;
const input = () => ({ site: site((node.address() as AddressInfo).port) });

it('is proven when nothing runs, nothing answers and nothing gets in', async () => {
  instances = [{ id: 'i-1', state: 'terminated', address: '127.0.0.77' }];
  expect(await parts().verify(input(), undefined, CONTEXT)).toMatchObject({
    output: { proven: true, reason: null },
    facts: { proven: true, ports: 'none answers' },
  });
});

it('a node that answers breaks it, even when EC2 calls the node stopped', async () => {
  instances = [{ id: 'i-1', state: 'stopped', address: '127.0.0.1' }];
  await expect(parts().verify(input(), undefined, CONTEXT)).rejects.toMatchObject({
    type: 'NotYet',
    message: expect.stringContaining('i-1 at 127.0.0.1 says RUNNING'),
  });
});

it('a running instance breaks it', async () => {
  instances = [{ id: 'i-1', state: 'running', address: '127.0.0.77' }];
  await expect(parts().verify(input(), undefined, CONTEXT)).rejects.toMatchObject({
    type: 'NotYet',
    message: expect.stringContaining('instances: 1 running'),
  });
});

it.each([
  ['wants nodes that do not come at the moment', { desired: 2, suspended: ['Launch'] }],
  ['wants none, but may start some', { desired: 0, suspended: [] }],
])('a group that %s breaks it, although nothing runs', async (_what, now) => {
  group = now;
  await expect(parts().verify(input(), undefined, CONTEXT)).rejects.toMatchObject({
    type: 'NotYet',
    message: expect.stringMatching(/instances: 0 running, the group may start more \(minimum 0, maximum \d/),
  });
});

it('a group that is open where the fence was given up is told, so that it is fenced again', async () => {
  group = { desired: 2, suspended: [] };
  const { output } = await parts().verify({ ...input(), set: false }, undefined, CONTEXT);
  expect(output).toMatchObject({ proven: false, seenOpen: true });
});

it('an open database breaks it', async () => {
  open = true;
  await expect(parts().verify(input(), undefined, CONTEXT)).rejects.toMatchObject({
    type: 'NotYet',
    message: expect.stringContaining('ingress is allowed'),
  });
});

it('a fence that was not set is not waited for: it is told that the site answers and is open', async () => {
  open = true;
  const { output } = await parts().verify({ ...input(), set: false }, undefined, CONTEXT);
  expect(output).toEqual({ proven: false, seenOpen: true, reason: 'database: ingress is allowed' });
});

it('nodes that answer while Auto Scaling does not cannot be ended by another attempt', async () => {
  instances = [{ id: 'i-1', state: 'running', address: '127.0.0.1' }];
  gateway.faults.add({
    match: { service: 'autoscaling' },
    effect: { kind: 'error', code: 'ServiceUnavailable', status: 503 },
  });
  const { output } = await parts().verify({ ...input(), set: false }, undefined, CONTEXT);
  expect(output).toEqual({
    proven: false,
    reason: 'instances: no answer; ports: i-1 at 127.0.0.1 says RUNNING',
  });
});

it.each(['rds', 'ec2', 'autoscaling'])(
  'is unproven, not failed, while %s does not answer',
  async (service) => {
    gateway.faults.add({
      match: { service },
      effect: { kind: 'error', code: 'ServiceUnavailable', status: 503 },
    });
    const { output } = await parts().verify(input(), undefined, CONTEXT);
    expect(output).toMatchObject({ proven: false, reason: expect.stringMatching(/^[a-z, ]+: no answer$/) });
  },
);

it('check tells what is there before the fence and reports no problem', async () => {
  instances = [{ id: 'i-1', state: 'running', address: '127.0.0.1' }];
  const check = await parts().check(input(), CONTEXT);
  expect(check).toMatchObject({ problems: [], calls: [], output: { proven: false, reason: null } });
  expect(check.notes?.join()).toContain('i-1 at 127.0.0.1 says RUNNING');
});

it('a database without any security group is never proven shut', async () => {
  grouped = false;
  expect((await parts().verify(input(), undefined, CONTEXT)).output).toEqual({
    proven: false,
    reason: 'database: unknown, database primary-db uses no security group',
  });
});

it('says of each part shortly what was seen, and in the plan why not', async () => {
  gateway.faults.regionDown(REGION, '503');
  const { facts } = await parts().verify(input(), undefined, CONTEXT);
  expect(facts).toEqual({ proven: false, instances: 'no answer', ports: 'no answer', database: 'no answer' });
  const { notes, output } = await parts().check(input(), CONTEXT);
  expect(output).toEqual({ proven: false, reason: 'instances, ports, database: no answer' });
  expect(notes).toContainEqual(
    expect.stringMatching(
      /^now, before the fence: database: no answer in eu-central-1 to: describe database/,
    ),
  );
});

it('check gives as the reason only what nobody can see now, not what the fence is to close', async () => {
  instances = [{ id: 'i-1', state: 'running', address: '127.0.0.1' }];
  gateway.faults.add({
    match: { service: 'rds' },
    effect: { kind: 'error', code: 'ServiceUnavailable', status: 503 },
  });
  const { output } = await parts().check(input(), CONTEXT);
  expect(output).toMatchObject({
    proven: false,
    reason: expect.stringMatching(/^database: no answer$/),
  });
});

function site(port: number): Site {
  return {
    name: 'primary',
    region: REGION,
    stack: { name: 's', propertiesParameter: 'BitbucketProperties' },
    nodes: { autoScalingGroup: 'nodes', count: 1, port },
    fileServer: {
      instanceId: 'i-fs',
      sharedHome: '/h',
      exportPath: '/h',
      exportTo: '*',
      owner: 'bitbucket',
      volumes: [],
    },
    database: {
      id: 'primary-db',
      multiAz: false,
      backupRetentionDays: 1,
      deletionProtection: false,
      securityGroups: ['sg-1'],
    },
    loadBalancer: { kind: 'classic', name: 'lb' },
    alarms: [],
  };
}
