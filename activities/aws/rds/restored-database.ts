import { DeleteDBInstanceCommand, ModifyDBInstanceCommand } from '@aws-sdk/client-rds';
import type { DBInstance } from '@aws-sdk/client-rds';

import type { Credentials } from '../../../workflows/plan/instance';
import type { StepContext, Undone, Verified } from '../../../workflows/runbook/step';
import type { Dependencies } from '../../dependencies';
import { needsPerson, terminal } from '../../errors';
import { askAws } from '../errors';
import { isOurs } from '../ownership';
import { isRepeated, lookAgain } from '../pace';
import { lookTwice, noteMet } from '../unsettled';
import { readReplayState } from './database-session';
import { isBroken, isServing, statusOf } from './database-status';
import { findDatabase } from './find-database';

export interface RestoredDatabase {
  readonly address: string;
  readonly port: number;
}

interface Name {
  readonly region: string;
  readonly databaseId: string;
}

interface Target extends Name {
  readonly snapshotId: string;
  readonly databaseName: string;
  readonly credentials: Credentials;
}

/**
 * One look whether the database that this run restores is there: available, no replica, and open to its owner.
 * @param wayOut what people can do when it is broken for good
 */
export async function provenRestored(
  dependencies: Dependencies,
  target: Target,
  wayOut: string,
  context: StepContext,
): Promise<Verified<RestoredDatabase>> {
  const { region, databaseId, snapshotId, databaseName: database, credentials } = target;
  const current = await findDatabase(dependencies, region, databaseId);
  if (current === undefined) throw lookAgain(`${databaseId} is not visible yet`, context);
  const output = adopted(target, current, context);
  const status = statusOf(current);
  if (isBroken(status)) {
    throw needsPerson(
      `database ${databaseId} in ${region} is ${status} after its restore from ${snapshotId}. ` +
        `Look at its events (key, subnets, capacity); ${wayOut}`,
    );
  }
  if (!isServing(status)) throw lookAgain(`${databaseId} is ${status}`, context);
  const { address: host, port } = output;
  // Refused where the password was changed since the backup: the snapshot holds the one of that time.
  const { inRecovery } = await readReplayState(dependencies.secrets, { host, port, database, credentials });
  if (inRecovery) throw lookAgain(`${databaseId} is still in recovery`, context);
  return {
    output,
    facts: { status, address: host, resourceId: current.DbiResourceId ?? null, inRecovery },
  };
}

/** Deletes the database that this run has restored, its protection lifted first; no other is touched. */
export async function deleteRestored(
  dependencies: Dependencies,
  { region, databaseId }: Name,
  context: StepContext,
): Promise<Undone> {
  const current = await findDatabase(dependencies, region, databaseId);
  const facts = { databaseId };
  if (current === undefined) lookTwice(dependencies.aws, `the restored database ${databaseId}`);
  if (current === undefined || !isOurs(current.TagList, context)) return { changed: isRepeated(), facts };
  noteMet();
  const status = statusOf(current);
  if (status === 'deleting') throw lookAgain(`${databaseId} is deleting`, context);
  const about = {
    resource: `the restored database ${databaseId}`,
    region,
    state: status,
    pace: context.pace,
  };
  const client = dependencies.aws.rds(region);
  if (current.DeletionProtection === true) {
    await askAws({ ...about, doing: 'lift the deletion protection of' }, () =>
      client.send(
        new ModifyDBInstanceCommand({
          DBInstanceIdentifier: databaseId,
          DeletionProtection: false,
          ApplyImmediately: true,
        }),
      ),
    );
    throw lookAgain(`the deletion protection of ${databaseId} is being lifted`, context);
  }
  await askAws(
    { ...about, doing: 'delete' },
    async () => {
      await client.send(
        new DeleteDBInstanceCommand({
          DBInstanceIdentifier: databaseId,
          // It holds nothing but what the snapshot holds.
          SkipFinalSnapshot: true,
          // Those of a cluster are the cluster's.
          ...(current.DBClusterIdentifier ? {} : { DeleteAutomatedBackups: true }),
        }),
      );
    },
    { notFound: () => undefined },
  );
  throw lookAgain(`${databaseId} is being deleted`, context);
}

/** @throws Terminal when the database is not this run's */
export function adopted(
  { region, databaseId }: Name,
  instance: DBInstance,
  context: StepContext,
): RestoredDatabase {
  if (isOurs(instance.TagList, context)) return outputOf(instance);
  throw terminal(
    `database ${databaseId} in ${region} (${statusOf(instance)}) exists and carries no tag of this run. ` +
      'Look whose it is: nothing is restored over it.',
  );
}

export function outputOf(instance: DBInstance): RestoredDatabase {
  return { address: instance.Endpoint?.Address ?? '', port: instance.Endpoint?.Port ?? 5432 };
}
