import { randomUUID } from 'node:crypto';

import { later } from '../../../workflows/runbook/later';
import type { Problem, StepContext } from '../../../workflows/runbook/step';
import { captureVolumes } from '../../../workflows/steps/backup';
import type { CapturedPart, CapturePart } from '../../../workflows/steps/backup';
import type { Dependencies } from '../../dependencies';
import { notYet, terminal } from '../../errors';
import { freezeHome, lookAtVolumes, thawAll, thawHome } from '../../hosts/freeze';
import { HOST_COMMAND_ACTIONS } from '../../hosts/run-command';
import { implementStep } from '../../implement';
import type { StepImplementation } from '../../implement';
import { askAws } from '../errors';
import { isOurs, tagValue } from '../ownership';
import { isRepeated, lookAgain } from '../pace';
import { noteRefusal, requireHeadroom } from './snapshot-headroom';
import type { CapturedVolume } from './snapshot-headroom';
import { createSet, deleteOwn, findBackupSnapshots, nameSet, sortSets } from './snapshot-sets';
import type { SnapshotSet } from './snapshot-sets';
import { readVolumeLayout } from './volume-layout';
import type { VolumeLayout } from './volume-layout';

/** [B §13.4 #4–6] Freeze, one call for all volumes, thaw. The freeze ends by itself on the host, whoever dies. */
export function captureVolumesImplementation(dependencies: Dependencies): StepImplementation {
  const { aws } = dependencies;
  return implementStep<CapturePart, CapturedPart>(captureVolumes, {
    actions: [
      'ec2:DescribeInstances',
      'ec2:DescribeVolumes',
      'ec2:DescribeSnapshots',
      'ec2:CreateSnapshots',
      'ec2:CreateTags',
      'ec2:DeleteSnapshot',
      ...HOST_COMMAND_ACTIONS,
    ],

    async check(input, context) {
      const [layout, found] = await Promise.all([
        readVolumeLayout(dependencies, input.site),
        findOwn(dependencies, input, context),
      ]);
      const { whole } = sortSets(found.own, Object.values(layout.volumes));
      return {
        state: whole.length === 0 ? 'needed' : 'done',
        before: {},
        calls: plannedCalls(input, layout),
        problems: [...layout.problems, ...found.problems],
        output: {
          members: Object.keys(layout.volumes).map((name) => ({
            kind: 'ebs',
            name,
            id: later(`snapshot of ${name}`),
          })),
          consistency: 'frozen',
        },
        undo: 'thaw the file systems and delete the snapshots',
        material: { volumes: Object.values(layout.volumes).join(' ') },
        notes:
          layout.unlisted.length === 0
            ? []
            : [`attached and not part of the home, therefore left out: ${layout.unlisted.join(', ')}`],
      };
    },

    async run(input, context) {
      const layout = await readVolumeLayout(dependencies, input.site);
      if (layout.problems.length > 0) {
        throw terminal(layout.problems.map(({ message, remedy }) => `${message} ${remedy}`).join(' '));
      }
      const { own } = await findOwn(dependencies, input, context);
      const { whole, rest } = sortSets(own, Object.values(layout.volumes));
      const [former, ...extras] = whole;
      const set = former ?? (await captureFrozen(dependencies, input, layout, context));
      const by = await thawHome(aws, placeOf(input), set.freeze, 'captured');
      await nameSet(dependencies, input.site.region, set, layout);
      const leftOver = [...rest, ...extras.flatMap((one) => one.snapshots)];
      await deleteOwn(dependencies, input.site.region, leftOver, context);
      return { members: membersOf(set, layout), consistency: by === 'captured' ? 'frozen' : 'crash' };
    },

    async verify(input, output, context) {
      const [{ unthawed }, { own }] = await Promise.all([
        lookAtVolumes(aws, placeOf(input)),
        findOwn(dependencies, input, context),
      ]);
      if (unthawed.length > 0) throw lookAgain(`still frozen: ${unthawed.join(', ')}`, context);
      const { members = [], consistency = 'crash' } = output ?? {};
      for (const { name, id } of members) {
        const snapshot = own.find((one) => one.SnapshotId === id);
        if (snapshot === undefined || tagValue(snapshot.Tags, 'runbooks:volume') !== name) {
          throw lookAgain(`snapshot ${id} of ${name} is not visible yet with its tags`, context);
        }
        if (snapshot.State === 'error') {
          throw terminal(
            `snapshot ${id} of ${name} in ${input.site.region} failed: ${snapshot.StateMessage ?? 'without a word'}.`,
          );
        }
      }
      return {
        output: { members, consistency },
        facts: { consistency, ...Object.fromEntries(members.map(({ name, id }) => [name, id])) },
        ...(consistency === 'frozen'
          ? {}
          : {
              degraded: [
                'the freeze had ended before all volumes were captured: the snapshots are only crash-consistent',
              ],
            }),
      };
    },

    async undo(input, { output }, context) {
      const thawed = await thawAll(aws, placeOf(input));
      const { own } = await findOwn(dependencies, input, context);
      const deleted = await deleteOwn(dependencies, input.site.region, own, context);
      if (output === undefined && !isRepeated()) {
        // Cut in the middle: the call for the snapshots may be on its way still.
        throw notYet('looking again for snapshots whose call had no answer', aws.settleSeconds);
      }
      return {
        changed: thawed.length > 0 || deleted.length > 0 || isRepeated(),
        facts: { thawed: thawed.length, deleted: deleted.join(' ') },
      };
    },
  });
}

