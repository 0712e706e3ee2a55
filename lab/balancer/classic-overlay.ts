import { AwsFault } from '../gateway/overlay';
import type { AwsCall, Handler, Overlay } from '../gateway/overlay';
import { children, listMembers, parameter, parseXml, queryReply, structures, text } from '../gateway/reply';
import type { Balancer, Balancers } from './balancers';
import type { Member } from './members';

/** Hosted zones of Classic load balancers, which alias records name. */
const HOSTED_ZONES: Readonly<Record<string, string>> = {
  'eu-central-1': 'Z215JYRZR1TBD5',
  'eu-west-1': 'Z32O12XQLNTSW2',
};

interface InstanceHealth {
  readonly InstanceId: string;
  readonly State: string;
  readonly ReasonCode: string;
  readonly Description: string;
}

/**
 * Classic load balancers: the emulator keeps their configuration, the data plane their instances [A §7, gap L2].
 * @param exists - whether an EC2 instance of this id is there
 */
export function classicOverlay(
  balancers: Balancers,
  exists: (instanceId: string) => boolean,
  background: (name: string, work: () => Promise<void>) => void,
): Overlay {
  const create: Handler = async (call, forward) => {
    const name = nameOf(call);
    const known = balancers.get(call.region, name);
    const reply = await forward();
    if (reply.status >= 400) return reply;
    const internal = parameter(call.parameters, 'Scheme') === 'internal';
    const balancer = known ?? (await balancers.create(call.region, name, internal));
    return queryReply(call, { DNSName: balancer.dnsName });
  };

  const remove: Handler = async (call, forward) => {
    const reply = await forward();
    if (reply.status < 400) await balancers.remove(call.region, nameOf(call));
    return reply;
  };

  const describe: Handler = async (call, forward) => {
    const reply = await forward();
    if (reply.status >= 400) return reply;
    const content = parseXml(reply.body);
    const items = children(content, 'LoadBalancerDescriptions', 'member').map((item) => {
      const balancer = balancers.get(call.region, text(item, 'LoadBalancerName'));
      if (balancer === undefined) return item;
      return {
        ...item,
        DNSName: balancer.dnsName,
        CanonicalHostedZoneName: balancer.dnsName,
        CanonicalHostedZoneNameID: HOSTED_ZONES[call.region],
        Instances: { member: registered(balancer) },
      };
    });
    return queryReply(call, { ...content, LoadBalancerDescriptions: { member: items } });
  };

  const register: Handler = async (call) => {
    const balancer = find(balancers, call);
    const ids = instanceIds(call);
    for (const id of ids) if (!exists(id)) throw invalidInstance(id);
    for (const id of ids) balancer.members.register(id);
    return queryReply(call, { Instances: { member: registered(balancer) } });
  };

  const deregister: Handler = async (call) => {
    const balancer = find(balancers, call);
    const ids = instanceIds(call);
    for (const id of ids)
      if (balancer.members.get(id) === undefined && !exists(id)) throw invalidInstance(id);
    for (const id of ids)
      background(`deregistration of ${id}`, () => balancer.members.deregister(id, balancer.drainSeconds));
    return queryReply(call, { Instances: { member: registered(balancer) } });
  };

  const health: Handler = async (call) => {
    const balancer = find(balancers, call);
    const asked = instanceIds(call);
    const ids = asked.length > 0 ? asked : balancer.members.list().map((member) => member.instanceId);
    const states = ids.map((id) => {
      const member = balancer.members.get(id);
      if (member === undefined && !exists(id)) throw invalidInstance(id);
      return describeHealth(id, member);
    });
    return queryReply(call, { InstanceStates: { member: states } });
  };

  const modify: Handler = async (call, forward) => {
    const reply = await forward();
    const balancer = balancers.get(call.region, nameOf(call));
    const prefix = 'LoadBalancerAttributes.ConnectionDraining';
    const enabled = parameter(call.parameters, `${prefix}.Enabled`);
    if (reply.status >= 400 || balancer === undefined || enabled === undefined) return reply;
    const seconds = Number(parameter(call.parameters, `${prefix}.Timeout`) ?? 300);
    balancer.drainSeconds = enabled === 'true' ? seconds : 0;
    return reply;
  };

  const configure: Handler = async (call, forward) => {
    const reply = await forward();
    const balancer = balancers.get(call.region, nameOf(call));
    const target = /^HTTP:(\d+)(\/.*)$/.exec(parameter(call.parameters, 'HealthCheck.Target') ?? '');
    if (reply.status >= 400 || balancer === undefined) return reply;
    const number = (name: string, otherwise: number): number =>
      Number(parameter(call.parameters, `HealthCheck.${name}`) ?? otherwise);
    const { healthCheck } = balancer;
    balancer.healthCheck = {
      port: Number(target?.[1] ?? healthCheck.port),
      path: target?.[2] ?? healthCheck.path,
      interval: number('Interval', healthCheck.interval),
      healthyThreshold: number('HealthyThreshold', healthCheck.healthyThreshold),
      unhealthyThreshold: number('UnhealthyThreshold', healthCheck.unhealthyThreshold),
    };
    return reply;
  };

  return {
    service: 'elasticloadbalancing',
    apiVersion: '2012-06-01',
    handlers: {
      CreateLoadBalancer: create,
      DeleteLoadBalancer: remove,
      DescribeLoadBalancers: describe,
      RegisterInstancesWithLoadBalancer: register,
      DeregisterInstancesFromLoadBalancer: deregister,
      DescribeInstanceHealth: health,
      ModifyLoadBalancerAttributes: modify,
      ConfigureHealthCheck: configure,
    },
  };
}

/** What AWS says about an instance, with the words that tools look for [A §7]. */
function describeHealth(InstanceId: string, member: Member | undefined): InstanceHealth {
  const state = (State: string, ReasonCode: string, Description: string): InstanceHealth => ({
    InstanceId,
    State,
    ReasonCode,
    Description,
  });
  if (member === undefined)
    return state('OutOfService', 'Instance', 'Instance is not currently registered with the LoadBalancer.');
  if (member.draining) return state('InService', 'N/A', 'Instance deregistration currently in progress.');
  if (member.inService) return state('InService', 'N/A', 'N/A');
  if (!member.proven) return state('OutOfService', 'ELB', 'Instance registration is still in progress.');
  const failed = 'Instance has failed at least the UnhealthyThreshold number of health checks consecutively.';
  return state('OutOfService', 'Instance', failed);
}

function registered(balancer: Balancer): readonly { readonly InstanceId: string }[] {
  const members = balancer.members.list().filter((member) => !member.draining);
  return members.map(({ instanceId }) => ({ InstanceId: instanceId }));
}

function nameOf(call: AwsCall): string {
  return parameter(call.parameters, 'LoadBalancerName') ?? '';
}

function instanceIds(call: AwsCall): readonly string[] {
  const given = structures(call.parameters, 'Instances').map((each) => each.InstanceId ?? '');
  return given.length > 0 ? given : listMembers(call.parameters, 'Instances');
}

function find(balancers: Balancers, call: AwsCall): Balancer {
  const balancer = balancers.get(call.region, nameOf(call));
  if (balancer === undefined)
    throw new AwsFault('LoadBalancerNotFound', `There is no ACTIVE Load Balancer named '${nameOf(call)}'`);
  return balancer;
}

function invalidInstance(instanceId: string): AwsFault {
  return new AwsFault('InvalidInstance', `Could not find EC2 instance ${instanceId}.`);
}
