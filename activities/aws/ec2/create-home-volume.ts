import { CreateVolumeCommand, DeleteVolumeCommand } from '@aws-sdk/client-ec2';
import type { Snapshot, Volume, VolumeType } from '@aws-sdk/client-ec2';

import { isLater, later } from '../../../workflows/runbook/later';
import type { Problem, StepContext } from '../../../workflows/runbook/step';
import { createHomeVolume } from '../../../workflows/steps/home-volume';
import type { CreateHomeVolume } from '../../../workflows/steps/home-volume';
import type { Dependencies } from '../../dependencies';
import { needsPerson } from '../../errors';
import { implementStep } from '../../implement';
import type { StepImplementation } from '../../implement';
import { askAws } from '../errors';
import { ownerTags, stableToken } from '../ownership';
import { lookAgain } from '../pace';
import { findSnapshot, findVolume, findVolumes } from './find-volumes';

type Output = { readonly volumeId: string; readonly sizeGiB: number };

/** [B §13.1 #5] A volume from a snapshot, found again by its tags and its client token. */
export function createHomeVolumeImplementation(dependencies: Dependencies): StepImplementation {
  return implementStep<CreateHomeVolume, Output>(createHomeVolume, {
    actions: [
      'ec2:DescribeSnapshots',
      'ec2:DescribeVolumes',
      'ec2:CreateVolume',
      'ec2:CreateTags',
      'ec2:DeleteVolume',
    ],

    async check(input, context) {
      const [snapshot, made] = await Promise.all([
        isLater(input.snapshotId) ? undefined : findSnapshot(dependencies, input.region, input.snapshotId),
        isLater(input.snapshotId) ? undefined : findMade(dependencies, input, context),
      ]);
      const sizeGiB = made?.Size ?? snapshot?.VolumeSize ?? 0;
      return {
        state: made === undefined ? 'needed' : 'done',
        before: { volumeId: made?.VolumeId ?? null },
        calls: made === undefined ? [plannedCall(input, sizeGiB)] : [],
        problems: isLater(input.snapshotId) || made !== undefined ? [] : snapshotProblems(input, snapshot),
        output: { volumeId: made?.VolumeId ?? later(`volume of ${context.step}`), sizeGiB },
        undo: 'delete the volume',
        material: { snapshotId: input.snapshotId, availabilityZone: input.availabilityZone },
      };
    },

    async run(input, context) {
      const made = await findMade(dependencies, input, context);
      if (made?.VolumeId !== undefined) return { volumeId: made.VolumeId, sizeGiB: made.Size ?? 0 };
      const reply = await askAws(
        {
          doing: 'create',
          resource: `volume ${input.volume} from ${input.snapshotId}`,
          region: input.region,
          pace: context.pace,
        },
        () =>
          dependencies.aws.ec2(input.region).send(
            new CreateVolumeCommand({
              // The SDK would fill a random token per call, and a second attempt would make a second volume [A §6].
              ClientToken: stableToken(context, input.snapshotId, input.availabilityZone),
              SnapshotId: input.snapshotId,
              AvailabilityZone: input.availabilityZone,
              VolumeType: input.volumeType as VolumeType,
              TagSpecifications: [
                {
                  ResourceType: 'volume',
                  Tags: [
                    ...ownerTags(context),
                    { Key: 'runbooks:volume', Value: input.volume },
                    { Key: 'Name', Value: `${context.instance} ${input.volume}` },
                  ],
                },
              ],
            }),
          ),
      );
      if (reply.VolumeId === undefined) throw new Error('EC2 answered CreateVolume without a volume id');
      // The size of the reply, not of the request [A §3.1].
      return { volumeId: reply.VolumeId, sizeGiB: reply.Size ?? 0 };
    },

    async verify(input, output, context) {
      const id = output?.volumeId ?? (await findMade(dependencies, input, context))?.VolumeId;
      const volume = id === undefined ? undefined : await findVolume(dependencies, input.region, id);
      if (volume === undefined) throw lookAgain(`volume ${id ?? ''} is not visible yet`, context);
      const state = volume.State ?? 'unknown';
      if (state === 'error' || state === 'deleting' || state === 'deleted') {
        throw needsPerson(
          `volume ${id} in ${input.region} is ${state}. If the snapshot ${input.snapshotId} is encrypted, check that ` +
            'its key is enabled and usable by the worker. Delete the volume, then retry.',
        );
      }
      const size = volume.Size ?? 0;
      if (state !== 'available' && state !== 'in-use') {
        throw lookAgain(`volume ${id} is ${state} (${size} GiB from ${input.snapshotId})`, context);
      }
      return {
        output: { volumeId: id ?? '', sizeGiB: size },
        facts: {
          volumeId: id ?? null,
          state,
          sizeGiB: size,
          availabilityZone: volume.AvailabilityZone ?? null,
        },
      };
    },

    async undo(input, { output }, context) {
      const volume =
        output === undefined
          ? await findMade(dependencies, input, context)
          : await findVolume(dependencies, input.region, output.volumeId);
      const id = volume?.VolumeId;
      if (
        volume === undefined ||
        id === undefined ||
        volume.State === 'deleting' ||
        volume.State === 'deleted'
      ) {
        return { changed: false, facts: { volumeId: id ?? null } };
      }
      const holder = volume.Attachments?.[0];
      if (holder?.State === 'detaching') throw lookAgain(`volume ${id} is detaching`, context);
      if (holder !== undefined && holder.State !== 'detached') {
        throw needsPerson(
          `volume ${id} in ${input.region} cannot be deleted: it is ${holder.State ?? 'attached'} to ` +
            `${holder.InstanceId ?? '?'} as ${holder.Device ?? '?'}. Unmount and detach it, then retry.`,
        );
      }
      await askAws(
        {
          doing: 'delete',
          resource: `volume ${id}`,
          region: input.region,
          state: volume.State ?? '',
          pace: context.pace,
        },
        async () => {
          await dependencies.aws.ec2(input.region).send(new DeleteVolumeCommand({ VolumeId: id }));
        },
        { notFound: () => undefined },
      );
      return { changed: true, facts: { volumeId: id } };
    },
  });
}

