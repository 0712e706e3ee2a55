import type { Volume } from '@aws-sdk/client-ec2';

import type { Site } from '../../../workflows/plan/instance';
import type { Problem } from '../../../workflows/runbook/step';
import type { Dependencies } from '../../dependencies';
import { lookAtVolumes } from '../../hosts/freeze';
import type { MountedVolumes } from '../../hosts/freeze';
import { findInstance } from './find-instances';
import { findVolumesOf } from './find-volumes';

/** The volumes of the home by three accounts: the estate, EC2, and the host. */
export interface VolumeLayout {
  /** Volume id by the estate's name. */
  readonly volumes: Readonly<Record<string, string>>;
  /** Attached volumes that the estate does not name, without the root: left out of the snapshot. */
  readonly unlisted: readonly string[];
  readonly problems: readonly Problem[];
  readonly encrypted: boolean;
}

export async function readVolumeLayout(dependencies: Dependencies, site: Site): Promise<VolumeLayout> {
  const { region, fileServer } = site;
  const { instanceId } = fileServer;
  const [instance, attached, mounted] = await Promise.all([
    findInstance(dependencies, region, instanceId),
    findVolumesOf(dependencies, region, instanceId),
    lookAtVolumes(dependencies.aws, { region, fileServer }),
  ]);
  return judgeLayout(site, attached, instance?.RootDeviceName, mounted);
}

/** Compares the three; pure. */
export function judgeLayout(
  { fileServer }: Pick<Site, 'fileServer'>,
  attached: readonly Volume[],
  rootDevice: string | undefined,
  mounted: MountedVolumes,
): VolumeLayout {
  const { instanceId } = fileServer;
  const volumes: Record<string, string> = {};
  const problems: Problem[] = [];
  for (const { name, device, mountPoint } of fileServer.volumes) {
    const found = attached.find((one) => deviceOf(one, instanceId) === plain(device));
    const id = found?.VolumeId;
    if (id === undefined) problems.push(lacking(name, `no volume is attached to ${instanceId} as ${device}`));
    else volumes[name] = id;
    const state = mounted.states[name] ?? 'absent';
    const serial = mounted.serials[name] ?? '';
    if (state !== 'mounted') problems.push(lacking(name, `${device} on ${mountPoint} is ${state}`));
    else if (id !== undefined && serial !== '' && serial !== id.replace('-', '')) {
      problems.push(lacking(name, `${mountPoint} lies on ${serial}, while EC2 has ${id} as ${device}`));
    }
  }
  if (mounted.others.length > 0) {
    problems.push({
      code: 'unlistedVolume',
      message: `Inside the home other file systems are mounted: ${mounted.others.join(', ')}.`,
      remedy: 'Name their volumes in the estate (fileServer.volumes): the backup would lack what is on them.',
    });
  }
  const listed = new Set(Object.values(volumes));
  const unlisted = attached
    .filter((one) => deviceOf(one, instanceId) !== plain(rootDevice ?? ''))
    .flatMap(({ VolumeId }) => (VolumeId === undefined || listed.has(VolumeId) ? [] : [VolumeId]));
  const encrypted = attached.some(
    ({ VolumeId = '', Encrypted }) => listed.has(VolumeId) && Encrypted === true,
  );
  return { volumes, unlisted, problems, encrypted };
}

function lacking(name: string, what: string): Problem {
  return {
    code: 'volumeNotAsDescribed',
    message: `Volume ${name} of the home is not as the estate describes it: ${what}.`,
    remedy: 'Correct the estate or the file server; a backup of something else is worth nothing.',
  };
}

function deviceOf(volume: Volume, instanceId: string): string {
  return plain(volume.Attachments?.find((one) => one.InstanceId === instanceId)?.Device ?? '');
}

export function isSameDevice(one: string, other: string): boolean {
  return plain(one) === plain(other);
}

/** `/dev/sdf` and `/dev/xvdf` are one. */
function plain(device: string): string {
  return device.replace(/^\/dev\/(sd|xvd)/, '');
}
