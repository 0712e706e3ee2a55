import type { AwaitRegion, Enough } from '../steps/await-region';
import type { SiteFacts } from '../steps/observe-site';
import type { Site } from './instance';

/**
 * How much of AWS in a site's region answers: all that its fence needs, a part, or nothing at all. An answer that tells
 * nothing ("there is no such group", "you may not look") is an answer as well.
 */
export type Reach = 'all' | 'part' | 'none';

const SERVICES = {
  group: 'Auto Scaling',
  database: 'RDS',
  fileServer: 'EC2',
  balancer: 'Elastic Load Balancing',
  stack: 'CloudFormation',
} as const;

/** What the fence is set by. */
const NEEDED = ['group', 'database', 'fileServer'] as const;

type Doors = Pick<SiteFacts, keyof typeof SERVICES>;

/** Pure. One service is not the region: each part of the fence is set by the one that it needs. */
export function reachOf(doors: Doors): Reach {
  if (answersOf(doors).length === 0) return 'none';
  return NEEDED.every((door) => doors[door].state !== 'unreachable') ? 'all' : 'part';
}

/** Which services answer and which do not, for people. */
export function describeReach(doors: Doors): string {
  const answering = answersOf(doors);
  const silent = Object.values(SERVICES).filter((service) => !answering.includes(service));
  return `${answering.join(', ') || 'none'} answer; no answer from ${silent.join(', ') || 'none'}`;
}

/** What a wait for the region of this site asks for. */
export function regionOf({ name, region, nodes, database, fileServer }: Site, enough: Enough): AwaitRegion {
  return {
    site: name,
    region,
    autoScalingGroup: nodes.autoScalingGroup,
    databaseId: database.id,
    fileServerId: fileServer.instanceId,
    enough,
  };
}

function answersOf(doors: Doors): readonly string[] {
  return Object.entries(SERVICES)
    .filter(([door]) => doors[door as keyof Doors].state !== 'unreachable')
    .map(([, service]) => service);
}