/** The newest usable volume that this step of this run made from this snapshot. */
async function findMade(
  dependencies: Dependencies,
  input: CreateHomeVolume,
  context: StepContext,
): Promise<Volume | undefined> {
  const tags = ownerTags(context).map(({ Key, Value }) => ({ Name: `tag:${Key}`, Values: [Value] }));
  const volumes = await findVolumes(dependencies, input.region, `volumes of ${context.step}`, {
    Filters: tags,
  });
  return volumes
    .filter((one) => one.SnapshotId === input.snapshotId)
    .filter((one) => !['error', 'deleting', 'deleted'].includes(one.State ?? ''))
    .sort((a, b) => (b.CreateTime?.getTime() ?? 0) - (a.CreateTime?.getTime() ?? 0))[0];
}

function snapshotProblems(input: CreateHomeVolume, snapshot: Snapshot | undefined): Problem[] {
  if (snapshot === undefined) {
    return [
      {
        code: 'homeCopyNotFound',
        message: `There is no snapshot ${input.snapshotId} of ${input.volume} in ${input.region}.`,
        remedy: 'Choose another copy of the home.',
      },
    ];
  }
  if (snapshot.State === 'completed') return [];
  const said = snapshot.StateMessage ? `: ${snapshot.StateMessage}` : '';
  return [
    {
      code: 'homeCopyNotCompleted',
      message: `Snapshot ${input.snapshotId} of ${input.volume} in ${input.region} is ${snapshot.State ?? 'unknown'}${said}.`,
      remedy: 'Wait until it is completed, or choose an older copy.',
    },
  ];
}

function plannedCall(input: CreateHomeVolume, sizeGiB: number) {
  return {
    service: 'ec2',
    action: 'CreateVolume',
    region: input.region,
    target: input.volume,
    parameters: {
      SnapshotId: input.snapshotId,
      AvailabilityZone: input.availabilityZone,
      VolumeType: input.volumeType,
      sizeGiB,
    },
  };
}
