import type { Facts } from '../../workflows/runbook/step';
import type { AwsClients } from '../aws/clients';
import { exportState, look, searchSeconds, storesOf, volumesParameter, words } from './file-server';
import type { ExportState, FileServerPlace } from './file-server';

export interface HomeState {
  /** By volume: `mounted`, `unmounted`, `absent` (no such device) or `other <device>` (mounted in its place). */
  readonly volumes: Readonly<Record<string, string>>;
  readonly mounted: boolean;
  readonly export: ExportState;
  /** The following are null unless every volume is mounted. */
  readonly properties: boolean | null;
  readonly repositories: number | null;
  /**
   * Repositories that were checked; those that failed, and those that took too long: in the home by number, elsewhere by
   * path. A data store that took too long to search is among the last.
   */
  readonly sampled: number | null;
  readonly broken: readonly string[];
  readonly unfinished: readonly string[];
}

/** Seconds for the check of one repository of the sample. */
const FSCK_SECONDS = 20;

/**
 * @param sample how many repositories are checked with `git fsck --connectivity-only`, of the home and as many of its data
 *   stores; 0 = none, and the stores are not searched
 */
export async function lookAtHome(
  aws: AwsClients,
  place: FileServerPlace,
  sample: number,
): Promise<HomeState> {
  const { fileServer } = place;
  const stores = storesOf(fileServer);
  const searching = stores.length === 0 ? 0 : sample * FSCK_SECONDS + searchSeconds(fileServer);
  const answer = await look(
    aws,
    place,
    'look-at-home',
    {
      VOLUMES: volumesParameter(fileServer),
      SHARED_HOME: fileServer.sharedHome,
      EXPORT_PATH: fileServer.exportPath,
      STORES: stores.join('\n'),
      SAMPLE: String(sample),
      FSCK_SECONDS: String(FSCK_SECONDS),
    },
    60 + sample * FSCK_SECONDS + (sample === 0 ? 0 : searching),
  );
  const { facts } = answer;
  const volumes = Object.fromEntries(
    fileServer.volumes.map(({ name }) => [name, facts[`volume.${name}`] ?? 'absent']),
  );
  return {
    volumes,
    mounted: Object.values(volumes).every((state) => state === 'mounted'),
    export: exportState(answer),
    properties: facts.properties === undefined ? null : facts.properties === 'yes',
    repositories: count(facts.repositories),
    sampled: count(facts.sampled),
    broken: words(facts.broken),
    unfinished: words(facts.unfinished),
  };
}

export function isExported(state: HomeState): boolean {
  return (
    state.export.clients.length > 0 && state.export.active === 'active' && state.export.enabled === 'enabled'
  );
}

export function homeFacts(state: HomeState): Facts {
  return {
    mounted: state.mounted,
    volumes: showVolumes(state),
    exportedTo: state.export.clients.join(' '),
    nfsServer: state.export.active,
    nfsServerAtBoot: state.export.enabled,
    properties: state.properties,
    repositories: state.repositories,
  };
}

export function showVolumes(state: HomeState): string {
  return Object.entries(state.volumes)
    .map(([name, found]) => `${name} ${found}`)
    .join(', ');
}

function count(text: string | undefined): number | null {
  return text === undefined || !/^\d+$/.test(text) ? null : Number(text);
}
