import { CreateVolumeCommand, DeleteVolumeCommand } from '@aws-sdk/client-ec2';
import type { CreateVolumeCommandOutput, Snapshot, Volume, VolumeType } from '@aws-sdk/client-ec2';

import { isLater, later } from '../../../workflows/runbook/later';
import type { PlannedCall, Problem, StepContext } from '../../../workflows/runbook/step';
import { createHomeVolume } from '../../../workflows/steps/home-volume';
import type { CreateHomeVolume } from '../../../workflows/steps/home-volume';
import type { Dependencies } from '../../dependencies';
import { needsPerson } from '../../errors';
import { implementStep } from '../../implement';
import type { StepImplementation } from '../../implement';
import { askAws } from '../errors';
import { ownerTags, stableToken } from '../ownership';
import { lookAgain, mayBeStale } from '../pace';
import { meet } from '../unsettled';
import { findSnapshot, findVolume, findVolumes } from './find-volumes';

type Output = { readonly volumeId: string; readonly sizeGiB: number };

/** So many volumes of one step may be given up by EBS, or deleted by people, before something else must be wrong. */
const MOST_VOLUMES = 10;

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
      const [snapshot, all] = await Promise.all([
        isLater(input.snapshotId) ? undefined : findSnapshot(dependencies, input.region, input.snapshotId),
        isLater(input.snapshotId) ? [] : findAll(dependencies, input, context),
      ]);
      const made = newestUsable(all);
      const sizeGiB = made?.Size ?? snapshot?.VolumeSize ?? 0;
      return {
        state: made === undefined ? 'needed' : 'done',
        before: { volumeId: made?.VolumeId ?? null },
        calls: made === undefined ? plannedCalls(input, sizeGiB, all) : [],
        problems: isLater(input.snapshotId) || made !== undefined ? [] : snapshotProblems(input, snapshot),
        output: { volumeId: made?.VolumeId ?? later(`volume of ${context.step}`), sizeGiB },
        undo: 'delete the volume',
        material: { snapshotId: input.snapshotId, availabilityZone: input.availabilityZone },
      };
    },

    async run(input, context) {
      const all = await findAll(dependencies, input, context);
      const made = newestUsable(all);
      if (made?.VolumeId !== undefined) return { volumeId: made.VolumeId, sizeGiB: made.Size ?? 0 };
      const givenUp = all.map(({ VolumeId }) => VolumeId);
      for (let spent = 0; spent < MOST_VOLUMES; spent += 1) {
        const reply = await create(dependencies, input, context, spent);
        if (reply === undefined || givenUp.includes(reply.VolumeId)) continue;
        if (reply.VolumeId === undefined) throw new Error('EC2 answered CreateVolume without a volume id');
        // What is in error holds nothing, and is no use to anybody once there is another.
        for (const { VolumeId, State } of all) {
          if (State === 'error' && VolumeId !== undefined)
            await remove(dependencies, input, VolumeId, State, context);
        }
        // The size of the reply, not of the request [A §3.1].
        return { volumeId: reply.VolumeId, sizeGiB: reply.Size ?? 0 };
      }
      throw needsPerson(
        `EBS has given up ${MOST_VOLUMES} volumes from ${input.snapshotId} in ${input.region}, or somebody deleted them. ` +
          `${keyHint(input)} Or use another copy of the home in another run.`,
      );
    },

    async verify(input, output, context) {
      const id = output?.volumeId ?? (await findMade(dependencies, input, context))?.VolumeId;
      const volume = id === undefined ? undefined : await findVolume(dependencies, input.region, id);
      if (volume === undefined) {
        if (mayBeStale()) {
          throw lookAgain(`volume ${id ?? ''} is not visible yet`, context);
        }
        // EBS accepts a copy that it cannot decrypt, and takes the volume back when it finds out.
        throw needsPerson(
          `volume ${id ?? ''} in ${input.region} was made, and is not to be seen after a minute: EBS has given it up, or ` +
            `somebody deleted it. ${keyHint(input)} Then retry: another one is made.`,
        );
      }
      const state = volume.State ?? 'unknown';
      if (state === 'error' || state === 'deleting' || state === 'deleted') {
        throw needsPerson(
          `volume ${id} in ${input.region} is ${state}. ${keyHint(input)} Then retry: another one is made.`,
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
      const [named, all] = await Promise.all([
        output === undefined ? undefined : findVolume(dependencies, input.region, output.volumeId),
        findAll(dependencies, input, context),
      ]);
      const seen = [...(named === undefined ? [] : [named]), ...all];
      meet(dependencies.aws, seen.length > 0, `a volume from ${input.snapshotId}`);
      const here = seen.filter((one) => !isDeleted(one));
      const volumes = new Map(here.map((one) => [one.VolumeId ?? '', one]));
      for (const [id, volume] of volumes) {
        const holder = volume.Attachments?.[0];
        if (holder?.State === 'detaching') throw lookAgain(`volume ${id} is detaching`, context);
        if (holder !== undefined && holder.State !== 'detached') {
          throw needsPerson(
            `volume ${id} in ${input.region} cannot be deleted: it is ${holder.State ?? 'attached'} to ` +
              `${holder.InstanceId ?? '?'} as ${holder.Device ?? '?'}. Unmount and detach it, then retry.`,
          );
        }
        await remove(dependencies, input, id, volume.State ?? '', context);
      }
      const [first] = volumes.keys();
      return { changed: first !== undefined, facts: { volumeId: first ?? output?.volumeId ?? null } };
    },
  });
}

