import type { Site } from '../../../workflows/plan/instance';
import type { Pace, Problem } from '../../../workflows/runbook/step';
import type { Dependencies } from '../../dependencies';
import { askAws } from '../errors';
import { clusterSnapshots } from './cluster-snapshots';
import { instanceSnapshots } from './instance-snapshots';
import type { SnapshotKind, StoredSnapshot } from './snapshot-kind';

/** By the estate: the database of a cluster is captured with its cluster. */
export function snapshotsOf({ cluster }: Pick<Site['database'], 'cluster'>): SnapshotKind {
  return cluster === undefined ? instanceSnapshots : clusterSnapshots;
}

/** IAM actions of both sorts. */
export function snapshotActions(...names: readonly (keyof SnapshotKind['calls'])[]): readonly string[] {
  return [instanceSnapshots, clusterSnapshots].flatMap(({ calls }) =>
    names.map((name) => `rds:${calls[name]}`),
  );
}

/** Waits, by NotYet, while the snapshot is in a state that forbids it. No-op when it is gone. */
export async function deleteStoredSnapshot(
  dependencies: Dependencies,
  kind: SnapshotKind,
  region: string,
  { id, status: state }: Pick<StoredSnapshot, 'id' | 'status'>,
  pace: Pace,
): Promise<void> {
  await askAws(
    { doing: 'delete', resource: `${kind.noun} ${id}`, region, state, pace },
    () => kind.delete(dependencies.aws.rds(region), id),
    { notFound: () => undefined },
  );
}

/** Why a snapshot cannot be restored; empty: it can. */
export function snapshotProblems(
  { region, snapshotId }: { readonly region: string; readonly snapshotId: string },
  snapshot: StoredSnapshot | undefined,
): Problem[] {
  const what = `Database snapshot ${snapshotId} in ${region}`;
  if (snapshot?.status === 'available') return [];
  return [
    {
      code: snapshot === undefined ? 'databaseSnapshotNotFound' : 'databaseSnapshotNotAvailable',
      message: snapshot === undefined ? `${what} does not exist.` : `${what} is ${snapshot.status}.`,
      remedy: 'Choose another backup, or wait until it is available.',
    },
  ];
}
