import { RestoreDBInstanceFromDBSnapshotCommand } from '@aws-sdk/client-rds';
import type { RestoreDBInstanceFromDBSnapshotCommandInput } from '@aws-sdk/client-rds';

import type { StepContext } from '../../../workflows/runbook/step';
import type { Dependencies } from '../../dependencies';
import { askAws } from '../errors';
import { lookAgain } from '../pace';
import { findDatabase } from './find-database';
import { adopted } from './restored-database';
import type { RestoredDatabase } from './restored-database';

/** IAM actions of a step that restores a DB snapshot and can take that back. */
export const RESTORE_ACTIONS = [
  'rds:DescribeDBInstances',
  'rds:DescribeDBSnapshots',
  'rds:RestoreDBInstanceFromDBSnapshot',
  'rds:AddTagsToResource',
  'rds:ModifyDBInstance',
  'rds:DeleteDBInstance',
] as const;

/** What the database is to be like: everything but its name and where it comes from. */
export type RestoredShape = Omit<
  RestoreDBInstanceFromDBSnapshotCommandInput,
  'DBInstanceIdentifier' | 'DBSnapshotIdentifier'
>;

/**
 * [A §5.4] Begins the restore of a DB snapshot under a name, or adopts what an earlier attempt of this run has begun.
 * @param shape asked for only when the call has to be made
 * @throws Terminal when another database has the name; NotYet while the name is not free
 */
export async function restoreSnapshot(
  dependencies: Dependencies,
  target: { readonly region: string; readonly databaseId: string; readonly snapshotId: string },
  shape: () => RestoredShape | Promise<RestoredShape>,
  context: StepContext,
): Promise<RestoredDatabase> {
  const { region, databaseId, snapshotId } = target;
  const find = () => findDatabase(dependencies, region, databaseId);
  const current = await find();
  if (current !== undefined) return adopted(target, current, context);
  const shaped = await shape();
  await askAws(
    {
      doing: `restore ${snapshotId} as`,
      resource: `database ${databaseId}`,
      region,
      pace: context.pace,
    },
    async () => {
      await dependencies.aws.rds(region).send(
        new RestoreDBInstanceFromDBSnapshotCommand({
          DBInstanceIdentifier: databaseId,
          DBSnapshotIdentifier: snapshotId,
          ...shaped,
        }),
      );
    },
    {
      // Ours by a lost answer, or a name that a renaming or a deletion has freed a moment ago [A §5.4, §6].
      exists: async ({ name, message }) => {
        const now = await find();
        if (now !== undefined) return void adopted(target, now, context);
        throw lookAgain(`the name ${databaseId} is not free yet: ${name}: ${message}`, context);
      },
    },
  );
  return { address: '', port: 5432 };
}
