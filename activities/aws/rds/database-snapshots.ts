import { DeleteDBSnapshotCommand, DescribeDBSnapshotsCommand } from '@aws-sdk/client-rds';
import type { DBSnapshot } from '@aws-sdk/client-rds';

import type { Pace } from '../../../workflows/runbook/step';
import type { Dependencies } from '../../dependencies';
import { askAws } from '../errors';

/** The DB snapshot; undefined when RDS does not know it. */
export async function findDatabaseSnapshot(
  dependencies: Dependencies,
  region: string,
  id: string,
): Promise<DBSnapshot | undefined> {
  const reply = await askAws(
    { doing: 'describe', resource: `database snapshot ${id}`, region },
    () => dependencies.aws.rds(region).send(new DescribeDBSnapshotsCommand({ DBSnapshotIdentifier: id })),
    { notFound: () => undefined },
  );
  return reply?.DBSnapshots?.[0];
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
