import { CreateTagsCommand } from '@aws-sdk/client-ec2';
import type { Instance } from '@aws-sdk/client-ec2';

import { isLater } from '../../../workflows/runbook/later';
import type { PlannedCall, Problem, StepContext } from '../../../workflows/runbook/step';
import { attachHomeVolume } from '../../../workflows/steps/home-volume';
import type { AttachHomeVolume } from '../../../workflows/steps/home-volume';
import type { Dependencies } from '../../dependencies';
import { needsPerson, terminal } from '../../errors';
import { implementStep } from '../../implement';
import type { StepImplementation } from '../../implement';
import { askAws } from '../errors';
import { isRepeated, lookAgain, mayBeStale } from '../pace';
import { lookTwice, noteMet } from '../unsettled';
import { attach, attachmentOf, detach, isAttachedHere, volumeOn } from './attachment';
import { findInstance } from './find-instances';
import { findVolume, findVolumes } from './find-volumes';

type Output = { readonly volumeId: string; readonly replaced: string | null };

const REPLACED_BY = 'runbooks:replaced-by';
const REPLACED_BY_RUN = 'runbooks:replaced-by-run-id';
const REPLACED_AT = 'runbooks:replaced-device';

/** [B §13.1 #5, §13.5 #3] The volume that had the device is detached, tagged and kept. */
export function attachHomeVolumeImplementation(dependencies: Dependencies): StepImplementation {
  return implementStep<AttachHomeVolume, Output>(attachHomeVolume, {
    actions: [
      'ec2:DescribeInstances',
      'ec2:DescribeVolumes',
      'ec2:CreateTags',
      'ec2:DetachVolume',
      'ec2:AttachVolume',
    ],

    async check(input, context) {
      const unknown = isLater(input.volumeId);
      const [server, volume] = await Promise.all([
        findInstance(dependencies, input.region, input.fileServerInstanceId),
        unknown ? undefined : findVolume(dependencies, input.region, input.volumeId),
      ]);
      const done = isAttachedHere(volume, input);
      const taken = server === undefined || done ? undefined : volumeOn(server, input.device);
      const replaced = taken ?? (await findReplaced(dependencies, input, context)) ?? null;
      return {
        state: done ? 'done' : 'needed',
        before: { replaced },
        calls: done ? [] : callsOf(input, taken),
        problems: [
          ...serverProblems(input, server),
          ...(unknown || server === undefined ? [] : volumeProblems(input, server, volume)),
        ],
        output: { volumeId: input.volumeId, replaced },
        undo: replaced === null ? 'detach the volume' : `detach the volume and attach ${replaced} again`,
        material: { device: input.device, replaced },
      };
    },

    async run(input, context) {
      const server = await findInstance(dependencies, input.region, input.fileServerInstanceId);
      if (server === undefined) throw terminal(serverMissing(input));
      const taken = volumeOn(server, input.device);
      if (taken !== undefined && taken !== input.volumeId) {
        await tagReplaced(dependencies, input, taken, context);
        await detach(dependencies, input, taken, context);
      }
      await attach(dependencies, input, input.volumeId, context);
      return {
        volumeId: input.volumeId,
        replaced: (await findReplaced(dependencies, input, context)) ?? null,
      };
    },

    async verify(input, output, context) {
      const volume = await findVolume(dependencies, input.region, input.volumeId);
      const attachment = attachmentOf(volume);
      if (attachment === undefined || !isAttachedHere(volume, input)) {
        if (mayBeStale()) {
          const { volumeId, fileServerInstanceId: server, device } = input;
          const state = volume?.State ?? 'not found';
          throw lookAgain(`volume ${volumeId} is not seen on ${server} as ${device} yet (${state})`, context);
        }
        throw needsPerson(
          `volume ${input.volumeId} in ${input.region} is not attached to ${input.fileServerInstanceId} as ` +
            `${input.device} (volume ${volume?.State ?? 'not found'}). Look who detached it, then retry.`,
        );
      }
      if (attachment.State !== 'attached') {
        throw lookAgain(
          `volume ${input.volumeId} is ${attachment.State ?? 'attaching'} to ${input.fileServerInstanceId}`,
          context,
        );
      }
      return {
        output: output ?? { volumeId: input.volumeId, replaced: null },
        facts: { volumeId: input.volumeId, device: input.device, state: 'attached' },
      };
    },

    async undo(input, { before, output }, context) {
      const volume = await findVolume(dependencies, input.region, input.volumeId);
      const here = attachmentOf(volume)?.InstanceId === input.fileServerInstanceId;
      if (here) {
        noteMet();
        await detach(dependencies, input, input.volumeId, context);
      }
      const replaced =
        (await findReplaced(dependencies, input, context)) ?? output?.replaced ?? before.replaced ?? null;
      let back = false;
      if (typeof replaced === 'string' && replaced !== input.volumeId) {
        const former = await findVolume(dependencies, input.region, replaced);
        back = former !== undefined && !isAttachedHere(former, input);
        if (former !== undefined) await attach(dependencies, input, replaced, context);
      }
      // Where `run` was cut, its detachment of the former volume, or its attachment, may come yet.
      if (output === undefined) lookTwice(dependencies.aws, `a change of ${input.device}`);
      return {
        changed: here || back || isRepeated(),
        facts: { detached: here ? input.volumeId : null, attached: replaced },
      };
    },
  });
}

