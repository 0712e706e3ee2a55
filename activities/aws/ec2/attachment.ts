import { AttachVolumeCommand, DetachVolumeCommand } from '@aws-sdk/client-ec2';
import type { Instance, Volume, VolumeAttachment } from '@aws-sdk/client-ec2';

import type { StepContext } from '../../../workflows/runbook/step';
import type { AttachHomeVolume } from '../../../workflows/steps/home-volume';
import type { Dependencies } from '../../dependencies';
import { terminal } from '../../errors';
import { askAws } from '../errors';
import { lookAgain } from '../pace';
import { findVolume } from './find-volumes';
import { isSameDevice } from './volume-layout';

/** The attachment of a volume, unless it is over. */
export function attachmentOf(volume: Volume | undefined): VolumeAttachment | undefined {
  return volume?.Attachments?.find((one) => one.State !== 'detached');
}

export function isAttachedHere(volume: Volume | undefined, input: AttachHomeVolume): boolean {
  const attachment = attachmentOf(volume);
  return (
    attachment?.InstanceId === input.fileServerInstanceId &&
    isSameDevice(attachment.Device ?? '', input.device)
  );
}

/** The volume that an instance has on a device. */
export function volumeOn(instance: Instance, device: string): string | undefined {
  return instance.BlockDeviceMappings?.find(({ DeviceName = '' }) => isSameDevice(DeviceName, device))?.Ebs
    ?.VolumeId;
}

/** Detaches, or tells how far that is; resolves when the volume is free. */
export async function detach(
  dependencies: Dependencies,
  input: AttachHomeVolume,
  volumeId: string,
  context: StepContext,
): Promise<void> {
  const volume = await findVolume(dependencies, input.region, volumeId);
  const attachment = attachmentOf(volume);
  if (volume === undefined || attachment === undefined) return;
  const where = `${attachment.InstanceId ?? '?'} ${attachment.Device ?? '?'}`;
  if (attachment.State === 'attached' || attachment.State === 'attaching') {
    await askAws(
      {
        doing: 'detach',
        resource: `volume ${volumeId} from ${where}`,
        region: input.region,
        pace: context.pace,
      },
      () =>
        dependencies.aws.ec2(input.region).send(
          // Never forced: a forced detach of a mounted volume loses what is not written yet.
          new DetachVolumeCommand({
            VolumeId: volumeId,
            InstanceId: attachment.InstanceId ?? input.fileServerInstanceId,
          }),
        ),
    );
  }
  const now = attachmentOf(await findVolume(dependencies, input.region, volumeId));
  if (now === undefined) return;
  const busy = now.State === 'busy' ? ': it is still mounted, unmount it on the file server' : '';
  throw lookAgain(`volume ${volumeId} is ${now.State ?? 'detaching'} from ${where}${busy}`, context);
}

/** Attaches a volume to the step's device; does nothing when it is there already. */
export async function attach(
  dependencies: Dependencies,
  input: AttachHomeVolume,
  volumeId: string,
  context: StepContext,
): Promise<void> {
  const volume = await findVolume(dependencies, input.region, volumeId);
  if (volume === undefined) {
    throw terminal(
      `there is no volume ${volumeId} in ${input.region} to attach to ${input.fileServerInstanceId}.`,
    );
  }
  if (isAttachedHere(volume, input)) return;
  const elsewhere = attachmentOf(volume);
  if (elsewhere !== undefined && elsewhere.State !== 'detaching') {
    throw terminal(
      `volume ${volumeId} in ${input.region} is attached to ${elsewhere.InstanceId ?? '?'} as ` +
        `${elsewhere.Device ?? '?'}. Detach it there if that is a mistake, then retry.`,
    );
  }
  if (volume.State !== 'available')
    throw lookAgain(`volume ${volumeId} is ${volume.State ?? 'unknown'}`, context);
  await askAws(
    {
      doing: 'attach',
      resource: `volume ${volumeId} to ${input.fileServerInstanceId} as ${input.device}`,
      region: input.region,
      state: volume.State,
      pace: context.pace,
    },
    () =>
      dependencies.aws.ec2(input.region).send(
        new AttachVolumeCommand({
          VolumeId: volumeId,
          InstanceId: input.fileServerInstanceId,
          Device: input.device,
        }),
      ),
  );
}
