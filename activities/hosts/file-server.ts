import type { FileServer } from '../../workflows/plan/instance';
import type { Facts } from '../../workflows/runbook/step';
import type { AwsClients } from '../aws/clients';
import { invalidInput } from '../errors';
import { runOnHost } from './run-command';
import type { HostAnswer } from './run-command';

export interface FileServerPlace {
  readonly region: string;
  readonly fileServer: FileServer;
}

/** The export of the shared home and the NFS server behind it. */
export interface ExportState {
  /** To whom it is exported; empty = to nobody. */
  readonly clients: readonly string[];
  /** What systemd says of nfs-server, e.g. `active`; `absent` when there is no such unit. */
  readonly active: string;
  readonly enabled: string;
}

/** How long each script may take on the host, seconds. */
const LOOK_SECONDS = 60;
const CHANGE_SECONDS = 240;
const STORE_SECONDS = 120;

export async function lookAtExport(aws: AwsClients, place: FileServerPlace): Promise<ExportState> {
  const parameters = { EXPORT_PATH: place.fileServer.exportPath };
  return exportState(await look(aws, place, 'look-at-export', parameters, LOOK_SECONDS));
}

/** Runs a script that reads only. */
export function look(
  aws: AwsClients,
  place: FileServerPlace,
  script: string,
  parameters: Readonly<Record<string, string>>,
  timeoutSeconds: number,
): Promise<HostAnswer> {
  const { region } = place;
  const { instanceId } = place.fileServer;
  return runOnHost(aws, { region, instanceId, script, parameters, timeoutSeconds, mutating: false });
}

/** Runs a script that changes the file server. */
export function change(
  aws: AwsClients,
  place: FileServerPlace,
  script: string,
  parameters: Readonly<Record<string, string>>,
  timeoutSeconds = CHANGE_SECONDS,
): Promise<HostAnswer> {
  const { region } = place;
  const { instanceId } = place.fileServer;
  return runOnHost(aws, { region, instanceId, script, parameters, timeoutSeconds, mutating: true });
}

export function exportState({ facts }: HostAnswer): ExportState {
  return {
    clients: words(facts.exported),
    active: facts.active ?? 'absent',
    enabled: facts.enabled ?? 'absent',
  };
}

/** Nothing of the path is exported, and the NFS server is off and stays off across a reboot. */
export function isWithdrawn(state: ExportState): boolean {
  const off = state.active === 'inactive' || state.active === 'failed';
  return state.clients.length === 0 && off && (state.enabled === 'disabled' || state.enabled === 'masked');
}

export function exportFacts(state: ExportState): Facts {
  return { exportedTo: state.clients.join(' '), nfsServer: state.active, nfsServerAtBoot: state.enabled };
}

/** Parameters EXPORT_PATH, EXPORT_CLIENT and EXPORT_OPTIONS. @throws InvalidInput for a malformed client specification */
export function exportParameters(fileServer: FileServer): Readonly<Record<string, string>> {
  const match = /^([^\s()]+)(?:\(([^\s()]*)\))?$/.exec(fileServer.exportTo);
  if (match?.[1] === undefined) {
    throw invalidInput(
      `exportTo of the file server ${fileServer.instanceId} is "${fileServer.exportTo}"; ` +
        'write one client with its options, e.g. 10.0.0.0/16(rw,sync,no_root_squash)',
    );
  }
  return {
    EXPORT_PATH: fileServer.exportPath,
    EXPORT_CLIENT: match[1],
    EXPORT_OPTIONS: match[2] ?? '',
  };
}

/** Parameter VOLUMES: name, device and mount point, separated by tabs, one volume a line, outermost mount point first. */
export function volumesParameter(fileServer: FileServer): string {
  const outermostFirst = [...fileServer.volumes].sort((a, b) => a.mountPoint.length - b.mountPoint.length);
  return outermostFirst
    .map((volume) => [volume.name, volume.device, volume.mountPoint].join('\t'))
    .join('\n');
}

/**
 * Mount points of the data stores: of the volumes other than the one that the home's own repositories lie on. Bitbucket puts
 * new repositories there, in an order of its own.
 */
export function storesOf({ sharedHome, volumes }: FileServer): readonly string[] {
  const repositories = `${sharedHome}/data/repositories/`;
  const mountPoints = volumes.map(({ mountPoint }) => mountPoint);
  const [own] = mountPoints
    .filter((one) => repositories.startsWith(`${one.replace(/\/+$/, '')}/`))
    .sort((a, b) => b.length - a.length);
  return mountPoints.filter((one) => one !== own);
}

/** How long it may take a script to search the data stores for repositories; see `find_stored` in library.sh. */
export function searchSeconds(fileServer: FileServer): number {
  return storesOf(fileServer).length * STORE_SECONDS;
}

/** Parameters REPOSITORIES and STORES: where the repositories of an instance may lie. */
export function repositoryParameters(fileServer: FileServer): Readonly<Record<string, string>> {
  return {
    REPOSITORIES: `${fileServer.sharedHome}/data/repositories`,
    STORES: storesOf(fileServer).join('\n'),
  };
}

export function words(text: string | undefined): readonly string[] {
  return (text ?? '').split(' ').filter((word) => word !== '');
}
