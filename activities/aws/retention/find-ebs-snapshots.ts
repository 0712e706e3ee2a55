import { DescribeImagesCommand, DescribeSnapshotsCommand } from '@aws-sdk/client-ec2';
import type { Snapshot } from '@aws-sdk/client-ec2';

import type { Place } from '../../../workflows/plan/backup/manifest';
import { findSnapshotLocks } from '../ec2/snapshot-locks';
import type { SnapshotLock } from '../ec2/snapshot-locks';
import { TAGS } from '../../../workflows/plan/backup/manifest';
import type { FoundSnapshot, SnapshotCondition } from '../../../workflows/plan/backup/restore-point';
import type { Dependencies } from '../../dependencies';
import { askAws } from '../errors';

/** EBS allows so many values in one filter. */
const FILTER_VALUES = 200;

/** [A §3.1]; `recoverable` and `recovering` are those of the recycle bin, and whatever is new is unclear. */
const CONDITIONS: Readonly<Record<string, SnapshotCondition>> = {
  completed: 'complete',
  pending: 'pending',
  error: 'broken',
};

/** Snapshots of an instance in a region, with what forbids their deletion. */
export async function findEbsSnapshots(
  dependencies: Dependencies,
  place: Place,
  instance: string,
  backups: readonly string[] | undefined,
): Promise<readonly FoundSnapshot[]> {
  const snapshots = await describe(dependencies, place.region, instance, backups);
  if (snapshots.length === 0) return [];
  const [locks, images] = await Promise.all([
    findSnapshotLocks(dependencies, place.region),
    findImages(dependencies, place.region),
  ]);
  return snapshots.map((snapshot) => {
    const { SnapshotId: id = '', State = 'without a state', StateMessage, VolumeSize, StartTime } = snapshot;
    return {
      kind: 'ebs',
      place,
      id,
      arn: null,
      condition: CONDITIONS[State] ?? 'unclear',
      status: StateMessage ? `${State} (${StateMessage})` : State,
      sizeGiB: VolumeSize ?? null,
      startedAt: StartTime?.toISOString() ?? null,
      tags: tagsOf(snapshot.Tags),
      lock: describeLock(locks.get(id)),
      images: images.get(id) ?? [],
    };
  });
}

async function describe(
  dependencies: Dependencies,
  region: string,
  instance: string,
  backups: readonly string[] | undefined,
): Promise<readonly Snapshot[]> {
  const found: Snapshot[] = [];
  let token: string | undefined;
  do {
    const reply = await askAws({ doing: 'list', resource: `snapshots of ${instance}`, region }, () =>
      dependencies.aws.ec2(region).send(
        new DescribeSnapshotsCommand({
          OwnerIds: ['self'],
          Filters: [
            { Name: `tag:${TAGS.instance}`, Values: [instance] },
            ...(backups === undefined || backups.length > FILTER_VALUES
              ? []
              : [{ Name: `tag:${TAGS.backup}`, Values: [...backups] }]),
          ],
          ...(token ? { NextToken: token } : {}),
        }),
      ),
    );
    found.push(...(reply.Snapshots ?? []));
    token = reply.NextToken;
  } while (token !== undefined && token !== '');
  return found;
}

function describeLock(lock: SnapshotLock | undefined): string | null {
  if (lock === undefined) return null;
  return `${lock.until === null ? 'without an end' : `until ${lock.until.toISOString()}`} (${lock.state})`;
}

/** Machine images by the snapshots that they are made of; images of others cannot be made of ours. */
async function findImages(
  dependencies: Dependencies,
  region: string,
): Promise<ReadonlyMap<string, readonly string[]>> {
  const found = new Map<string, string[]>();
  let token: string | undefined;
  do {
    const reply = await askAws({ doing: 'list', resource: 'machine images', region }, () =>
      dependencies.aws
        .ec2(region)
        .send(new DescribeImagesCommand({ Owners: ['self'], ...(token ? { NextToken: token } : {}) })),
    );
    for (const { ImageId = '', BlockDeviceMappings = [] } of reply.Images ?? []) {
      for (const { Ebs } of BlockDeviceMappings) {
        const id = Ebs?.SnapshotId;
        if (id !== undefined) found.set(id, [...(found.get(id) ?? []), ImageId]);
      }
    }
    token = reply.NextToken;
  } while (token !== undefined && token !== '');
  return found;
}

function tagsOf(tags: Snapshot['Tags']): Readonly<Record<string, string>> {
  return Object.fromEntries((tags ?? []).map(({ Key = '', Value = '' }) => [Key, Value]));
}
