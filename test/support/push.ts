import { cloneAndPush } from '../../activities/bitbucket/git';
import type { World } from '../../lab/world/world';
import { PROBE_REPOSITORY, SERVICE_PORT } from '../../lab/world/layout';
import { USERS } from '../../lab/world/secrets';
import { until } from './until';

let pushes = 0;

/** Pushes a commit as a user would. @throws when Bitbucket there does not take it */
export function push(world: World, baseUrl: string): Promise<string> {
  pushes += 1;
  const remote = {
    baseUrl,
    repository: PROBE_REPOSITORY,
    login: { username: USERS.probe, password: world.passwords.BITBUCKET_PROBE_PASSWORD },
  };
  return cloneAndPush(remote, `test/${pushes}`, `push ${pushes}`);
}

/** Pushes until it is taken, as a user does who gets an error page from a proxy. @throws after a minute */
export function pushSoon(world: World, baseUrl: string): Promise<string> {
  return until(`a push to ${baseUrl}`, () => push(world, baseUrl));
}

/** Every address at which a site takes pushes: its load balancer and each of its nodes that is up. */
export function doorsOf(world: World, site: 'primary' | 'standby'): readonly string[] {
  const { region, loadBalancer } = world.sites[site].layout;
  const balancer = world.compute.balancers.get(region, loadBalancer)?.address ?? '';
  const nodes = world.hosts.hosts().filter((host) => host.role === 'node' && host.region === region);
  return [`http://${balancer}:${SERVICE_PORT}`, ...nodes.map(({ address }) => `http://${address}:7990`)];
}
