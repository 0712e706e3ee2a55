import { DescribeDBSnapshotsCommand } from '@aws-sdk/client-rds';
import type { DBSnapshot } from '@aws-sdk/client-rds';

import type { Place } from '../../../workflows/plan/backup/manifest';
import { TAGS } from '../../../workflows/plan/backup/manifest';
import type { FoundSnapshot, SnapshotCondition } from '../../../workflows/plan/backup/restore-point';
import type { Dependencies } from '../../dependencies';
import { askAws } from '../errors';

/** [A §5.2]; whatever else RDS may say is unclear. */
const CONDITIONS: Readonly<Record<string, SnapshotCondition>> = {
  available: 'complete',
  creating: 'pending',
  copying: 'pending',
  modifying: 'pending',
  failed: 'broken',
  deleting: 'leaving',
};

/** Manual DB snapshots of an instance in a region. RDS cannot filter by tag: all are listed, at most some hundreds. */
export async function findDatabaseSnapshots(
  dependencies: Dependencies,
  place: Place,
  instance: string,
  backups: readonly string[] | undefined,
): Promise<readonly FoundSnapshot[]> {
  const { region } = place;
  const found: FoundSnapshot[] = [];
  let marker: string | undefined;
  do {
    const reply = await askAws({ doing: 'list', resource: 'database snapshots', region }, () =>
      dependencies.aws
        .rds(region)
        .send(
          new DescribeDBSnapshotsCommand({ SnapshotType: 'manual', ...(marker ? { Marker: marker } : {}) }),
        ),
    );
    for (const snapshot of reply.DBSnapshots ?? []) {
      const one = foundOf(snapshot, place);
      if (one.tags[TAGS.instance] !== instance) continue;
      if (backups === undefined || backups.includes(one.tags[TAGS.backup] ?? '')) found.push(one);
    }
    marker = reply.Marker;
  } while (marker !== undefined && marker !== '');
  return found;
}

function foundOf(snapshot: DBSnapshot, place: Place): FoundSnapshot {
  const { Status = 'without a status', TagList = [] } = snapshot;
  return {
    kind: 'rds',
    place,
    id: snapshot.DBSnapshotIdentifier ?? '',
    arn: snapshot.DBSnapshotArn ?? null,
    condition: CONDITIONS[Status] ?? 'unclear',
    status: Status,
    sizeGiB: snapshot.AllocatedStorage ?? null,
    startedAt: snapshot.SnapshotCreateTime?.toISOString() ?? null,
    tags: Object.fromEntries(TagList.map(({ Key = '', Value = '' }) => [Key, Value])),
    lock: null,
    images: [],
  };
}
