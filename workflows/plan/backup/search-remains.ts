import type { ListedSnapshot } from '../../steps/search';
import { isAt } from './restore-point';
import type { RestorePoint } from './restore-point';

/** A backup may be at work that the list of restore points does not know yet. */
const YOUNG_SECONDS = 24 * 3600;

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