/** The volume that this run took off the device, by the tag set right before. */
async function findReplaced(
  dependencies: Dependencies,
  input: AttachHomeVolume,
  context: StepContext,
): Promise<string | undefined> {
  const [volume] = await findVolumes(dependencies, input.region, `volumes replaced by ${context.step}`, {
    Filters: [
      { Name: `tag:${REPLACED_BY}`, Values: [context.run.workflowId] },
      { Name: `tag:${REPLACED_BY_RUN}`, Values: [context.run.firstRunId] },
      { Name: `tag:${REPLACED_AT}`, Values: [`${input.fileServerInstanceId} ${input.device}`] },
    ],
  });
  return volume?.VolumeId;
}

async function tagReplaced(
  dependencies: Dependencies,
  input: AttachHomeVolume,
  volumeId: string,
  context: StepContext,
): Promise<void> {
  await askAws({ doing: 'tag', resource: `volume ${volumeId}`, region: input.region }, () =>
    dependencies.aws.ec2(input.region).send(
      new CreateTagsCommand({
        Resources: [volumeId],
        Tags: [
          { Key: REPLACED_BY, Value: context.run.workflowId },
          { Key: REPLACED_BY_RUN, Value: context.run.firstRunId },
          { Key: REPLACED_AT, Value: `${input.fileServerInstanceId} ${input.device}` },
        ],
      }),
    ),
  );
}

function serverMissing(input: AttachHomeVolume): string {
  return `There is no file server ${input.fileServerInstanceId} in ${input.region}.`;
}

function serverProblems(input: AttachHomeVolume, server: Instance | undefined): Problem[] {
  const state = server?.State?.Name;
  if (server === undefined || state === 'terminated' || state === 'shutting-down') {
    return [
      {
        code: 'fileServerNotFound',
        message: state === undefined ? serverMissing(input) : `${input.fileServerInstanceId} is ${state}.`,
        remedy: 'Correct the file server in the estate, or build the standby site anew.',
      },
    ];
  }
  if (state === 'running') return [];
  return [
    {
      code: 'fileServerNotRunning',
      message: `File server ${input.fileServerInstanceId} in ${input.region} is ${state ?? 'unknown'}.`,
      remedy: 'Start it.',
    },
  ];
}

function volumeProblems(
  input: AttachHomeVolume,
  server: Instance,
  volume: Awaited<ReturnType<typeof findVolume>>,
): Problem[] {
  if (volume === undefined) {
    return [
      {
        code: 'volumeNotFound',
        message: `There is no volume ${input.volumeId} in ${input.region}.`,
        remedy: 'Create the volume from a copy of the home first.',
      },
    ];
  }
  const problems: Problem[] = [];
  const zone = server.Placement?.AvailabilityZone;
  if (volume.AvailabilityZone !== zone) {
    problems.push({
      code: 'volumeInOtherZone',
      message: `Volume ${input.volumeId} is in ${volume.AvailabilityZone ?? '?'}, the file server in ${zone ?? '?'}.`,
      remedy: 'Create the volume in the zone of the file server.',
    });
  }
  const attachment = attachmentOf(volume);
  if (attachment !== undefined && attachment.InstanceId !== input.fileServerInstanceId) {
    problems.push({
      code: 'volumeAttachedElsewhere',
      message: `Volume ${input.volumeId} is ${attachment.State ?? 'attached'} to ${attachment.InstanceId ?? '?'}.`,
      remedy: 'Detach it there, or create another volume from the copy.',
    });
  }
  return problems;
}

function callsOf(input: AttachHomeVolume, taken: string | undefined): PlannedCall[] {
  const { region, device } = input;
  const parameters = { InstanceId: input.fileServerInstanceId, Device: device };
  return [
    ...(taken === undefined
      ? []
      : [
          { service: 'ec2', action: 'CreateTags', region, target: taken },
          { service: 'ec2', action: 'DetachVolume', region, target: taken, parameters },
        ]),
    { service: 'ec2', action: 'AttachVolume', region, target: input.volumeId, parameters },
  ];
}
