import type { DBInstance } from '@aws-sdk/client-rds';

import type { Problem } from '../../../workflows/runbook/step';
import { awaitDatabase } from '../../../workflows/steps/backup';
import type { AwaitDatabase, ReadyDatabase } from '../../../workflows/steps/backup';
import type { Dependencies } from '../../dependencies';
import { terminal } from '../../errors';
import { implementStep } from '../../implement';
import type { StepImplementation } from '../../implement';
import { lookAgain } from '../pace';
import { databaseMissing } from './database-snapshots';
import { canBeCaptured, isBroken } from './database-status';
import { findDatabase } from './find-database';
import type { SnapshotSource } from './snapshot-kind';
import { snapshotActions, snapshotsOf } from './snapshot-kinds';

/** [B §13.4 #1] RDS takes no snapshot of what is not `available`: better waited for before users are locked out. */
export function awaitDatabaseImplementation(dependencies: Dependencies): StepImplementation {
  return implementStep<AwaitDatabase, ReadyDatabase>(awaitDatabase, {
    actions: ['rds:DescribeDBInstances', ...snapshotActions('describeSource')],

    async check(input) {
      const { instance, source } = await look(dependencies, input);
      const status = source?.status ?? 'gone';
      // One that is missing, or is not the estate's, is told by the step that captures it.
      const problem = source === undefined ? null : problemOf(input, source);
      return {
        state: canBeCaptured(status) ? 'done' : 'needed',
        before: { status },
        calls: [],
        problems: problem === null ? [] : [problem],
        output: outputOf(instance),
        notes:
          problem !== null || source === undefined || canBeCaptured(status)
            ? []
            : [`${nameOf(input)} is ${status}: this is waited for before anything is changed`],
      };
    },

    async verify(input, _output, context) {
      const { instance, source } = await look(dependencies, input);
      const problem = problemOf(input, source);
      if (problem !== null) throw terminal(`${problem.message} ${problem.remedy}`);
      const status = source?.status ?? 'gone';
      if (!canBeCaptured(status)) throw lookAgain(`${nameOf(input)} is ${status}`, context);
      return { output: outputOf(instance), facts: { status } };
    },
  });
}

async function look(dependencies: Dependencies, { site: { region, database } }: AwaitDatabase) {
  const [instance, source] = await Promise.all([
    findDatabase(dependencies, region, database.id),
    snapshotsOf(database).findSource(dependencies, region, database),
  ]);
  return { instance, source };
}

/** The instances of a cluster are encrypted as the cluster is. */
function outputOf(instance: DBInstance | undefined): ReadyDatabase {
  return { encrypted: instance?.StorageEncrypted ?? false };
}

function nameOf({ site: { region, database } }: AwaitDatabase): string {
  const { id, cluster } = database;
  return cluster === undefined ? `Database ${id} in ${region}` : `Cluster ${cluster} in ${region}`;
}

function problemOf(input: AwaitDatabase, source: SnapshotSource | undefined): Problem | null {
  if (source === undefined) return databaseMissing(nameOf(input));
  const { status } = source;
  if (!isBroken(status) && !['stopped', 'stopping', 'deleting'].includes(status)) return null;
  return {
    code: 'databaseNotAvailable',
    message: `${nameOf(input)} is ${status}; a snapshot needs it available.`,
    remedy: 'Mend or start the database.',
  };
}
