import { parseSecretReference, regionOfArn } from '../../estate/secrets';
import type { PinnedInstance } from '../../estate/pin';
import { bad, good } from './finding';
import type { Finding } from './finding';

/** Where the parts stand that a failover needs. */
export interface Placement {
  /** Identities of the workers that ask for work. */
  readonly workers: readonly string[];
  /** Regions in which the Temporal server is, as the estate says; it goes on while one of them stands. */
  readonly temporal: readonly string[];
}

/** The region that a worker's identity ends with: `runbooks@host:7/eu-west-1`. */
export function regionOfWorker(identity: string): string | undefined {
  return /\/([a-z]{2}(?:-[a-z]+)+-\d)$/.exec(identity)?.[1];
}

/**
 * Whether an instance could be failed over when any one of its regions is lost together with everything of ours in it:
 * a worker elsewhere, a Temporal server elsewhere, and no password that is kept only there. Pure.
 */
export function judgePlacement(instance: PinnedInstance, placement: Placement): Finding {
  const name = `placement ${instance.name}`;
  const regions = [...new Set(instance.sites.map(({ region }) => region))];
  if (regions.length < 2) return good(name, 'one region only: there is nothing to fail over to');
  const gaps = regions.flatMap((lost) => gapsWithout(lost, instance, placement));
  if (gaps.length === 0) return good(name, `a failover goes on without any one of ${regions.join(', ')}`);
  const remedies = [...new Set(gaps.map(({ remedy }) => remedy))];
  return bad(name, gaps.map(({ what }) => what).join('\n'), remedies.join(' '));
}

interface Gap {
  readonly what: string;
  readonly remedy: string;
}

function gapsWithout(
  lost: string,
  instance: PinnedInstance,
  { workers, temporal }: Placement,
): readonly Gap[] {
  const survives = (region: string | undefined): boolean => region !== undefined && region !== lost;
  const unplaced = workers.filter((identity) => regionOfWorker(identity) === undefined);
  return [
    ...(workers.some((identity) => survives(regionOfWorker(identity)))
      ? []
      : [
          {
            what: `without ${lost}: no worker${unplaced.length === 0 ? '' : ` that is known to be elsewhere (${unplaced.join(', ')} do not say where they are)`}`,
            remedy:
              'Run a worker in each region, and tell each where it is: RUNBOOKS_REGION, else AWS_REGION.',
          },
        ]),
    ...(temporal.some(survives)
      ? []
      : [
          {
            what: `without ${lost}: ${temporal.length === 0 ? 'the estate does not say where the Temporal server is' : `no Temporal server (${temporal.join(', ')})`}`,
            remedy:
              'Say in the estate where the server is: placement: { temporal: [<regions>] }, and keep it out of the region that it has to recover.',
          },
        ]),
    ...passwordsOnlyIn(lost, instance),
  ];
}

/** An ARN is asked for in its own region; a plain name in the worker's, which is checked by resolving it. */
function passwordsOnlyIn(lost: string, { credentials }: PinnedInstance): readonly Gap[] {
  const references = [...new Set(Object.values(credentials).map(({ password }) => password))];
  return references
    .filter((reference) => {
      const parsed = parseSecretReference(reference);
      return parsed !== undefined && regionOfArn(parsed.name) === lost;
    })
    .map((reference) => ({
      what: `without ${lost}: ${reference} is kept only there`,
      remedy: 'Replicate the secret and refer to it by its name: each worker asks in its own region.',
    }));
}
