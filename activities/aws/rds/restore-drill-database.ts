import { databaseExists } from '../../../workflows/plan/verify/drill-problems';
import { later } from '../../../workflows/runbook/later';
import type { PlannedCall, Problem, StepContext } from '../../../workflows/runbook/step';
import { restoreDrillDatabase } from '../../../workflows/steps/verify';
import type { RestoreDrillDatabase } from '../../../workflows/steps/verify';
import type { Dependencies } from '../../dependencies';
import { implementStep } from '../../implement';
import type { StepImplementation } from '../../implement';
import { isOurs, ownerTags, tagValue } from '../ownership';
import type { TagLike } from '../ownership';
import { statusOf } from './database-status';
import { clusterStatus, findCluster } from './find-cluster';
import { findDatabase } from './find-database';
import { CLUSTER_RESTORE_ACTIONS, deleteRestoredCluster, restoreCluster } from './restore-cluster';
import type { ClusterShape, ClusterTarget } from './restore-cluster';
import { RESTORE_ACTIONS, restoreSnapshot } from './restore-snapshot';
import type { RestoredShape } from './restore-snapshot';
import { deleteRestored, outputOf, provenRestored } from './restored-database';
import type { RestoredDatabase } from './restored-database';
import { snapshotProblems, snapshotsOf } from './snapshot-kinds';

/** [B §13.1 notes, A §5.4] Beside the service: a name of its own, and groups that let nobody but the drill nodes in. */
export function restoreDrillDatabaseImplementation(dependencies: Dependencies): StepImplementation {
  return implementStep<RestoreDrillDatabase, RestoredDatabase>(restoreDrillDatabase, {
    actions: [...RESTORE_ACTIONS, ...CLUSTER_RESTORE_ACTIONS],

    async check(input, context) {
      const { region, snapshotId, database } = input;
      const [current, cluster, snapshot] = await Promise.all([
        findDatabase(dependencies, region, database.id),
        database.cluster === undefined ? undefined : findCluster(dependencies, region, database.cluster),
        snapshotsOf(database).find(dependencies, region, snapshotId),
      ]);
      const made = current !== undefined && isOurs(current.TagList, context);
      const clusterMade = cluster !== undefined && isOurs(cluster.TagList, context);
      const foreign: Problem[] = [
        ...(current === undefined || made
          ? []
          : [
              databaseExists(region, database.id, { status: statusOf(current), run: runOf(current.TagList) }),
            ]),
        ...(cluster === undefined || clusterMade
          ? []
          : [
              databaseExists(
                region,
                database.cluster ?? '',
                { status: clusterStatus(cluster), run: runOf(cluster.TagList) },
                'database cluster',
              ),
            ]),
      ];
      const fit = made ? [] : [...foreign, ...snapshotProblems(input, snapshot), ...classProblems(input)];
      return {
        state: made ? 'done' : 'needed',
        before: {},
        calls: made ? [] : callsOf(input),
        problems: fit,
        output: made ? outputOf(current) : { address: later('address of the restored database'), port: 5432 },
        undo: 'delete it, without a final snapshot',
        material: { snapshotId, ...shown(input) },
      };
    },

    run: (input, context) => {
      const { region, snapshotId, database } = input;
      const cluster = clusterOf(input);
      return cluster === undefined
        ? restoreSnapshot(
            dependencies,
            { region, databaseId: database.id, snapshotId },
            () => standaloneShape(input, context),
            context,
          )
        : restoreCluster(dependencies, cluster, () => clusterShape(input, context), context);
    },

    verify: ({ database, ...input }, _output, context) =>
      provenRestored(
        dependencies,
        { ...input, databaseId: database.id },
        'what there is of it is deleted.',
        context,
      ),

    undo: (input, _former, context) => {
      const cluster = clusterOf(input);
      return cluster === undefined
        ? deleteRestored(dependencies, { region: input.region, databaseId: input.database.id }, context)
        : deleteRestoredCluster(dependencies, cluster, context);
    },
  });
}

function clusterOf({ region, snapshotId, database }: RestoreDrillDatabase): ClusterTarget | undefined {
  const { id: databaseId, cluster: clusterId } = database;
  return clusterId === undefined ? undefined : { region, clusterId, databaseId, snapshotId };
}

function standaloneShape({ database }: RestoreDrillDatabase, context: StepContext): RestoredShape {
  return {
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
  };
}

/** A cluster always has backups of its own: they go with it. */
function clusterShape({ database }: RestoreDrillDatabase, context: StepContext): ClusterShape {
  return {
    cluster: {
      DBSubnetGroupName: database.subnetGroup,
      VpcSecurityGroupIds: [...database.securityGroups],
      DeletionProtection: false,
      Tags: ownerTags(context),
    },
    writer: {
      DBInstanceClass: database.instanceClass,
      ...(database.parameterGroup === undefined ? {} : { DBParameterGroupName: database.parameterGroup }),
      PubliclyAccessible: false,
      AutoMinorVersionUpgrade: false,
      Tags: ownerTags(context),
    },
  };
}

/** A snapshot of a cluster knows no class: only its instances have one. */
function classProblems({ database }: RestoreDrillDatabase): readonly Problem[] {
  if (database.cluster === undefined || database.instanceClass !== undefined) return [];
  return [
    {
      code: 'noInstanceClass',
      message: `The estate does not say of which class the writer of the cluster ${database.cluster} is to be.`,
      remedy: "Set backup.drill.database.instanceClass to that of the cluster's instances, or a smaller one.",
    },
  ];
}

function callsOf(input: RestoreDrillDatabase): readonly PlannedCall[] {
  const { region, snapshotId, database } = input;
  const { DBInstanceClass, ...shape } = shown(input);
  if (database.cluster === undefined) {
    return [
      {
        ...{ service: 'rds', action: 'RestoreDBInstanceFromDBSnapshot', region, target: database.id },
        parameters: { DBSnapshotIdentifier: snapshotId, DBInstanceClass, ...shape },
      },
    ];
  }
  return [
    {
      ...{ service: 'rds', action: 'RestoreDBClusterFromSnapshot', region, target: database.cluster },
      parameters: { SnapshotIdentifier: snapshotId, ...shape },
    },
    {
      ...{ service: 'rds', action: 'CreateDBInstance', region, target: database.id },
      parameters: { DBClusterIdentifier: database.cluster, DBInstanceClass },
    },
  ];
}

function shown({ database }: RestoreDrillDatabase) {
  return {
    DBInstanceClass: database.instanceClass ?? null,
    DBSubnetGroupName: database.subnetGroup,
    VpcSecurityGroupIds: database.securityGroups.join(','),
  };
}

function runOf(tags: readonly TagLike[] | undefined): string | null {
  return tagValue(tags, 'runbooks:run') ?? null;
}
