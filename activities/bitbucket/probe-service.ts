import { probeService } from '../../workflows/steps/probe-service';
import type { ProbeService, ServiceProbe } from '../../workflows/steps/probe-service';
import { addressOf } from '../dns/resolve';
import { pause } from '../hosts/pause';
import { implementObservation } from '../implement';
import type { ObservationImplementation } from '../implement';
import { BitbucketClient } from './client';
import { isGoodState } from './status';

/** [B §2.1, §13.1 #1] `/status` through the public name, as a user's client would, several times. */
export function probeServiceImplementation(): ObservationImplementation {
  return implementObservation(probeService, [], async (input) => {
    const probes: ServiceProbe[] = [];
    for (let at = 0; at < Math.max(1, input.probes); at += 1) {
      if (at > 0) await pause(input.intervalSeconds);
      probes.push(await probe(input));
    }
    return { probes, consecutiveFailures: consecutiveFailures(probes) };
  });
}

async function probe({ url, dns, timeoutSeconds }: ProbeService): Promise<ServiceProbe> {
  const at = new Date().toISOString();
  let address: string;
  try {
    address = await addressOf(new URL(url).hostname, dns.resolvers);
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    return { at, address: null, state: 'none', httpStatus: null, detail };
  }
  const status = await new BitbucketClient({ baseUrl: url, address, timeoutSeconds }).status();
  return { at, address, ...status };
}

/** How many probes at the end of the series were bad in a row. */
export function consecutiveFailures(probes: readonly Pick<ServiceProbe, 'state'>[]): number {
  const lastGood = probes.findLastIndex((each) => isGoodState(each.state));
  return probes.length - 1 - lastGood;
}
