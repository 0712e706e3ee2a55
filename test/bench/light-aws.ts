import { randomUUID } from 'node:crypto';
import type { VirtualClock } from '../../lab/clock/virtual-clock';
import { AwsFault } from '../../lab/gateway/overlay';
import type { AwsCall, Handler, Overlay } from '../../lab/gateway/overlay';
import {
  ec2Reply,
  filters,
  jsonReply,
  listMembers,
  parameter,
  queryReply,
  structures,
} from '../../lab/gateway/reply';
import { lightStore } from './light-store';

/** How long AWS takes, virtual seconds: a home of some hundred GiB with a day's changes, and its database. */
const EBS_SECONDS = 600;
const RDS_SECONDS = 400;

interface Tag {
  readonly Key: string;
  readonly Value: string;
}

interface LightSnapshot {
  readonly id: string;
  /** Volume, or DB instance. */
  readonly of: string;
  readonly startedAt: number;
  tags: readonly Tag[];
}

/**
 * AWS for any number of installations, in memory: what a backup of one site asks, answered as AWS does, without machines
 * behind it. An installation `n` has the file server `i-n`, the volume `vol-n`, the group, database and balancer `n`.
 * @param node address and port of the program that answers for every Bitbucket node
 */
export function lightAws(clock: VirtualClock, node: string): readonly Overlay[] {
  return [ec2(clock, node), rds(clock), lightStore(), systemsManager(), ...surroundings()];
}

function ec2(clock: VirtualClock, node: string): Overlay {
  const snapshots = new Map<string, LightSnapshot>();
  const byBackup = new Map<string, LightSnapshot[]>();
  const view = (snapshot: LightSnapshot): object => ({
    snapshotId: snapshot.id,
    volumeId: snapshot.of,
    status: isOver(clock, snapshot, EBS_SECONDS) ? 'completed' : 'pending',
    startTime: new Date(snapshot.startedAt),
    ownerId: '123456789012',
    volumeSize: 200,
    encrypted: false,
    tagSet: { item: snapshot.tags.map(({ Key, Value }) => ({ key: Key, value: Value })) },
  });
  const describe: Handler = async (call) => {
    const wanted = filters(call.parameters);
    const ids = [...listMembers(call.parameters, 'SnapshotId'), ...(wanted['snapshot-id'] ?? [])];
    const found = [
      ...ids.flatMap((id) => snapshots.get(id) ?? []),
      ...(wanted['tag:runbooks:backup'] ?? []).flatMap((backup) => byBackup.get(backup) ?? []),
    ];
    return ec2Reply(call, { snapshotSet: { item: found.map(view) } });
  };
  const create: Handler = async (call) => {
    const instance = parameter(call.parameters, 'InstanceSpecification.InstanceId') ?? '';
    const [given] = structures(call.parameters, 'TagSpecification');
    const snapshot: LightSnapshot = {
      id: `snap-${randomUUID().replaceAll('-', '').slice(0, 17)}`,
      of: `vol-${numberOf(instance)}`,
      startedAt: Date.now(),
      tags: structures(given ?? {}, 'Tag') as unknown as readonly Tag[],
    };
    snapshots.set(snapshot.id, snapshot);
    const backup = snapshot.tags.find(({ Key }) => Key === 'runbooks:backup')?.Value ?? '';
    byBackup.set(backup, [...(byBackup.get(backup) ?? []), snapshot]);
    return ec2Reply(call, { snapshotSet: { item: [{ ...view(snapshot), state: 'pending' }] } });
  };
  return {
    service: 'ec2',
    handlers: {
      DescribeSnapshots: describe,
      CreateSnapshots: create,
      CreateTags: async (call) => {
        for (const id of listMembers(call.parameters, 'ResourceId'))
          addTags(snapshots.get(id), structures(call.parameters, 'Tag') as unknown as readonly Tag[]);
        return ec2Reply(call, { return: true });
      },
      DescribeInstances: async (call) => {
        const wanted = filters(call.parameters)['instance-id'] ?? [];
        const ids = [...listMembers(call.parameters, 'InstanceId'), ...wanted];
        const item = ids.map((instanceId) => ({
          instanceId,
          instanceState: { name: 'running' },
          privateIpAddress: node.split(':')[0],
          rootDeviceName: '/dev/xvda',
          placement: { availabilityZone: `${call.region}a` },
        }));
        return ec2Reply(call, { reservationSet: { item: [{ instancesSet: { item } }] } });
      },
      DescribeVolumes: async (call) => {
        const item = (filters(call.parameters)['attachment.instance-id'] ?? []).map((instanceId) => ({
          volumeId: `vol-${numberOf(instanceId)}`,
          encrypted: false,
          attachmentSet: { item: [{ instanceId, device: '/dev/xvdf', status: 'attached' }] },
        }));
        return ec2Reply(call, { volumeSet: { item } });
      },
    },
  };
}