/**
 * Asks for the volume. Which token is asked with counts those that are of no use, by what EC2 says of them, so that every
 * attempt on every worker comes to the same one; and a token whose volume lives is never passed over.
 * @returns undefined when the volume of this token does not exist any more
 */
async function create(
  dependencies: Dependencies,
  input: CreateHomeVolume,
  context: StepContext,
  spent: number,
): Promise<CreateVolumeCommandOutput | undefined> {
  const nth = spent === 0 ? [] : [`volume ${spent + 1}`];
  return askAws(
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
          ClientToken: stableToken(context, input.snapshotId, input.availabilityZone, ...nth),
          SnapshotId: input.snapshotId,
          AvailabilityZone: input.availabilityZone,
          VolumeType: input.volumeType as VolumeType,
          ...performanceOf(input),
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
    { spent: () => undefined },
  );
}

async function remove(
  dependencies: Dependencies,
  { region }: CreateHomeVolume,
  id: string,
  state: string,
  context: StepContext,
): Promise<void> {
  await askAws(
    { doing: 'delete', resource: `volume ${id}`, region, state, pace: context.pace },
    async () => {
      await dependencies.aws.ec2(region).send(new DeleteVolumeCommand({ VolumeId: id }));
    },
    { notFound: () => undefined },
  );
}

/** All volumes that this step of this run made from this snapshot, the newest first; also those of no use. */
async function findAll(
  dependencies: Dependencies,
  input: CreateHomeVolume,
  context: StepContext,
): Promise<readonly Volume[]> {
  const tags = ownerTags(context).map(({ Key, Value }) => ({ Name: `tag:${Key}`, Values: [Value] }));
  const volumes = await findVolumes(dependencies, input.region, `volumes of ${context.step}`, {
    Filters: tags,
  });
  return volumes
    .filter((one) => one.SnapshotId === input.snapshotId)
    .sort((a, b) => (b.CreateTime?.getTime() ?? 0) - (a.CreateTime?.getTime() ?? 0));
}

async function findMade(
  dependencies: Dependencies,
  input: CreateHomeVolume,
  context: StepContext,
): Promise<Volume | undefined> {
  return newestUsable(await findAll(dependencies, input, context));
}

function newestUsable(volumes: readonly Volume[]): Volume | undefined {
  return volumes.find((one) => one.State !== 'error' && !isDeleted(one));
}

function isDeleted({ State }: Volume): boolean {
  return State === 'deleting' || State === 'deleted';
}

function keyHint({ snapshotId }: CreateHomeVolume): string {
  return `If the snapshot ${snapshotId} is encrypted, check that its key is enabled and usable by the worker.`;
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

function performanceOf({ iops, throughput }: CreateHomeVolume): { Iops?: number; Throughput?: number } {
  return {
    ...(iops === undefined ? {} : { Iops: iops }),
    ...(throughput === undefined ? {} : { Throughput: throughput }),
  };
}

function plannedCalls(input: CreateHomeVolume, sizeGiB: number, all: readonly Volume[]): PlannedCall[] {
  const { region, volume, snapshotId, availabilityZone, volumeType } = input;
  const parameters = {
    SnapshotId: snapshotId,
    AvailabilityZone: availabilityZone,
    VolumeType: volumeType,
    ...performanceOf(input),
  };
  return [
    {
      service: 'ec2',
      action: 'CreateVolume',
      region,
      target: volume,
      parameters: { ...parameters, sizeGiB },
    },
    ...all
      .filter(({ State }) => State === 'error')
      .map(({ VolumeId = '?' }) => ({ service: 'ec2', action: 'DeleteVolume', region, target: VolumeId })),
  ];
}
