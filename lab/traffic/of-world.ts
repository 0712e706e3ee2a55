import { PROJECTS, SERVICE_NAME, SERVICE_PORT } from '../world/layout';
import { USERS } from '../world/secrets';
import type { World } from '../world/world';
import { TrafficProcess } from './launch';
import { PushesFile } from './pushes-file';
import type { AcknowledgedPush } from './pushes-file';

/** Users of a world: they push and clone all the time, in every repository but that of the probe. */
export function startTraffic(world: World): Promise<TrafficProcess> {
  const repositories = PROJECTS.flatMap(({ key, repositories: slugs }) =>
    slugs.map((slug) => `${key}/${slug}`),
  );
  return TrafficProcess.start(
    {
      serviceName: SERVICE_NAME,
      port: SERVICE_PORT,
      dnsServer: world.resolver,
      ttlScale: world.scale,
      credentials: { username: USERS.traffic, password: world.passwords.BITBUCKET_TRAFFIC_PASSWORD },
      repositories: repositories.filter((repository) => repository !== 'OPS/probe'),
      directory: world.directory.run('traffic'),
      pushesFile: pushesPath(world),
    },
    { address: world.network.services, port: 4568 },
    world.directory.log('traffic'),
  );
}

/** Every push of theirs that was acknowledged, in order. */
export function pushesOf(world: World): readonly AcknowledgedPush[] {
  return new PushesFile(pushesPath(world)).read();
}

function pushesPath(world: World): string {
  return world.directory.run('pushes.jsonl');
}
