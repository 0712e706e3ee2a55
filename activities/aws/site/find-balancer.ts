import {
  DescribeInstanceHealthCommand,
  DescribeLoadBalancersCommand,
} from '@aws-sdk/client-elastic-load-balancing';

import type { Dependencies } from '../../dependencies';
import { askAws } from '../errors';

export interface BalancerFacts {
  readonly dnsName: string;
  readonly hostedZoneId: string;
  /** Instances that get traffic. */
  readonly inService: number;
}

/** A Classic load balancer; undefined when there is none of that name. */
export async function findBalancer(
  dependencies: Dependencies,
  region: string,
  name: string,
): Promise<BalancerFacts | undefined> {
  const client = dependencies.aws.elb(region);
  const about = { doing: 'describe', resource: `load balancer ${name}`, region };
  const reply = await askAws(
    about,
    () => client.send(new DescribeLoadBalancersCommand({ LoadBalancerNames: [name] })),
    { notFound: () => undefined },
  );
  const balancer = reply?.LoadBalancerDescriptions?.[0];
  if (balancer === undefined) return undefined;
  const health = await askAws(about, () =>
    client.send(new DescribeInstanceHealthCommand({ LoadBalancerName: name })),
  );
  return {
    dnsName: balancer.DNSName ?? '',
    hostedZoneId: balancer.CanonicalHostedZoneNameID ?? '',
    inService: (health.InstanceStates ?? []).filter((one) => one.State === 'InService').length,
  };
}
