import { setTimeout as sleep } from 'node:timers/promises';
import { BitbucketClient } from '../../activities/bitbucket/client';
import { isGoodState } from '../../activities/bitbucket/status';
import { addressOf } from '../../activities/dns/resolve';
import type { World } from '../world/world';

const EVERY_SECONDS = 1;
/** A single failed probe is never a dead service [B §2.1]. */
const FAILURES = 2;

/** A monitoring of the simplest kind: asks `/status` through the public name, rings at the second failure in a row. */
export async function waitForAlarm(world: World, signal: AbortSignal): Promise<void> {
  const client = new BitbucketClient({
    baseUrl: world.url,
    address: (host: string) => addressOf(host, [world.resolver]),
    timeoutSeconds: 1,
  });
  for (let failures = 0; failures < FAILURES;) {
    await sleep(EVERY_SECONDS * 1000, undefined, { signal });
    const { state } = await client.status();
    failures = isGoodState(state) ? 0 : failures + 1;
  }
}
