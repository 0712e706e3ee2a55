import {
  CreateSnapshotsCommand,
  CreateTagsCommand,
  DeleteSnapshotCommand,
  DescribeSnapshotsCommand,
} from '@aws-sdk/client-ec2';
import type { EC2Client, Snapshot, Tag } from '@aws-sdk/client-ec2';

import { TAGS } from '../../../workflows/plan/backup/manifest';
import type { StepContext } from '../../../workflows/runbook/step';
import type { CapturePart } from '../../../workflows/steps/backup';
import type { Dependencies } from '../../dependencies';
import { notYet } from '../../errors';
import { askTogether } from '../coalesce';
import { askAws } from '../errors';
import { isOurs, ownerTags, tagValue } from '../ownership';
import { mayBeStale } from '../pace';
import { allPages } from '../pages';
import type { VolumeLayout } from './volume-layout';

/** Names the freeze under which a set was made: tells the sets of several calls apart, and whose freeze held. */
const FREEZE_TAG = 'runbooks:freeze';

/** What one CreateSnapshots call made. */
export interface SnapshotSet {
  readonly freeze: string;
  readonly snapshots: readonly Snapshot[];
}

/**
 * Snapshots of a backup in a region; by tags, for CreateSnapshots has no key of its own [A §6]. Asked together with
 * others' questions.
 */
export async function findBackupSnapshots(
  dependencies: Dependencies,
  region: string,
  instance: string,
  backup: string,
): Promise<readonly Snapshot[]> {
  const client = dependencies.aws.ec2(region);
  const found = await askAws({ doing: 'list', resource: `snapshots of ${backup}`, region }, () =>
    askTogether(client, 'snapshots of backups', backup, (backups) => describeTagged(client, backups)),
  );
  return (found ?? []).filter(({ Tags }) => tagValue(Tags, TAGS.instance) === instance);
}

async function describeTagged(
  client: EC2Client,
  backups: readonly string[],
): Promise<ReadonlyMap<string, readonly Snapshot[]>> {
  const found = await allPages(async (NextToken) => {
    const reply = await client.send(
      new DescribeSnapshotsCommand({
        OwnerIds: ['self'],
        Filters: [{ Name: `tag:${TAGS.backup}`, Values: [...backups] }],
        ...(NextToken === undefined ? {} : { NextToken }),
      }),
    );
    return { items: reply.Snapshots, next: reply.NextToken };
  });
  return new Map(
    backups.map((backup) => [backup, found.filter(({ Tags }) => tagValue(Tags, TAGS.backup) === backup)]),
  );
}

/** The sets that hold all the volumes, newest first, and whatever else the backup's tag was found on. */
export function sortSets(
  snapshots: readonly Snapshot[],
  volumeIds: readonly string[],
): { readonly whole: readonly SnapshotSet[]; readonly rest: readonly Snapshot[] } {
  const byFreeze = new Map<string, Snapshot[]>();
  for (const snapshot of snapshots) {
    const freeze = tagValue(snapshot.Tags, FREEZE_TAG) ?? '';
    byFreeze.set(freeze, [...(byFreeze.get(freeze) ?? []), snapshot]);
  }
  const sets = [...byFreeze].map(([freeze, all]) => ({ freeze, snapshots: all }));
  const isWhole = ({ snapshots: all }: SnapshotSet): boolean =>
    volumeIds.every((id) => all.some((one) => one.VolumeId === id && one.State !== 'error'));
  const whole = sets.filter(isWhole).sort((a, b) => startOf(b) - startOf(a));
  return { whole, rest: sets.filter((one) => !isWhole(one)).flatMap((one) => one.snapshots) };
}

function startOf({ snapshots }: SnapshotSet): number {
  return Math.min(...snapshots.map((one) => one.StartTime?.getTime() ?? 0));
}

/** One call for all volumes of the file server: one instant for all [A §3.1]. Sent once. */
export async function createSet(
  dependencies: Dependencies,
  { site, backup }: CapturePart,
  { unlisted, volumes }: VolumeLayout,
  freeze: string,
  context: StepContext,
): Promise<SnapshotSet> {
  const { region, fileServer } = site;
  const reply = await dependencies.aws.ec2Once(region).send(
    new CreateSnapshotsCommand({
      InstanceSpecification: {
        InstanceId: fileServer.instanceId,
        ExcludeBootVolume: true,
        ...(unlisted.length === 0 ? {} : { ExcludeDataVolumeIds: [...unlisted] }),
      },
      Description: `${backup}, home of ${context.instance}`,
      TagSpecifications: [
        {
          ResourceType: 'snapshot',
          Tags: [
            ...ownerTags(context),
            { Key: 'Name', Value: backup },
            { Key: TAGS.backup, Value: backup },
            { Key: TAGS.members, Value: Object.keys(volumes).join(',') },
            { Key: FREEZE_TAG, Value: freeze },
          ],
        },
      ],
    }),
  );
  const snapshots = (reply.Snapshots ?? []).map(({ State, ...info }): Snapshot => ({
    ...info,
    ...(State ? { State } : {}),
  }));
  return { freeze, snapshots };
}

/** Which volume each one holds, and when: the call itself can only give the same tags to all. Repeatable. */
export async function nameSet(
  dependencies: Dependencies,
  region: string,
  { snapshots }: SnapshotSet,
  { volumes }: VolumeLayout,
): Promise<void> {
  for (const [volume, volumeId] of Object.entries(volumes)) {
    const snapshot = snapshots.find((one) => one.VolumeId === volumeId);
    if (snapshot === undefined || tagValue(snapshot.Tags, TAGS.volume) === volume) continue;
    const capturedAt = (snapshot.StartTime ?? new Date()).toISOString();
    await tagSnapshot(dependencies, region, snapshot.SnapshotId ?? '', [
      { Key: TAGS.volume, Value: volume },
      { Key: TAGS.capturedAt, Value: capturedAt },
    ]);
  }
}

export async function tagSnapshot(
  dependencies: Dependencies,
  region: string,
  snapshotId: string,
  Tags: Tag[],
): Promise<void> {
  await askAws(
    { doing: 'tag', resource: `snapshot ${snapshotId}`, region },
    () => dependencies.aws.ec2(region).send(new CreateTagsCommand({ Resources: [snapshotId], Tags })),
    mayBeStale() ? { notFound: () => notSeenYet(snapshotId, region) } : {},
  );
}

/** One that has just been made is not found everywhere at once [A §3.2]. */
function notSeenYet(snapshotId: string, region: string): never {
  throw notYet(`snapshot ${snapshotId} in ${region} is not seen everywhere yet`, 2);
}

/** Deletes those that this run made; others are never touched. @returns ids */
export async function deleteOwn(
  dependencies: Dependencies,
  region: string,
  snapshots: readonly Snapshot[],
  context: StepContext,
): Promise<readonly string[]> {
  const own = snapshots.filter(({ Tags }) => isOurs(Tags, context));
  for (const { SnapshotId = '' } of own) await deleteSnapshot(dependencies, region, SnapshotId);
  return own.map(({ SnapshotId = '' }) => SnapshotId);
}

async function deleteSnapshot(dependencies: Dependencies, region: string, id: string): Promise<void> {
  await askAws(
    { doing: 'delete', resource: `snapshot ${id}`, region },
    async () => {
      await dependencies.aws.ec2(region).send(new DeleteSnapshotCommand({ SnapshotId: id }));
    },
    { notFound: () => undefined },
  );
}
