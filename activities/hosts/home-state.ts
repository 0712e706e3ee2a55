import type { Facts } from '../../workflows/runbook/step';
import type { AwsClients } from '../aws/clients';
import { exportState, look, volumesParameter, words } from './file-server';
import type { ExportState, FileServerPlace } from './file-server';

export interface HomeState {
  /** By volume: `mounted`, `unmounted`, `absent` (no such device) or `other <device>` (mounted in its place). */
  readonly volumes: Readonly<Record<string, string>>;
  readonly mounted: boolean;
  readonly export: ExportState;
  /** The following are null unless every volume is mounted. */
  readonly properties: boolean | null;
  readonly repositories: number | null;
  /** Repositories that were checked; those that failed, and those that took too long. */
  readonly sampled: number | null;
  readonly broken: readonly string[];
  readonly unfinished: readonly string[];
}

/** Seconds for the check of one repository of the sample. */
const FSCK_SECONDS = 20;

/** @param sample how many repositories are checked with `git fsck --connectivity-only`; 0 = none */
export async function lookAtHome(
  aws: AwsClients,
  place: FileServerPlace,
  sample: number,
): Promise<HomeState> {
  const { fileServer } = place;
  const answer = await look(
    aws,
    place,
    'look-at-home',
    {
      VOLUMES: volumesParameter(fileServer),
      SHARED_HOME: fileServer.sharedHome,
      EXPORT_PATH: fileServer.exportPath,
      SAMPLE: String(sample),
      FSCK_SECONDS: String(FSCK_SECONDS),
    },
    60 + sample * FSCK_SECONDS,
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
