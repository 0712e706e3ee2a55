import type { Place } from '../../../workflows/plan/backup/manifest';
import { TAGS } from '../../../workflows/plan/backup/manifest';
import type { FoundSnapshot, SnapshotCondition } from '../../../workflows/plan/backup/restore-point';
import type { Dependencies } from '../../dependencies';
import { askAws } from '../errors';
import type { SnapshotKind, StoredSnapshot } from '../rds/snapshot-kind';

/** [A §5.2]; whatever else RDS may say is unclear. */
const CONDITIONS: Readonly<Record<string, SnapshotCondition>> = {
  available: 'complete',
  creating: 'pending',
  copying: 'pending',
  modifying: 'pending',
  failed: 'broken',
  deleting: 'leaving',
};

/** Manual snapshots of an instance's database in a region. RDS cannot filter by tag: all are listed, at most some hundreds. */
export async function findDatabaseSnapshots(
  dependencies: Dependencies,
  kind: SnapshotKind,
  place: Place,
  { instance, backups }: { readonly instance: string; readonly backups: readonly string[] | undefined },
): Promise<readonly FoundSnapshot[]> {
  const { region } = place;
  const all = await askAws({ doing: 'list', resource: `${kind.noun}s`, region }, () =>
    kind.list(dependencies.aws.rds(region)),
  );
  return all
    .map((snapshot) => foundOf(kind, snapshot, place))
    .filter(({ tags }) => tags[TAGS.instance] === instance)
    .filter(({ tags }) => backups === undefined || backups.includes(tags[TAGS.backup] ?? ''));
}

function foundOf({ kind }: SnapshotKind, snapshot: StoredSnapshot, place: Place): FoundSnapshot {
  const { id, arn, status, sizeGiB, startedAt, tags } = snapshot;
  return {
    ...{ kind, place, id, arn, status, sizeGiB },
    condition: CONDITIONS[status] ?? 'unclear',
    startedAt: startedAt?.toISOString() ?? null,
    tags: Object.fromEntries(tags.map(({ Key = '', Value = '' }) => [Key, Value])),
    lock: null,
    images: [],
  };
}