/**
 * Freezes, takes the snapshots, and leaves the thaw to the caller when it worked. An answer that was lost is looked for
 * while the freeze still holds: what is found then was surely taken under it.
 */
async function captureFrozen(
  dependencies: Dependencies,
  input: CapturePart,
  layout: VolumeLayout,
  context: StepContext,
): Promise<SnapshotSet> {
  const { aws } = dependencies;
  const { region, fileServer } = input.site;
  const freeze = randomUUID();
  const about = {
    doing: 'snapshot',
    resource: `volumes of ${fileServer.instanceId}`,
    region,
    pace: context.pace,
  };
  const volumeIds = Object.values(layout.volumes);
  const volumes = volumesOf(input, layout);
  await requireHeadroom(dependencies, region, volumes, context);
  let refusedBy = '';
  try {
    await freezeHome(aws, placeOf(input), freeze, input.freezeLimitSeconds);
    return await askAws(about, () => createSet(dependencies, input, layout, freeze, context), {
      busy: ({ name, message }) => {
        refusedBy = name;
        // Each attempt holds up users: not sooner than the spacing that AWS asks for [A §3.1].
        throw notYet(
          `no room for another snapshot in ${region}: ${name}: ${message}`,
          context.pace.slowestSeconds,
        );
      },
      unreachable: async ({ name }) => {
        const { own } = await findOwn(dependencies, input, context);
        const made = sortSets(own, volumeIds).whole.find((set) => set.freeze === freeze);
        if (made !== undefined) return made;
        // It may still take effect: a second call too soon would make a second set.
        throw notYet(`no answer to CreateSnapshots in ${region} (${name}); looking again`, aws.settleSeconds);
      },
    });
  } catch (error) {
    // Where this fails, what is still on is ended by the next freeze, by the undo, and by the host.
    await thawHome(aws, placeOf(input), freeze, 'released').catch(() => undefined);
    await noteRefusal(dependencies, region, volumes, refusedBy);
    throw error;
  }
}

/** Snapshots of this backup that this run made; a name that another run has used is a problem. */
async function findOwn(dependencies: Dependencies, { site, backup }: CapturePart, context: StepContext) {
  const all = await findBackupSnapshots(dependencies, site.region, context.instance, backup);
  const foreign = all.filter(({ Tags }) => !isOurs(Tags, context));
  const problems: Problem[] =
    foreign.length === 0
      ? []
      : [
          {
            code: 'backupExists',
            message: `There are snapshots of ${backup} in ${site.region} that this run did not make: ${foreign.map((one) => one.SnapshotId).join(', ')}.`,
            remedy: 'Start again: another moment gives another name.',
          },
        ];
  return { own: all.filter(({ Tags }) => isOurs(Tags, context)), problems };
}

function membersOf({ snapshots }: SnapshotSet, { volumes }: VolumeLayout): CapturedPart['members'] {
  return Object.entries(volumes).map(([name, volumeId]) => ({
    kind: 'ebs',
    name,
    id: snapshots.find((one) => one.VolumeId === volumeId)?.SnapshotId ?? '',
  }));
}

function volumesOf({ site }: CapturePart, { volumes }: VolumeLayout): readonly CapturedVolume[] {
  const types = new Map(site.fileServer.volumes.map(({ name, type }) => [name, type]));
  return Object.entries(volumes).map(([name, id]) => ({ id, type: types.get(name) ?? '' }));
}

function plannedCalls(
  { site, backup, freezeLimitSeconds }: CapturePart,
  { volumes, unlisted }: VolumeLayout,
) {
  const { region, fileServer } = site;
  const host = { service: 'host', region, target: fileServer.instanceId };
  return [
    { ...host, action: 'freeze-home.sh', parameters: { LIMIT_SECONDS: freezeLimitSeconds } },
    {
      service: 'ec2',
      action: 'CreateSnapshots',
      region,
      target: fileServer.instanceId,
      parameters: { backup, volumes: Object.values(volumes).join(' '), leftOut: unlisted.join(' ') },
    },
    { ...host, action: 'thaw-home.sh' },
  ];
}

function placeOf({ site: { region, fileServer } }: CapturePart) {
  return { region, fileServer };
}
