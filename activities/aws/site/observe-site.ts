import type { DBCluster, DBInstance } from '@aws-sdk/client-rds';

import { valueOf } from '../../../workflows/runbook/observed';
import type { Observed } from '../../../workflows/runbook/observed';
import { observeSite } from '../../../workflows/steps/observe-site';
import type {
  DatabaseFacts,
  GroupFacts,
  ObserveSite,
  SiteFacts,
} from '../../../workflows/steps/observe-site';
import type { Dependencies } from '../../dependencies';
import { implementObservation } from '../../implement';
import type { ObservationImplementation } from '../../implement';
import { findGroup, numbersOf, suspendedOf } from '../auto-scaling/group';
import { askStates } from '../auto-scaling/node-views';
import { findStack, parameterOf } from '../cloudformation/stack';
import { findInstance } from '../ec2/find-instances';
import { NothingKnown, observe } from '../observe';
import { readReplayState } from '../rds/database-session';
import type { ReplayState } from '../rds/database-session';
import { replicationMessageOf, replicationOf, sourceOf, statusOf } from '../rds/database-status';
import { findCluster } from '../rds/find-cluster';
import { findDatabase } from '../rds/find-database';
import { currentLag, readLagPoints } from '../rds/replica-lag';
import { askOnce } from '../silence';
import { findBalancer } from './find-balancer';

/** Every door is tried by itself and at the same time: a shut one costs its own time limit only. */
export function observeSiteImplementation(dependencies: Dependencies): ObservationImplementation {
  return implementObservation<ObserveSite, SiteFacts>(
    observeSite,
    [
      'autoscaling:DescribeAutoScalingGroups',
      'ec2:DescribeInstances',
      'rds:DescribeDBClusters',
      'rds:DescribeDBInstances',
      'cloudwatch:GetMetricData',
      'elasticloadbalancing:DescribeLoadBalancers',
      'elasticloadbalancing:DescribeInstanceHealth',
      'cloudformation:DescribeStacks',
    ],
    (input) => askOnce(() => lookAround(dependencies, input)),
  );
}

async function lookAround(dependencies: Dependencies, input: ObserveSite): Promise<SiteFacts> {
  const { site } = input;
  const [nodes, database, fileServer, balancer, stack] = await Promise.all([
    lookAtNodes(dependencies, input),
    lookAtDatabase(dependencies, input),
    observe(async () => {
      const id = site.fileServer.instanceId;
      const server = await findInstance(dependencies, site.region, id);
      if (server === undefined) throw new NothingKnown(`there is no instance ${id} in ${site.region}`);
      return {
        state: server.State?.Name ?? 'unknown',
        address: server.PrivateIpAddress ?? '',
        availabilityZone: server.Placement?.AvailabilityZone ?? '',
      };
    }),
    observe(async () => {
      const { name } = site.loadBalancer;
      const found = await findBalancer(dependencies, site.region, name);
      if (found === undefined) throw new NothingKnown(`there is no load balancer ${name} in ${site.region}`);
      return found;
    }),
    observe(async () => {
      const { name, propertiesParameter } = site.stack;
      const found = await findStack(dependencies, site.region, name);
      if (found === undefined) throw new NothingKnown(`there is no stack ${name} in ${site.region}`);
      return {
        status: found.StackStatus ?? 'unknown',
        properties: parameterOf(found, propertiesParameter) ?? '',
      };
    }),
  ]);
  return { site: site.name, region: site.region, ...nodes, ...database, fileServer, balancer, stack };
}

