import {
  CopySnapshotCommand,
  DeleteSnapshotCommand,
  DeleteTagsCommand,
  DescribeSnapshotAttributeCommand,
  ModifySnapshotAttributeCommand,
} from '@aws-sdk/client-ec2';
import type { Snapshot } from '@aws-sdk/client-ec2';

import { TAGS } from '../../../workflows/plan/backup/manifest';
import type { StepContext } from '../../../workflows/runbook/step';
import type { Dependencies } from '../../dependencies';
import { needsPerson, notYet } from '../../errors';
import { findSnapshot } from '../ec2/find-volumes';
import { deleteOwn, findBackupSnapshots, tagSnapshot } from '../ec2/snapshot-sets';
import { askAws } from '../errors';
import { isOurs, ownerTags, tagValue } from '../ownership';
import { findEbsSnapshots } from '../retention/find-ebs-snapshots';
import type { CopyOrder, PartKindActs } from './part-kind';

/** EBS snapshots: one per volume. */
export const ebsPart: PartKindActs = {
  service: 'ec2',
  calls: {
    copy: 'CopySnapshot',
    discard: 'DeleteSnapshot',
    share: 'ModifySnapshotAttribute',
    tag: 'CreateTags',
  },
  actions: {
    look: ['ec2:DescribeSnapshots'],
    copy: ['ec2:DescribeSnapshots', 'ec2:CopySnapshot', 'ec2:CreateTags', 'ec2:DeleteSnapshot'],
    tag: ['ec2:CreateTags'],
    share: ['ec2:DescribeSnapshotAttribute', 'ec2:ModifySnapshotAttribute'],
    list: ['ec2:DescribeImages', 'ec2:DescribeLockedSnapshots', 'ec2:DescribeSnapshots'],
    discard: ['ec2:DeleteSnapshot'],
    untag: ['ec2:DeleteTags'],
  },

  async look(dependencies, region, { name, id }) {
    const snapshot = await findSnapshot(dependencies, region, id);
    if (snapshot === undefined) return { state: 'missing', progress: `${name} ${id} is not visible` };
    const state = snapshot.State ?? 'unknown';
    if (state === 'error') {
      return { state: 'failed', reason: `${name} ${id}: ${snapshot.StateMessage ?? 'error without a word'}` };
    }
    // Progress is no estimate [A §3.1]: not shown.
    if (state !== 'completed') return { state: 'pending', progress: `${name} ${state}` };
    const account = snapshot.OwnerId ?? '';
    return {
      state: 'complete',
      account,
      member: {
        kind: 'ebs',
        name,
        id,
        arn: `arn:${partitionOf(region)}:ec2:${region}:${account}:snapshot/${id}`,
        capturedAt:
          tagValue(snapshot.Tags, TAGS.capturedAt) ?? (snapshot.StartTime ?? new Date()).toISOString(),
        sizeGiB: snapshot.VolumeSize ?? null,
        encrypted: snapshot.Encrypted === true,
        kmsKeyId: snapshot.KmsKeyId ?? null,
      },
    };
  },

  async copy(dependencies, order, context) {
    const { from, to, member, backup } = order;
    const made = (await findCopies(dependencies, order, context)).find(({ State }) => State !== 'error');
    if (made?.SnapshotId !== undefined) return made.SnapshotId;
    const tags = {
      Name: backup,
      [TAGS.backup]: backup,
      [TAGS.volume]: member.name,
      [TAGS.members]: order.members,
      [TAGS.capturedAt]: member.capturedAt,
    };
    const about = {
      doing: 'copy',
      resource: `snapshot ${member.id} of ${member.name}`,
      region: to.region,
      pace: context.pace,
    };
    const reply = await askAws<{ readonly SnapshotId?: string | undefined }>(
      about,
      () =>
        dependencies.aws.ec2Once(to.region).send(
          new CopySnapshotCommand({
            SourceRegion: from,
            SourceSnapshotId: member.id,
            Description: `${backup}, ${member.name}, from ${from}`,
            ...(to.kmsKeyId === null ? {} : { Encrypted: true, KmsKeyId: to.kmsKeyId }),
            TagSpecifications: [
              {
                ResourceType: 'snapshot',
                Tags: [
                  ...ownerTags(context),
                  ...Object.entries(tags).map(([Key, Value]) => ({ Key, Value })),
                ],
              },
            ],
          }),
        ),
      {
        unreachable: async ({ name }) => {
          const [copy] = await findCopies(dependencies, order, context);
          if (copy !== undefined) return copy;
          throw notYet(
            `no answer to CopySnapshot in ${to.region} (${name}); looking again`,
            dependencies.aws.settleSeconds,
          );
        },
      },
    );
    if (reply.SnapshotId === undefined) throw new Error('EC2 answered CopySnapshot without a snapshot id');
    return reply.SnapshotId;
  },

  async discardCopies(dependencies, order, context) {
    return deleteOwn(dependencies, order.to.region, await findCopies(dependencies, order, context), context);
  },

  async sharedWith(dependencies, region, { id }) {
    const reply = await askAws({ doing: 'look who may use', resource: `snapshot ${id}`, region }, () =>
      dependencies.aws
        .ec2(region)
        .send(new DescribeSnapshotAttributeCommand({ SnapshotId: id, Attribute: 'createVolumePermission' })),
    );
    return (reply.CreateVolumePermissions ?? []).flatMap(({ UserId }) => UserId ?? []);
  },

  async share(dependencies, region, { id }, { account, allowed }) {
    await askAws({ doing: 'set who may use', resource: `snapshot ${id}`, region }, () =>
      dependencies.aws.ec2(region).send(
        new ModifySnapshotAttributeCommand({
          SnapshotId: id,
          Attribute: 'createVolumePermission',
          OperationType: allowed ? 'add' : 'remove',
          UserIds: [account],
        }),
      ),
    );
  },

  list: findEbsSnapshots,

  async discard(dependencies, { id, place: { region } }) {
    await askAws(
      { doing: 'delete', resource: `snapshot ${id}`, region },
      async () => {
        await dependencies.aws.ec2(region).send(new DeleteSnapshotCommand({ SnapshotId: id }));
      },
      {
        notFound: () => undefined,
        invalid: ({ name, message }) => {
          throw needsPerson(
            `AWS refuses to delete snapshot ${id} in ${region}: ${name}: ${message}. End what holds it (a lock, a machine ` +
              'image) and retry, or skip: the restore point stays marked, and the next run goes on with it.',
          );
        },
      },
    );
  },

  tag(dependencies, region, { id }, tags) {
    return tagSnapshot(
      dependencies,
      region,
      id,
      Object.entries(tags).map(([Key, Value]) => ({ Key, Value })),
    );
  },

  async untag(dependencies, region, { id }, tag) {
    await askAws(
      { doing: 'remove a tag of', resource: `snapshot ${id}`, region },
      async () => {
        // With the value, so that another run's name stays.
        await dependencies.aws.ec2(region).send(new DeleteTagsCommand({ Resources: [id], Tags: [tag] }));
      },
      { notFound: () => undefined },
    );
  },
};

/** Of this run's, newest first. */
async function findCopies(
  dependencies: Dependencies,
  { backup, to, member }: CopyOrder,
  context: StepContext,
): Promise<readonly Snapshot[]> {
  const all = await findBackupSnapshots(dependencies, to.region, context.instance, backup);
  return (
    all
      // In the region of the original that one has the same tags.
      .filter(({ SnapshotId }) => SnapshotId !== member.id)
      .filter(({ Tags }) => isOurs(Tags, context) && tagValue(Tags, TAGS.volume) === member.name)
      .sort((a, b) => (b.StartTime?.getTime() ?? 0) - (a.StartTime?.getTime() ?? 0))
  );
}

function partitionOf(region: string): string {
  if (region.startsWith('cn-')) return 'aws-cn';
  return region.startsWith('us-gov-') ? 'aws-us-gov' : 'aws';
}
