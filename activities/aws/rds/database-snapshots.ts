import { DeleteDBSnapshotCommand, DescribeDBSnapshotsCommand } from '@aws-sdk/client-rds';
import type { DBInstance, DBSnapshot } from '@aws-sdk/client-rds';

import type { Pace, Problem } from '../../../workflows/runbook/step';
import type { Dependencies } from '../../dependencies';
import { askAws } from '../errors';
import { isBroken, statusOf } from './database-status';
import { findById } from './find-by-id';
import type { Describable } from './find-by-id';

const SNAPSHOTS: Describable<DBSnapshot> = {
  noun: 'database snapshot',
  parameter: 'DBSnapshotIdentifier',
  filter: 'db-snapshot-id',
  idOf: (snapshot) => snapshot.DBSnapshotIdentifier,
  page: async (client, which) => {
    const reply = await client.send(new DescribeDBSnapshotsCommand(which));
    return { items: reply.DBSnapshots, next: reply.Marker };
  },
};

/** The DB snapshot; undefined when RDS does not know it. Asked together with others' questions. */
export function findDatabaseSnapshot(
  dependencies: Dependencies,
  region: string,
  id: string,
): Promise<DBSnapshot | undefined> {
  return findById(dependencies, SNAPSHOTS, region, id);
}

/** Waits, by NotYet, while the snapshot is in a state that forbids it. No-op when it is gone. */
export async function deleteDatabaseSnapshot(
  dependencies: Dependencies,
  region: string,
  snapshot: DBSnapshot,
  pace: Pace,
): Promise<void> {
  const id = snapshot.DBSnapshotIdentifier ?? '';
  await askAws(
    {
      doing: 'delete',
      resource: `database snapshot ${id}`,
      region,
      state: snapshot.Status ?? '',
      pace,
    },
    async () => {
      await dependencies.aws.rds(region).send(new DeleteDBSnapshotCommand({ DBSnapshotIdentifier: id }));
    },
    { notFound: () => undefined },
  );
}

/** Why there is nothing to make a snapshot of. @param what the database as an operator knows it */
export function databaseMissing(what: string): Problem {
  return {
    code: 'databaseNotFound',
    message: `${what} does not exist.`,
    remedy: 'Correct the database in the estate.',
  };
}

/** A state out of which the database does not come by itself; whatever passes is waited for. */
export function snapshotProblems(what: string, instance: DBInstance, remedy: string): Problem[] {
  const status = statusOf(instance);
  if (!isBroken(status) && status !== 'stopped') return [];
  const message = `${what} is ${status}; a snapshot needs it available.`;
  return [{ code: 'databaseNotAvailable', message, remedy }];
}