async function lookAtNodes(
  dependencies: Dependencies,
  { site }: ObserveSite,
): Promise<Pick<SiteFacts, 'group' | 'nodes'>> {
  const { region } = site;
  const { autoScalingGroup, port } = site.nodes;
  const group = await observe<GroupFacts>(async () => {
    const found = await findGroup(dependencies, { region, autoScalingGroup });
    if (found === undefined) {
      throw new NothingKnown(`there is no Auto Scaling group ${autoScalingGroup} in ${region}`);
    }
    const ids = (found.Instances ?? []).map((one) => one.InstanceId ?? '');
    const instances = await Promise.all(ids.map((id) => findInstance(dependencies, region, id)));
    const addresses = new Map(instances.map((one) => [one?.InstanceId, one?.PrivateIpAddress ?? '']));
    return {
      ...numbersOf(found),
      suspended: suspendedOf(found),
      instances: (found.Instances ?? []).map((one) => ({
        id: one.InstanceId ?? '',
        lifecycle: one.LifecycleState ?? 'unknown',
        address: addresses.get(one.InstanceId) ?? '',
      })),
    };
  });
  if (group.state !== 'known') return { group, nodes: group };
  const known = group.value.instances.filter((one) => one.address !== '');
  return { group, nodes: await observe(() => askStates(known.map(nodeOf), port)) };
}

function nodeOf(instance: GroupFacts['instances'][number]) {
  return { id: instance.id, address: instance.address };
}

async function lookAtDatabase(
  dependencies: Dependencies,
  { site, database: access }: ObserveSite,
): Promise<Pick<SiteFacts, 'database' | 'inRecovery' | 'lag' | 'replication'>> {
  const { region } = site;
  const { id, cluster: clusterId } = site.database;
  const seen = await observe(async () => {
    const [found, cluster] = await Promise.all([
      findDatabase(dependencies, region, id),
      clusterId === undefined ? undefined : findCluster(dependencies, region, clusterId),
    ]);
    if (found === undefined) throw new NothingKnown(`there is no database ${id} in ${region}`);
    return { facts: databaseFacts(found, cluster), message: replicationMessageOf(found) };
  });
  if (seen.state !== 'known') return { database: seen, inRecovery: seen, lag: seen, replication: seen };

  const { facts, message } = seen.value;
  const { address: host, port, role } = facts;
  const target = { host, port, database: access.name, credentials: access.credentials };
  const session = observe(() => readReplayState(dependencies.secrets, target));
  const points = observe(async () =>
    role === 'replica' ? currentLag(await readLagPoints(dependencies, region, id)) : undefined,
  );
  const [replay, metric] = await Promise.all([session, points]);
  const inRecovery: Observed<boolean> =
    replay.state === 'known' ? { ...replay, value: replay.value.inRecovery } : replay;
  const lastReplayedAt = valueOf(replay)?.lastReplayedAt ?? null;
  return {
    database: { ...seen, value: facts },
    inRecovery,
    lag: lagFacts(metric, replay),
    replication:
      role === 'replica'
        ? { ...seen, value: { status: facts.replication, message, lastReplayedAt } }
        : { state: 'unknown', reason: 'not a replica', at: seen.at },
  };
}

function lagFacts(
  metric: Observed<ReturnType<typeof currentLag> | undefined>,
  replay: Observed<ReplayState>,
): SiteFacts['lag'] {
  if (metric.state !== 'known') return metric;
  if (metric.value === undefined) return { state: 'unknown', reason: 'not a replica', at: metric.at };
  const lastReplayedAt = valueOf(replay)?.lastReplayedAt ?? null;
  if (metric.value.ageSeconds === null && lastReplayedAt === null) {
    return { state: 'unknown', reason: 'ReplicaLag has no data points', at: metric.at };
  }
  return {
    state: 'known',
    at: metric.at,
    value: { metricSeconds: metric.value.seconds, metricAgeSeconds: metric.value.ageSeconds, lastReplayedAt },
  };
}

/** @param cluster its endpoint is that of the writer, whichever of its instances that is by now */
function databaseFacts(instance: DBInstance, cluster: DBCluster | undefined): DatabaseFacts {
  const source = sourceOf(instance);
  return {
    status: statusOf(instance),
    role: source === null ? 'writer' : 'replica',
    source,
    replication: replicationOf(instance),
    resourceId: instance.DbiResourceId ?? '',
    address: cluster?.Endpoint ?? instance.Endpoint?.Address ?? '',
    port: cluster?.Port ?? instance.Endpoint?.Port ?? 5432,
    backupRetentionDays: instance.BackupRetentionPeriod ?? 0,
  };
}
