import type { DBCluster, DBInstance } from '@aws-sdk/client-rds';

import { later } from '../../../workflows/runbook/later';
import type { Facts, PlannedCall } from '../../../workflows/runbook/step';
import { restoreDatabase } from '../../../workflows/steps/restore';
import type { RestoreDatabase } from '../../../workflows/steps/restore';
import type { Dependencies } from '../../dependencies';
import { terminal } from '../../errors';
import { implementStep } from '../../implement';
import type { StepImplementation } from '../../implement';
import { isOurs, ownerTags } from '../ownership';
import type { Tag, TagLike } from '../ownership';
import { findCluster, otherMembers } from './find-cluster';
import { findDatabase } from './find-database';
import { CLUSTER_RESTORE_ACTIONS, deleteRestoredCluster, restoreCluster } from './restore-cluster';
import type { ClusterTarget } from './restore-cluster';
import { RESTORE_ACTIONS, restoreSnapshot } from './restore-snapshot';
import { deleteRestored, outputOf, provenRestored } from './restored-database';
import type { RestoredDatabase } from './restored-database';
import { snapshotProblems, snapshotsOf } from './snapshot-kinds';

/** [B §13.5 #6, A §5.4] Never the defaults of RDS: what the former database had, and the estate's groups. */
export function restoreDatabaseImplementation(dependencies: Dependencies): StepImplementation {
  return implementStep<RestoreDatabase, RestoredDatabase>(restoreDatabase, {
    actions: [...RESTORE_ACTIONS, ...CLUSTER_RESTORE_ACTIONS],

    async check(input, context) {
      const [current, former, snapshot] = await Promise.all([
        findDatabase(dependencies, input.region, input.databaseId),
        findFormer(dependencies, input),
        kindOf(input).find(dependencies, input.region, input.snapshotId),
      ]);
      const made = current !== undefined && isOurs(current.TagList, context);
      const shape = former === undefined ? {} : shapeOf(input, former);
      return {
        state: made ? 'done' : 'needed',
        before: {},
        calls: made ? [] : callsOf(input, shownShape(shape)),
        problems: made ? [] : snapshotProblems(input, snapshot),
        output: made ? outputOf(current) : { address: later('address of the restored database'), port: 5432 },
        undo: 'delete the restored database',
        material: { snapshotId: input.snapshotId, ...shownShape(shape) },
      };
    },

    run: (input, context) => {
      const cluster = clusterOf(input);
      if (cluster !== undefined) {
        return restoreCluster(
          dependencies,
          cluster,
          async () => {
            const [former, formerCluster] = await Promise.all([
              needFormer(dependencies, input),
              findFormerCluster(dependencies, input),
            ]);
            return {
              cluster: {
                ...clusterShapeOf(input, formerCluster),
                Tags: [...ownerTags(context), ...inherited(formerCluster?.TagList)],
              },
              writer: {
                ...writerShapeOf(input, former),
                Tags: [...ownerTags(context), ...inherited(former.TagList)],
              },
            };
          },
          context,
        );
      }
      return restoreSnapshot(
        dependencies,
        input,
        async () => {
          const former = await needFormer(dependencies, input);
          return {
            ...shapeOf(input, former),
            Tags: [...ownerTags(context), ...inherited(former.TagList)],
          };
        },
        context,
      );
    },

    async verify(input, _output, context) {
      const wayOut = 'abort gives the former database back.';
      const proven = await provenRestored(dependencies, input, wayOut, context);
      if (input.cluster === undefined) return proven;
      const readers = otherMembers(await findFormerCluster(dependencies, input), input.asideId);
      if (readers.length === 0) return proven;
      return {
        ...proven,
        degraded: [`the cluster has no readers yet; the former one has ${readers.join(', ')}`],
      };
    },

    undo: (input, _former, context) => {
      const cluster = clusterOf(input);
      return cluster === undefined
        ? deleteRestored(dependencies, input, context)
        : deleteRestoredCluster(dependencies, cluster, context);
    },
  });
}

function kindOf({ cluster }: RestoreDatabase) {
  return snapshotsOf(cluster === undefined ? {} : { cluster: cluster.id });
}

function clusterOf({ region, cluster, databaseId, snapshotId }: RestoreDatabase): ClusterTarget | undefined {
  return cluster === undefined ? undefined : { region, clusterId: cluster.id, databaseId, snapshotId };
}

function callsOf({ region, databaseId, snapshotId, cluster }: RestoreDatabase, shape: Facts): PlannedCall[] {
  if (cluster === undefined) {
    return [
      {
        ...{ service: 'rds', action: 'RestoreDBInstanceFromDBSnapshot', region, target: databaseId },
        parameters: { DBSnapshotIdentifier: snapshotId, ...shape },
      },
    ];
  }
  const { DBInstanceClass = null, DBParameterGroupName = null, ...ofCluster } = shape;
  return [
    {
      ...{ service: 'rds', action: 'RestoreDBClusterFromSnapshot', region, target: cluster.id },
      parameters: { SnapshotIdentifier: snapshotId, ...ofCluster },
    },
    {
      ...{ service: 'rds', action: 'CreateDBInstance', region, target: databaseId },
      parameters: { DBClusterIdentifier: cluster.id, DBInstanceClass, DBParameterGroupName },
    },
  ];
}

