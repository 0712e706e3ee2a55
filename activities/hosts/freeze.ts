import type { AwsClients } from '../aws/clients';
import { change, look, volumesParameter, words } from './file-server';
import type { FileServerPlace } from './file-server';

/** The volumes as the host has them. */
export interface MountedVolumes {
  /** By volume: `mounted`, `unmounted`, `absent` or `other <device>`. */
  readonly states: Readonly<Record<string, string>>;
  /** By volume: the id that the device itself tells, without the dash; empty where it tells none. */
  readonly serials: Readonly<Record<string, string>>;
  /** Mount points inside the home that the estate does not name. */
  readonly others: readonly string[];
  /** Tokens of freezes of ours that are on: also of those that were ended, until all is thawed. */
  readonly unthawed: readonly string[];
}

/** `captured`: whoever thaws knows that the snapshots were taken before. */
export type ThawReason = 'captured' | 'released';

/** Who ended a freeze first; `unknown` when the host knows nothing of it (it was restarted). */
export type ThawedBy = ThawReason | 'deadman' | 'unknown';

const LOOK_SECONDS = 60;
const CHANGE_SECONDS = 180;
/** Per file system: 45 to bring to the disk what was written, 35 to freeze. */
const FREEZE_SECONDS = 80;

export async function lookAtVolumes(aws: AwsClients, place: FileServerPlace): Promise<MountedVolumes> {
  const { fileServer } = place;
  const parameters = { VOLUMES: volumesParameter(fileServer), SHARED_HOME: fileServer.sharedHome };
  const { facts } = await look(aws, place, 'look-at-volumes', parameters, LOOK_SECONDS);
  const byVolume = (key: string, otherwise: string): Record<string, string> =>
    Object.fromEntries(fileServer.volumes.map(({ name }) => [name, facts[`${key}.${name}`] ?? otherwise]));
  return {
    states: byVolume('volume', 'absent'),
    serials: byVolume('serial', ''),
    others: words(facts.others),
    unthawed: words(facts.unthawed),
  };
}

/**
 * Freezes all file systems of the home or none.
 * @param token names this freeze; of a later one with another token, this one is ended first
 * @param limitSeconds after so long the host ends the freeze by itself
 * @throws NeedsPerson when one cannot be frozen, e.g. because somebody else has, or not in time: what comes too late is
 *   thawed by the host; NotYet while an earlier freeze is not over
 */
export async function freezeHome(
  aws: AwsClients,
  place: FileServerPlace,
  token: string,
  limitSeconds: number,
): Promise<void> {
  const VOLUMES = volumesParameter(place.fileServer);
  const parameters = { VOLUMES, TOKEN: token, LIMIT_SECONDS: String(Math.ceil(limitSeconds)) };
  const seconds = CHANGE_SECONDS + place.fileServer.volumes.length * FREEZE_SECONDS;
  await change(aws, place, 'freeze-home', parameters, seconds);
}

/**
 * Ends a freeze.
 * @returns who ended it first, which may have been the host's own timer
 * @throws NotYet while not all is thawed, or more may still be frozen
 */
export async function thawHome(
  aws: AwsClients,
  place: FileServerPlace,
  token: string,
  reason: ThawReason,
): Promise<ThawedBy> {
  const { facts } = await change(aws, place, 'thaw-home', { TOKEN: token, REASON: reason }, CHANGE_SECONDS);
  const { by = 'unknown' } = facts;
  return by === 'captured' || by === 'released' || by === 'deadman' ? by : 'unknown';
}

/**
 * Ends every freeze of ours on this host.
 * @returns the tokens of those that were on
 * @throws NotYet while not all is thawed, or more may still be frozen
 */
export async function thawAll(aws: AwsClients, place: FileServerPlace): Promise<readonly string[]> {
  const { facts } = await change(aws, place, 'thaw-home', { TOKEN: '', REASON: 'released' }, CHANGE_SECONDS);
  return words(facts.ended);
}
