import { isAt, placeName } from '../backup/restore-point';
import type { RestorePoint } from '../backup/restore-point';
import type { Site } from '../instance';
import type { Problem } from '../../runbook/step';

/** A backup that can be restored at a site. */
export interface ChosenPoint {
  readonly point: RestorePoint;
  /** EBS snapshot ids by volume. */
  readonly volumes: Readonly<Record<string, string>>;
  /** Identifier of the snapshot of the database. */
  readonly database: string;
  /** `aurora`: a snapshot of a cluster. */
  readonly databaseKind: 'rds' | 'aurora';
}

export type PointChoice = ChosenPoint | { readonly problem: Problem };

/** The restore point of a backup in the region of a site; whole, and of all that the site consists of, or the reason why not. */
export function choosePoint(
  points: readonly RestorePoint[],
  backup: string,
  site: Pick<Site, 'name' | 'region' | 'fileServer'> & {
    readonly database: Pick<Site['database'], 'cluster'>;
  },
): PointChoice {
  const places = points.filter((point) => point.backup === backup);
  const point = places.find((one) => isAt(one, site.region));
  if (places.length === 0) {
    return refusal(
      'unknownBackup',
      `There is no backup "${backup}" of this instance.`,
      `Name one of these: ${latest(points, site.region)}.`,
    );
  }
  if (point === undefined) {
    return refusal(
      'backupElsewhere',
      `${backup} is not in ${site.region}, but in ${places.map(({ place }) => placeName(place)).join(', ')}.`,
      `Copy it there first, or take one of these: ${latest(points, site.region)}.`,
    );
  }
  if (point.state !== 'complete') {
    return refusal(
      'incompletePair',
      `${backup} in ${placeName(point.place)} is ${point.state}: ${point.detail.join(', ') || 'no reason is known'}.`,
      `Half a backup cannot be restored. Wait if it is pending, or take one of these: ${latest(points, site.region)}.`,
    );
  }
  const { members } = point;
  const databases = members.flatMap(({ kind, id }) =>
    kind === 'rds' || kind === 'aurora' ? [{ kind, id }] : [],
  );
  const wanted = site.fileServer.volumes.map(({ name }) => name).sort();
  const held = members.flatMap(({ kind, name }) => (kind === 'ebs' ? [name] : [])).sort();
  const [only, another] = databases;
  if (only === undefined || another !== undefined || held.length + 1 !== members.length) {
    return refusal(
      'unknownParts',
      `${backup} consists of ${members.map(({ kind, name }) => `${name} (${kind})`).join(', ')}.`,
      'This runbook restores EBS volumes and one database; restore the others by their own means.',
    );
  }
  if (wanted.join() !== held.join()) {
    return refusal(
      'volumesDiffer',
      `${backup} holds the volumes ${held.join(', ')}; ${site.name} has ${wanted.join(', ')}.`,
      'Correct the volumes of the file server in the estate, or take a backup that holds all of them.',
    );
  }
  if (only.kind === 'aurora' && site.database.cluster === undefined) {
    return refusal(
      'noCluster',
      `${backup} holds an Aurora cluster; the estate names none for ${site.name}.`,
      'Name the cluster that is to be made of it: database.cluster.',
    );
  }
  const volumes = members.flatMap(({ kind, name, id }) => (kind === 'ebs' ? [[name, id] as const] : []));
  return { point, volumes: Object.fromEntries(volumes), database: only.id, databaseKind: only.kind };
}

/** One line about each restore point of a region, the newest first: what an operator chooses from. */
export function describePoints(
  points: readonly RestorePoint[],
  region: string,
): readonly (readonly [string, string])[] {
  return newestFirst(points.filter((one) => isAt(one, region))).map(
    (point) => [point.backup, describe(point)] as const,
  );
}

function describe({ capturedAt, state, detail, consistency, verification, place }: RestorePoint): string {
  return [
    `captured ${capturedAt || 'at a time that nobody knows'}`,
    state === 'complete' ? `complete in ${placeName(place)}` : `${state}: ${detail.join(', ')}`,
    ...(consistency === 'crash' ? ['not frozen while it was captured'] : []),
    verification === null
      ? 'never tried by a restore'
      : `a restore of it ${verification.result} at ${verification.at}`,
  ].join('; ');
}

function latest(points: readonly RestorePoint[], region: string): string {
  const usable = points.filter((one) => isAt(one, region) && one.state === 'complete');
  const names = newestFirst(usable).map(({ backup }) => backup);
  return names.slice(0, 5).join(', ') || 'there is none';
}

function newestFirst(points: readonly RestorePoint[]): readonly RestorePoint[] {
  return [...points].sort((one, other) => other.capturedAt.localeCompare(one.capturedAt));
}

function refusal(code: string, message: string, remedy: string): PointChoice {
  return { problem: { code, message, remedy } };
}
