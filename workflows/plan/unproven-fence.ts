import type { Problem } from '../runbook/step';
import type { Site } from './instance';

/** Nobody could see that the lost site is unable to write: going on risks two writers, so that it needs its own consent. */
export function unprovenFence(site: Site, reason: string): Problem {
  return {
    code: 'fenceUnproven',
    message: `It was not seen that ${site.name} cannot write any more: ${reason}.`,
    remedy:
      'Make sure by other means (console, another network path, the provider), then consent with the reason; or wait until the region answers.',
    consent: 'unprovenFence',
  };
}
