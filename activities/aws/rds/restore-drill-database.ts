import { databaseExists } from '../../../workflows/plan/verify/drill-problems';
import { later } from '../../../workflows/runbook/later';
import { restoreDrillDatabase } from '../../../workflows/steps/verify';
import type { RestoreDrillDatabase } from '../../../workflows/steps/verify';
import type { Dependencies } from '../../dependencies';
import { implementStep } from '../../implement';
import type { StepImplementation } from '../../implement';
import { isOurs, ownerTags, tagValue } from '../ownership';
import { findDatabaseSnapshot } from './database-snapshots';
import { statusOf } from './database-status';
import { findDatabase } from './find-database';
import { RESTORE_ACTIONS, restoreSnapshot } from './restore-snapshot';
import { deleteRestored, outputOf, provenRestored, snapshotProblems } from './restored-database';
import type { RestoredDatabase } from './restored-database';

/** [B §13.1 notes, A §5.4] Beside the service: a name of its own, and groups that let nobody but the drill nodes in. */
export function restoreDrillDatabaseImplementation(dependencies: Dependencies): StepImplementation {
  return implementStep<RestoreDrillDatabase, RestoredDatabase>(restoreDrillDatabase, {
    actions: RESTORE_ACTIONS,

    async check(input, context) {
      const { region, snapshotId, database } = input;
      const [current, snapshot] = await Promise.all([
        findDatabase(dependencies, region, database.id),
        findDatabaseSnapshot(dependencies, region, snapshotId),
      ]);
      const made = current !== undefined && isOurs(current.TagList, context);
      const run = tagValue(current?.TagList, 'runbooks:run') ?? null;
      const foreign =
        current === undefined || made
          ? []
          : [databaseExists(region, database.id, { status: statusOf(current), run })];
      const shown = {
        DBInstanceClass: database.instanceClass ?? null,
        DBSubnetGroupName: database.subnetGroup,
        VpcSecurityGroupIds: database.securityGroups.join(','),
      };
      return {
        state: made ? 'done' : 'needed',
        before: {},
        calls: made
          ? []
          : [
              {
                service: 'rds',
                action: 'RestoreDBInstanceFromDBSnapshot',
                region,
                target: database.id,
                parameters: { DBSnapshotIdentifier: snapshotId, ...shown },
              },
            ],
        problems: made ? [] : [...foreign, ...snapshotProblems(input, snapshot)],
        output: made ? outputOf(current) : { address: later('address of the restored database'), port: 5432 },
        undo: 'delete it, without a final snapshot',
        material: { snapshotId, ...shown },
      };
    },

    run: ({ region, snapshotId, database }, context) =>
      restoreSnapshot(
        dependencies,
        { region, databaseId: database.id, snapshotId },
        () => ({
          ...(database.instanceClass === undefined ? {} : { DBInstanceClass: database.instanceClass }),
          DBSubnetGroupName: database.subnetGroup,
          ...(database.parameterGroup === undefined ? {} : { DBParameterGroupName: database.parameterGroup }),
          VpcSecurityGroupIds: [...database.securityGroups],
          PubliclyAccessible: false,
          MultiAZ: false,
          // It lives for hours; a backup of its own would only delay its first use and its end.
          BackupRetentionPeriod: 0,
          AutoMinorVersionUpgrade: false,
          DeletionProtection: false,
          Tags: ownerTags(context),
        }),
        context,
      ),

    verify: ({ database, ...input }, _output, context) =>
      provenRestored(
        dependencies,
        { ...input, databaseId: database.id },
        'what there is of it is deleted.',
        context,
      ),

    undo: ({ region, database }, _former, context) =>
      deleteRestored(dependencies, { region, databaseId: database.id }, context),
  });
}
