import { DescribeAutoScalingGroupsCommand } from '@aws-sdk/client-auto-scaling';
import { DescribeVolumesCommand } from '@aws-sdk/client-ec2';
import { DescribeDBInstancesCommand } from '@aws-sdk/client-rds';
import type { LedgerEntry } from '../../lab/gateway/ledger';
import { NODE_PORT } from '../../lab/world/layout';
import type { FailoverBench } from '../support/failover-bench';

/** Page size of the bench's own looks, by which they are told from the run's calls. */
const OWN_PAGE = 97;

/** One wait of drFailover for the emulated AWS: from which call on, and until when. */
export interface WaitDefinition {
  readonly name: string;
  /** The step whose verify waits for it. */
  readonly step: string;
  readonly service: string;
  /** The call that begins it. */
  readonly begins: (entry: LedgerEntry) => boolean;
  /** Whether the effect is there, as the lab itself sees it. */
  readonly isOver: () => Promise<boolean>;
  /** Where the step looks at a steady pace of its own, real seconds. */
  readonly looksEverySeconds?: number;
  /** Seconds between two looks of the SDK's own waiter for the same state (its `minDelay`), and its name. */
  readonly waiter: { readonly name: string; readonly everySeconds: number };
}

export function isOwnLook({ parameters }: LedgerEntry): boolean {
  return [parameters['MaxResults'], parameters['MaxRecords']].some(
    (size) => String(size) === String(OWN_PAGE),
  );
}

/** The waits of a failover to the standby site, in their order. @param nodes that are started */
export async function waitsOf(bench: FailoverBench, nodes: number): Promise<readonly WaitDefinition[]> {
  const { world } = bench;
  const { layout, loadBalancerDns } = world.sites.standby;
  const { region, databaseId, stack } = layout;
  const aws = bench.aws.standby;
  const volumes = async () =>
    (await aws.ec2.send(new DescribeVolumesCommand({ MaxResults: OWN_PAGE }))).Volumes ?? [];
  const database = async () => {
    const { DBInstances = [] } = await aws.rds.send(new DescribeDBInstancesCommand({ MaxRecords: OWN_PAGE }));
    return DBInstances.find((one) => one.DBInstanceIdentifier === databaseId);
  };
  const known = new Set((await volumes()).map(({ VolumeId }) => VolumeId));
  const fresh = async () =>
    (await volumes()).filter(({ VolumeId, Attachments = [] }) => {
      return !known.has(VolumeId) && Attachments[0]?.Device !== '/dev/sda1';
    });
  const action = (name: string) => (entry: LedgerEntry) => entry.region === region && entry.action === name;
  const start = (count: number): WaitDefinition => ({
    name: `node ${count} in service`,
    step: `startNode.${count}`,
    service: 'autoscaling',
    begins: (entry) =>
      action('UpdateAutoScalingGroup')(entry) &&
      String(entry.parameters['DesiredCapacity']) === String(count),
    isOver: async () => {
      const { AutoScalingGroups: [group] = [] } = await aws.autoScaling.send(
        new DescribeAutoScalingGroupsCommand({ MaxRecords: OWN_PAGE }),
      );
      const inService =
        group?.Instances?.filter(({ LifecycleState }) => LifecycleState === 'InService') ?? [];
      return inService.length >= count && (await serving(bench, region)) >= count;
    },
    waiter: { name: 'GroupInService', everySeconds: 15 },
  });
  return [
    {
      name: 'volume created',
      step: 'createHomeVolume',
      service: 'ec2',
      begins: action('CreateVolume'),
      isOver: async () => (await fresh()).some(({ State }) => State !== 'creating'),
      waiter: { name: 'VolumeAvailable', everySeconds: 15 },
    },
    {
      name: 'volume attached',
      step: 'attachHomeVolume',
      service: 'ec2',
      begins: action('AttachVolume'),
      isOver: async () =>
        (await fresh()).some(({ Attachments = [] }) => Attachments[0]?.State === 'attached'),
      waiter: { name: 'VolumeInUse', everySeconds: 15 },
    },
    {
      name: 'replica promoted',
      step: 'promoteReplica',
      service: 'rds',
      begins: action('PromoteReadReplica'),
      isOver: async () => {
        const found = await database();
        const alone = (found?.ReadReplicaSourceDBInstanceIdentifier ?? '') === '';
        return (
          alone && found?.DBInstanceStatus === 'available' && world.databases.isWritable(region, databaseId)
        );
      },
      waiter: { name: 'DBInstanceAvailable', everySeconds: 30 },
    },
    {
      name: 'database settings applied',
      step: 'configureDatabase',
      service: 'rds',
      begins: action('ModifyDBInstance'),
      isOver: async () => {
        const found = await database();
        const { MultiAZ: isSet, PendingModifiedValues: pending, DBInstanceStatus: status } = found ?? {};
        // Users need not wait for the second instance.
        return isSet === true ? status === 'available' : pending?.MultiAZ === true && status === 'modifying';
      },
      waiter: { name: 'DBInstanceAvailable', everySeconds: 30 },
    },
    {
      name: 'stack updated',
      step: 'setStackProperties',
      service: 'cloudformation',
      begins: action('ExecuteChangeSet'),
      isOver: async () => world.stacks.find(region, stack)?.status === 'UPDATE_COMPLETE',
      waiter: { name: 'StackUpdateComplete', everySeconds: 30 },
    },
    ...Array.from({ length: nodes }, (_, index) => start(index + 1)),
    {
      name: 'DNS in sync',
      step: 'switchDns',
      service: 'route53',
      looksEverySeconds: 1,
      begins: (entry) => entry.action === 'ChangeResourceRecordSets',
      isOver: async () => {
        const { dns } = world.estateInput().instances[world.instance]!;
        const record = world.routes.zone(dns.zoneId).served.find((one) => one.name.startsWith(dns.name));
        return record?.values.some((value) => value.startsWith(loadBalancerDns)) ?? false;
      },
      waiter: { name: 'ResourceRecordSetsChanged', everySeconds: 30 },
    },
  ];
}

/** How many nodes of the region say that they run. */
async function serving({ world }: FailoverBench, region: string): Promise<number> {
  const nodes = world.hosts.hosts().filter((host) => host.role === 'node' && host.region === region);
  const states = await Promise.all(
    nodes.map(({ address }) =>
      fetch(`http://${address}:${NODE_PORT}/status`, { signal: AbortSignal.timeout(1000) })
        .then(async (answer) => ((await answer.json()) as { readonly state?: string }).state)
        .catch(() => undefined),
    ),
  );
  return states.filter((state) => state === 'RUNNING').length;
}