async function needFormer(dependencies: Dependencies, input: RestoreDatabase): Promise<DBInstance> {
  const former = await findFormer(dependencies, input);
  if (former !== undefined) return former;
  throw terminal(`there is no database ${input.asideId} in ${input.region} whose class and subnets to take.`);
}

async function findFormerCluster(
  dependencies: Dependencies,
  { region, cluster }: RestoreDatabase,
): Promise<DBCluster | undefined> {
  if (cluster === undefined) return undefined;
  return (
    (await findCluster(dependencies, region, cluster.asideId)) ??
    (await findCluster(dependencies, region, cluster.id))
  );
}

/** What a cluster keeps for all its instances; its protection comes with the settings, later. */
function clusterShapeOf({ securityGroups }: RestoreDatabase, former: DBCluster | undefined) {
  const own = (former?.VpcSecurityGroups ?? []).map((one) => one.VpcSecurityGroupId ?? '');
  const scaling = former?.ServerlessV2ScalingConfiguration;
  return {
    ...(former?.DBSubnetGroup === undefined ? {} : { DBSubnetGroupName: former.DBSubnetGroup }),
    ...(former?.DBClusterParameterGroup === undefined
      ? {}
      : { DBClusterParameterGroupName: former.DBClusterParameterGroup }),
    ...(former?.StorageType === undefined ? {} : { StorageType: former.StorageType }),
    ...(scaling === undefined
      ? {}
      : {
          ServerlessV2ScalingConfiguration: {
            MinCapacity: scaling.MinCapacity,
            MaxCapacity: scaling.MaxCapacity,
          },
        }),
    VpcSecurityGroupIds: securityGroups.length > 0 ? [...securityGroups] : own,
    CopyTagsToSnapshot: former?.CopyTagsToSnapshot ?? false,
    EnableIAMDatabaseAuthentication: former?.IAMDatabaseAuthenticationEnabled ?? false,
    DeletionProtection: false,
  };
}

function writerShapeOf({ parameterGroup }: RestoreDatabase, former: DBInstance) {
  return {
    DBInstanceClass: former.DBInstanceClass,
    DBParameterGroupName: parameterGroup ?? former.DBParameterGroups?.[0]?.DBParameterGroupName,
    PubliclyAccessible: former.PubliclyAccessible ?? false,
    AutoMinorVersionUpgrade: former.AutoMinorVersionUpgrade ?? false,
  };
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

/**
 * Multi-AZ and protection come with the settings, later: a protected database could not be taken back. So do windows, which
 * must not overlap with those that RDS gives a restored database, and the limit of storage, which a restore does not take.
 */
function shapeOf(input: RestoreDatabase, former: DBInstance) {
  const optionGroup = former.OptionGroupMemberships?.[0]?.OptionGroupName;
  const parameterGroup = input.parameterGroup ?? former.DBParameterGroups?.[0]?.DBParameterGroupName;
  const own = (former.VpcSecurityGroups ?? []).map((one) => one.VpcSecurityGroupId ?? '');
  const iops = former.StorageType?.startsWith('io') === true ? former.Iops : undefined;
  const logs = former.EnabledCloudwatchLogsExports ?? [];
  const authority = currentAuthority(former);
  return {
    DBInstanceClass: former.DBInstanceClass,
    DBSubnetGroupName: former.DBSubnetGroup?.DBSubnetGroupName,
    DBParameterGroupName: parameterGroup,
    ...(optionGroup === undefined ? {} : { OptionGroupName: optionGroup }),
    ...(former.StorageType === undefined ? {} : { StorageType: former.StorageType }),
    ...(iops === undefined ? {} : { Iops: iops }),
    ...(logs.length === 0 ? {} : { EnableCloudwatchLogsExports: logs }),
    ...(authority === undefined ? {} : { CACertificateIdentifier: authority }),
    VpcSecurityGroupIds: input.securityGroups.length > 0 ? [...input.securityGroups] : own,
    PubliclyAccessible: former.PubliclyAccessible ?? false,
    CopyTagsToSnapshot: former.CopyTagsToSnapshot ?? false,
    AutoMinorVersionUpgrade: former.AutoMinorVersionUpgrade ?? false,
    EnableIAMDatabaseAuthentication: former.IAMDatabaseAuthenticationEnabled ?? false,
    DeletionProtection: false,
  };
}

/** A restore is refused with an authority that RDS has given up, whose certificates have ended. */
function currentAuthority({ CACertificateIdentifier, CertificateDetails }: DBInstance): string | undefined {
  const validTill = CertificateDetails?.ValidTill;
  return validTill !== undefined && validTill.getTime() < Date.now() ? undefined : CACertificateIdentifier;
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
function inherited(tags: readonly TagLike[] = []): Tag[] {
  return tags.flatMap(({ Key = '', Value = '' }) =>
    /^(aws|runbooks):/.test(Key) || Key === '' ? [] : [{ Key, Value }],
  );
}
