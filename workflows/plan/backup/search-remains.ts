import type { ListedSnapshot } from '../../steps/search';
import { isAt } from './restore-point';
import type { RestorePoint } from './restore-point';

/** A backup may be at work that the list of restore points does not know yet. */
const YOUNG_SECONDS = 24 * 3600;

/**
 * Whether a snapshot that the search server of a region lists holds the index of that region: sites may share a
 * repository, and then each of their servers lists, and could delete, what was made at another one. An older one does not
 * say where it was made. It counts as made there where the restore point has its record, which only the place of origin
 * has, or where the backup is in no other place that could be it.
 */
export function isMadeAt(
  region: string,
  { name, backup, region: made }: ListedSnapshot,
  points: readonly Pick<RestorePoint, 'backup' | 'place' | 'search'>[],
): boolean {
  if (made !== undefined) return made === region;
  const places = points.filter((point) => point.backup === backup);
  return (
    places.every((point) => isAt(point, region)) ||
    places.some((point) => isAt(point, region) && point.search?.name === name)
  );
}

/** Snapshots of a region's search index to which no restore point there belongs any more, the oldest first. */
export function searchRemains(
  listed: readonly ListedSnapshot[],
  points: readonly Pick<RestorePoint, 'backup' | 'place'>[],
  { region, asOf }: { readonly region: string; readonly asOf: string },
): readonly ListedSnapshot[] {
  const there = points.filter((point) => isAt(point, region)).map(({ backup }) => backup);
  return listed
    .filter(({ backup }) => backup === null || !there.includes(backup))
    .filter(({ startedAt }) => Date.parse(asOf) - Date.parse(startedAt) > YOUNG_SECONDS * 1000)
    .sort((one, other) => one.startedAt.localeCompare(other.startedAt));
}
