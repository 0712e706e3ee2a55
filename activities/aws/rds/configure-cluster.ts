import { ModifyDBClusterCommand } from '@aws-sdk/client-rds';
import type { DBCluster } from '@aws-sdk/client-rds';

import type { Facts, StepContext } from '../../../workflows/runbook/step';
import { configureCluster } from '../../../workflows/steps/restore';
import type { ConfigureCluster } from '../../../workflows/steps/restore';
import type { Dependencies } from '../../dependencies';
import { needsPerson, terminal } from '../../errors';
import { implementStep } from '../../implement';
import type { StepImplementation } from '../../implement';
import { askAws } from '../errors';
import { isOurs } from '../ownership';
import { lookAgain } from '../pace';
import { lookTwice } from '../unsettled';
import { isBroken, isServing } from './database-status';
import { clusterStatus, findCluster } from './find-cluster';

type Output = { readonly changed: readonly string[] };

type Settings = Pick<ConfigureCluster, 'backupRetentionDays' | 'deletionProtection'>;

/** A restored cluster keeps backups for a day only, and is not protected, so that the undo can delete it. */
export function configureClusterImplementation(dependencies: Dependencies): StepImplementation {
  return implementStep<ConfigureCluster, Output>(configureCluster, {
    actions: ['rds:DescribeDBClusters', 'rds:ModifyDBCluster'],

    check(input) {
      // The cluster that a plan sees is not the one that will be set.
      const { region, clusterId: target } = input;
      const wanted = wantedOf(input);
      return Promise.resolve({
        state: 'needed',
        before: {},
        calls: [
          {
            ...{ service: 'rds', action: 'ModifyDBCluster', region, target },
            parameters: { ...wanted, ApplyImmediately: true },
          },
        ],
        problems: [],
        output: { changed: Object.keys(wanted) },
        undo: 'lift the deletion protection',
        material: { ...wanted },
      });
    },

    async run(input, context) {
      const cluster = await existing(dependencies, input);
      const changed = differences(cluster, input);
      if (changed.length > 0) await modify(dependencies, input, cluster, wantedOf(input), context);
      return { changed };
    },

    async verify(input, output, context) {
      const { region, clusterId } = input;
      const cluster = await existing(dependencies, input);
      const status = clusterStatus(cluster);
      if (isBroken(status)) {
        throw needsPerson(`cluster ${clusterId} in ${region} is ${status}. Mend it, then retry.`);
      }
      const left = differences(cluster, input);
      if (left.length > 0) {
        throw lookAgain(`${clusterId} is ${status}; not there yet: ${left.join(', ')}`, context);
      }
      if (!isServing(status)) throw lookAgain(`${clusterId} is set and ${status}`, context);
      return { output: output ?? { changed: [] }, facts: wantedOf(input) };
    },

    async undo(input, { output }, context) {
      const cluster = await findCluster(dependencies, input.region, input.clusterId);
      if (cluster === undefined || !isOurs(cluster.TagList, context)) return { changed: false, facts: {} };
      if (cluster.DeletionProtection !== true) {
        if (output === undefined) lookTwice(dependencies.aws, `a change of ${input.clusterId}`);
        return { changed: false, facts: {} };
      }
      const given = { deletionProtection: false };
      await modify(dependencies, input, cluster, given, context);
      return { changed: true, facts: given };
    },
  });
}

function wantedOf({ backupRetentionDays, deletionProtection }: Settings): Facts & Settings {
  return { backupRetentionDays, deletionProtection };
}

function differences(cluster: DBCluster, wanted: Settings): readonly string[] {
  return [
    ...(cluster.BackupRetentionPeriod === wanted.backupRetentionDays ? [] : ['backupRetentionDays']),
    ...((cluster.DeletionProtection ?? false) === wanted.deletionProtection ? [] : ['deletionProtection']),
  ];
}

async function modify(
  dependencies: Dependencies,
  { region, clusterId }: ConfigureCluster,
  cluster: DBCluster,
  { backupRetentionDays, deletionProtection }: Partial<Settings>,
  { pace }: StepContext,
): Promise<void> {
  const state = clusterStatus(cluster);
  await askAws({ doing: 'set', resource: `cluster ${clusterId}`, region, state, pace }, () =>
    dependencies.aws.rds(region).send(
      new ModifyDBClusterCommand({
        DBClusterIdentifier: clusterId,
        ...(backupRetentionDays === undefined ? {} : { BackupRetentionPeriod: backupRetentionDays }),
        ...(deletionProtection === undefined ? {} : { DeletionProtection: deletionProtection }),
        ApplyImmediately: true,
      }),
    ),
  );
}

async function existing(
  dependencies: Dependencies,
  { region, clusterId }: ConfigureCluster,
): Promise<DBCluster> {
  const cluster = await findCluster(dependencies, region, clusterId);
  if (cluster !== undefined) return cluster;
  throw terminal(`there is no cluster ${clusterId} in ${region}.`);
}
