import type { Problem } from '../runbook/step';
import type { Site } from './instance';

/**
 * Something about the fence of the lost site could not be seen: going on risks two writers, so that it needs a consent
 * of its own. All of them have the same remedy, which is therefore shown once.
 */
export function fenceUnproven(message: string): Problem {
  return {
    code: 'fenceUnproven',
    message,
    remedy:
      'Make sure by other means that the lost site cannot write, then consent; or wait until it answers.',
    consent: 'unprovenFence',
  };
}

/** Nobody could see that the lost site is unable to write. */
export function unprovenFence(site: Site, reason: string): Problem {
  return fenceUnproven(`It was not seen that ${site.name} cannot write any more (${reason}).`);
}