function rds(clock: VirtualClock): Overlay {
  const snapshots = new Map<string, LightSnapshot>();
  const newest = new Map<string, LightSnapshot>();
  const viewSnapshot = (snapshot: LightSnapshot, call: AwsCall): object => ({
    DBSnapshotIdentifier: snapshot.id,
    DBInstanceIdentifier: snapshot.of,
    DBSnapshotArn: arnOf(call, snapshot.id),
    Status: isOver(clock, snapshot, RDS_SECONDS) ? 'available' : 'creating',
    SnapshotCreateTime: new Date(snapshot.startedAt),
    OriginalSnapshotCreateTime: new Date(snapshot.startedAt),
    AllocatedStorage: 100,
    Encrypted: false,
    TagList: { Tag: snapshot.tags },
  });
  return {
    service: 'rds',
    handlers: {
      DescribeDBInstances: async (call) => {
        const one = parameter(call.parameters, 'DBInstanceIdentifier');
        const ids = [
          ...(one === undefined ? [] : [one]),
          ...(filters(call.parameters)['db-instance-id'] ?? []),
        ];
        const views = ids.map((id) => {
          const taken = newest.get(id);
          const isBusy = taken !== undefined && !isOver(clock, taken, RDS_SECONDS);
          return {
            DBInstanceIdentifier: id,
            DBInstanceStatus: isBusy ? 'backing-up' : 'available',
            DbiResourceId: `db-${id}`,
            Engine: 'postgres',
            // Nobody listens there: whether it is in recovery stays unknown, and a single site needs no such proof.
            Endpoint: { Address: '127.0.0.1', Port: 1 },
            BackupRetentionPeriod: 7,
          };
        });
        return queryReply(call, { DBInstances: { DBInstance: views } });
      },
      DescribeDBSnapshots: async (call) => {
        const one = parameter(call.parameters, 'DBSnapshotIdentifier');
        if (one !== undefined && !snapshots.has(one))
          throw new AwsFault('DBSnapshotNotFound', `DBSnapshot ${one} not found.`, 404);
        const ids = [
          ...(one === undefined ? [] : [one]),
          ...(filters(call.parameters)['db-snapshot-id'] ?? []),
        ];
        const found = ids.flatMap((id) => snapshots.get(id) ?? []);
        return queryReply(call, {
          DBSnapshots: { DBSnapshot: found.map((snapshot) => viewSnapshot(snapshot, call)) },
        });
      },
      CreateDBSnapshot: async (call) => {
        const snapshot: LightSnapshot = {
          id: parameter(call.parameters, 'DBSnapshotIdentifier') ?? '',
          of: parameter(call.parameters, 'DBInstanceIdentifier') ?? '',
          startedAt: Date.now(),
          tags: structures(call.parameters, 'Tags') as unknown as readonly Tag[],
        };
        snapshots.set(snapshot.id, snapshot);
        newest.set(snapshot.of, snapshot);
        return queryReply(call, { DBSnapshot: viewSnapshot(snapshot, call) });
      },
      AddTagsToResource: async (call) => {
        const arn = parameter(call.parameters, 'ResourceName') ?? '';
        const tags = structures(call.parameters, 'Tags') as unknown as readonly Tag[];
        addTags(snapshots.get(arn.split(':').at(-1) ?? ''), tags);
        return queryReply(call, {});
      },
    },
  };
}

