import { nearest } from '../../estate/nearest';
import { pinInstance } from '../../estate/pin';
import type { PolicySettings } from '../../estate/policy';
import type { Estate } from '../../estate/schema';
import { ESTATE } from '../../workflows/plan/fleet/estate';
import type { Fleet } from '../../workflows/plan/fleet/estate';
import { selectInstances } from '../../workflows/plan/fleet/select-instances';
import type { Selection } from '../../workflows/plan/fleet/select-instances';
import { invalidInput } from '../errors';

/**
 * The selected instances with what a run over many has to know of each.
 * @param freezesHold false: a person breaks them
 * @throws InvalidInput when a name or pattern means no instance, or when none is left
 */
export function pinFleet(estate: Estate, selection: Selection, at: Date, freezesHold: boolean): Fleet {
  const known = Object.keys(estate.instances);
  const { names, named, unknown } = selectInstances(known, selection);
  if (unknown.length > 0) {
    const told = unknown.map((word) => {
      const near = nearest(word, known);
      return `"${word}"${near === undefined ? '' : ` (did you mean "${near}"?)`}`;
    });
    throw invalidInput(
      `no instance of the estate is meant by ${told.join(', ')}. Known: ${shortened(known)}. ` +
        'Write names, or patterns such as bitbucket-*.',
    );
  }
  if (names.length === 0) throw invalidInput('"except" leaves out every instance that "instances" selects');
  return {
    name: ESTATE,
    inEstate: known.length,
    instances: names.map((name) => {
      const freeze = freezesHold ? findFreeze(pinInstance(estate, name).policy.freezes, at) : null;
      return {
        name,
        named: named.has(name),
        hasBackup: estate.instances[name]?.backup !== undefined,
        freeze: freeze === null ? null : `change freeze until ${freeze.until}: ${freeze.reason}`,
      };
    }),
  };
}

/** The change freeze that is on; of several the one that lasts longest. */
export function findFreeze(
  freezes: PolicySettings['freezes'],
  at: Date,
): { readonly until: string; readonly reason: string } | null {
  const [longest] = freezes
    .filter(({ from, until }) => new Date(from) <= at && at < new Date(until))
    .sort((one, other) => Date.parse(other.until) - Date.parse(one.until));
  return longest === undefined ? null : { until: longest.until, reason: longest.reason };
}

function shortened(names: readonly string[]): string {
  return names.length <= 20
    ? names.join(', ')
    : `${names.slice(0, 20).join(', ')} and ${names.length - 20} more`;
}
