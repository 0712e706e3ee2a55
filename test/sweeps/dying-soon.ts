import type { EstateInput } from '../../estate/schema';
import type { SweepSettings } from './session';

/** The estate of a world whose workers count as dead after a short silence. */
export function dyingSoon({
  deadAfterSeconds,
}: Pick<SweepSettings, 'deadAfterSeconds'>): (estate: EstateInput) => EstateInput {
  return (estate) => ({
    ...estate,
    policy: { ...estate.policy, worker: { deadAfter: `${deadAfterSeconds}s` } },
  });
}