/** Every script ends at once, and says what it says on a host that is well. */
function systemsManager(): Overlay {
  const outputs: Readonly<Record<string, string>> = {
    'runbooks look-at-volumes': 'volume.home=mounted\nothers=\nunthawed=\n',
    'runbooks freeze-home': 'frozenAt=0\n',
    'runbooks thaw-home': 'by=captured\nended=\n',
  };
  const commands = new Map<string, string>();
  return {
    service: 'ssm',
    handlers: {
      SendCommand: async (call) => {
        const CommandId = randomUUID();
        commands.set(CommandId, parameter(call.parameters, 'Comment') ?? '');
        return jsonReply({ Command: { CommandId, Status: 'Pending' } });
      },
      GetCommandInvocation: async (call) => {
        const comment = commands.get(parameter(call.parameters, 'CommandId') ?? '') ?? '';
        return jsonReply({
          Status: 'Success',
          StatusDetails: 'Success',
          ResponseCode: 0,
          StandardOutputContent: outputs[comment] ?? '',
        });
      },
    },
  };
}

/** Group, load balancer and stack of an installation. */
function surroundings(): readonly Overlay[] {
  return [
    {
      service: 'autoscaling',
      handlers: {
        DescribeAutoScalingGroups: async (call) => {
          const member = listMembers(call.parameters, 'AutoScalingGroupNames').map((name) => ({
            AutoScalingGroupName: name,
            ...{ MinSize: 1, MaxSize: 1, DesiredCapacity: 1 },
            Instances: { member: [{ InstanceId: `i-node${name}`, LifecycleState: 'InService' }] },
          }));
          return queryReply(call, { AutoScalingGroups: { member } });
        },
      },
    },
    {
      service: 'elasticloadbalancing',
      handlers: {
        DescribeLoadBalancers: async (call) => {
          const [LoadBalancerName] = listMembers(call.parameters, 'LoadBalancerNames');
          const member = [
            { LoadBalancerName, DNSName: 'light.example.com', CanonicalHostedZoneNameID: 'Z1' },
          ];
          return queryReply(call, { LoadBalancerDescriptions: { member } });
        },
        DescribeInstanceHealth: async (call) =>
          queryReply(call, { InstanceStates: { member: [{ InstanceId: 'i-1', State: 'InService' }] } }),
      },
    },
    {
      service: 'cloudformation',
      handlers: {
        DescribeStacks: async (call) => {
          const StackName = parameter(call.parameters, 'StackName');
          const member = [{ StackName, StackStatus: 'CREATE_COMPLETE', CreationTime: new Date(0) }];
          return queryReply(call, { Stacks: { member } });
        },
      },
    },
  ];
}

function addTags(snapshot: LightSnapshot | undefined, tags: readonly Tag[]): void {
  if (snapshot === undefined) return;
  const kept = snapshot.tags.filter(({ Key }) => !tags.some((tag) => tag.Key === Key));
  snapshot.tags = [...kept, ...tags];
}

function isOver(clock: VirtualClock, { startedAt }: LightSnapshot, seconds: number): boolean {
  return Date.now() - startedAt >= clock.real(seconds);
}

function numberOf(instanceId: string): string {
  return instanceId.slice('i-'.length);
}

function arnOf({ region, account }: AwsCall, id: string): string {
  return `arn:aws:rds:${region}:${account}:snapshot:${id}`;
}
