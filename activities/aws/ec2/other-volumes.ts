import type { InstanceBlockDeviceMapping } from '@aws-sdk/client-ec2';

import { isLater } from '../../../workflows/runbook/later';
import type { MountHome } from '../../../workflows/steps/home-volume';
import type { Dependencies } from '../../dependencies';
import { needsPeople } from '../../errors';
import { isUnreachable } from '../observe';
import { findInstance } from './find-instances';
import { isSameDevice } from './volume-layout';

/**
 * What EC2 has on the devices of the home instead of the volumes that are wanted there, one line each. A device without a
 * volume is no other. Empty also where EC2 cannot be asked: people may mount by hand then, and nobody sees what.
 */
export async function otherVolumes(
  dependencies: Dependencies,
  { region, fileServer, volumeIds = [] }: MountHome,
): Promise<readonly string[]> {
  const wanted = fileServer.volumes.flatMap((volume, index) => {
    const id = volumeIds[index];
    return id === undefined || isLater(id) ? [] : [{ ...volume, id }];
  });
  if (wanted.length === 0) return [];
  const attached = await devicesOf(dependencies, region, fileServer.instanceId);
  return wanted.flatMap(({ name, device, id }) =>
    attached
      .filter(({ DeviceName = '' }) => isSameDevice(DeviceName, device))
      .flatMap(({ Ebs }) => (Ebs?.VolumeId === undefined || Ebs.VolumeId === id ? [] : [Ebs.VolumeId]))
      .map((there) => `${there} as ${device} (${name}), wanted is ${id}`),
  );
}

async function devicesOf(
  dependencies: Dependencies,
  region: string,
  instanceId: string,
): Promise<readonly InstanceBlockDeviceMapping[]> {
  try {
    return (await findInstance(dependencies, region, instanceId))?.BlockDeviceMappings ?? [];
  } catch (error) {
    if (!isUnreachable(error) && !needsPeople(error)) throw error;
    return [];
  }
}
