import { DeleteDBSnapshotCommand, DescribeDBSnapshotsCommand } from '@aws-sdk/client-rds';
import type { DBInstance, DBSnapshot, RDSClient } from '@aws-sdk/client-rds';

import type { Pace, Problem } from '../../../workflows/runbook/step';
import type { Dependencies } from '../../dependencies';
import { askTogether } from '../coalesce';
import { askAws } from '../errors';
import { allPages } from '../pages';
import { isBroken, statusOf } from './database-status';

/** The DB snapshot; undefined when RDS does not know it. Asked together with others' questions. */
export function findDatabaseSnapshot(
  dependencies: Dependencies,
  region: string,
  id: string,
): Promise<DBSnapshot | undefined> {
  const client = dependencies.aws.rds(region);
  return askAws(
    { doing: 'describe', resource: `database snapshot ${id}`, region },
    () => askTogether(client, 'database snapshots', id, (ids) => describe(client, ids)),
    { notFound: () => undefined },
  );
}

async function describe(client: RDSClient, ids: readonly string[]): Promise<Map<string, DBSnapshot>> {
  const [only] = ids;
  const which =
    ids.length === 1 && only !== undefined
      ? { DBSnapshotIdentifier: only }
      : { Filters: [{ Name: 'db-snapshot-id', Values: [...ids] }] };
  const found = await allPages(async (Marker) => {
    const reply = await client.send(
      new DescribeDBSnapshotsCommand({ ...which, ...(Marker === undefined ? {} : { Marker }) }),
    );
    return { items: reply.DBSnapshots, next: reply.Marker };
  });
  return new Map(found.map((snapshot) => [snapshot.DBSnapshotIdentifier ?? '', snapshot]));
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
