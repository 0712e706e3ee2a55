import type { DBInstance } from '@aws-sdk/client-rds';

import { later } from '../../../workflows/runbook/later';
import type { Facts } from '../../../workflows/runbook/step';
import { restoreDatabase } from '../../../workflows/steps/restore';
import type { RestoreDatabase } from '../../../workflows/steps/restore';
import type { Dependencies } from '../../dependencies';
import { terminal } from '../../errors';
import { implementStep } from '../../implement';
import type { StepImplementation } from '../../implement';
import { isOurs, ownerTags } from '../ownership';
import type { Tag } from '../ownership';
import { findDatabaseSnapshot } from './database-snapshots';
import { findDatabase } from './find-database';
import { RESTORE_ACTIONS, restoreSnapshot } from './restore-snapshot';
import { deleteRestored, outputOf, provenRestored, snapshotProblems } from './restored-database';
import type { RestoredDatabase } from './restored-database';

/** [B §13.5 #6, A §5.4] Never the defaults of RDS: what the former database had, and the estate's groups. */
export function restoreDatabaseImplementation(dependencies: Dependencies): StepImplementation {
  return implementStep<RestoreDatabase, RestoredDatabase>(restoreDatabase, {
    actions: RESTORE_ACTIONS,

    async check(input, context) {
      const [current, former, snapshot] = await Promise.all([
        findDatabase(dependencies, input.region, input.databaseId),
        findFormer(dependencies, input),
        findDatabaseSnapshot(dependencies, input.region, input.snapshotId),
      ]);
      const made = current !== undefined && isOurs(current.TagList, context);
      const shape = former === undefined ? {} : shapeOf(input, former);
      return {
        state: made ? 'done' : 'needed',
        before: {},
        calls: made
          ? []
          : [
              {
                service: 'rds',
                action: 'RestoreDBInstanceFromDBSnapshot',
                region: input.region,
                target: input.databaseId,
                parameters: { DBSnapshotIdentifier: input.snapshotId, ...shownShape(shape) },
              },
            ],
        problems: made ? [] : snapshotProblems(input, snapshot),
        output: made ? outputOf(current) : { address: later('address of the restored database'), port: 5432 },
        undo: 'delete the restored database',
        material: { snapshotId: input.snapshotId, ...shownShape(shape) },
      };
    },

    run: (input, context) =>
      restoreSnapshot(
        dependencies,
        input,
        async () => {
          const former = await findFormer(dependencies, input);
          if (former === undefined) {
            throw terminal(
              `there is no database ${input.asideId} in ${input.region} whose class and subnets to take.`,
            );
          }
          return { ...shapeOf(input, former), Tags: [...ownerTags(context), ...inherited(former)] };
        },
        context,
      ),

    verify: (input, _output, context) =>
      provenRestored(dependencies, input, 'abort gives the former database back.', context),

    undo: (input, _former, context) => deleteRestored(dependencies, input, context),
  });
}

/** The database that was set aside, or that is going to be. */
async function findFormer(
  dependencies: Dependencies,
  { region, asideId, databaseId }: RestoreDatabase,
): Promise<DBInstance | undefined> {
  return (
    (await findDatabase(dependencies, region, asideId)) ??
    (await findDatabase(dependencies, region, databaseId))
  );
}

/** Multi-AZ and protection come with the settings, later: a protected database could not be taken back. */
function shapeOf(input: RestoreDatabase, former: DBInstance) {
  const optionGroup = former.OptionGroupMemberships?.[0]?.OptionGroupName;
  const parameterGroup = input.parameterGroup ?? former.DBParameterGroups?.[0]?.DBParameterGroupName;
  const own = (former.VpcSecurityGroups ?? []).map((one) => one.VpcSecurityGroupId ?? '');
  const iops = former.StorageType?.startsWith('io') === true ? former.Iops : undefined;
  return {
    DBInstanceClass: former.DBInstanceClass,
    DBSubnetGroupName: former.DBSubnetGroup?.DBSubnetGroupName,
    DBParameterGroupName: parameterGroup,
    ...(optionGroup === undefined ? {} : { OptionGroupName: optionGroup }),
    ...(former.StorageType === undefined ? {} : { StorageType: former.StorageType }),
    ...(iops === undefined ? {} : { Iops: iops }),
    VpcSecurityGroupIds: input.securityGroups.length > 0 ? [...input.securityGroups] : own,
    PubliclyAccessible: former.PubliclyAccessible ?? false,
    CopyTagsToSnapshot: former.CopyTagsToSnapshot ?? false,
    AutoMinorVersionUpgrade: former.AutoMinorVersionUpgrade ?? false,
    EnableIAMDatabaseAuthentication: former.IAMDatabaseAuthenticationEnabled ?? false,
    DeletionProtection: false,
  };
}

function shownShape(shape: Partial<ReturnType<typeof shapeOf>>): Facts {
  const { DBInstanceClass, DBSubnetGroupName, DBParameterGroupName, VpcSecurityGroupIds } = shape;
  return {
    DBInstanceClass: DBInstanceClass ?? null,
    DBSubnetGroupName: DBSubnetGroupName ?? null,
    DBParameterGroupName: DBParameterGroupName ?? null,
    VpcSecurityGroupIds: VpcSecurityGroupIds?.join(',') ?? null,
  };
}

/** The tags by which others know the database; those of ours and of AWS say something else. */
function inherited(former: DBInstance): Tag[] {
  return (former.TagList ?? []).flatMap(({ Key = '', Value = '' }) =>
    /^(aws|runbooks):/.test(Key) || Key === '' ? [] : [{ Key, Value }],
  );
}
