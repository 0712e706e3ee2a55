import { CreateDBSnapshotCommand } from '@aws-sdk/client-rds';
import type { DBInstance, DBSnapshot } from '@aws-sdk/client-rds';

import type { Problem, StepContext } from '../../../workflows/runbook/step';
import { snapshotDatabase } from '../../../workflows/steps/database';
import type { SnapshotDatabase } from '../../../workflows/steps/database';
import type { Dependencies } from '../../dependencies';
import { needsPerson, terminal } from '../../errors';
import { implementStep } from '../../implement';
import type { StepImplementation } from '../../implement';
import { askAws } from '../errors';
import { isOurs, ownerTags, stableToken } from '../ownership';
import { lookAgain } from '../pace';
import { meet } from '../unsettled';
import { canBeCaptured, isBroken, isServing, statusOf } from './database-status';
import {
  databaseMissing,
  deleteDatabaseSnapshot,
  findDatabaseSnapshot,
  snapshotProblems,
} from './database-snapshots';
import { findDatabase } from './find-database';

type Output = { readonly snapshotId: string };

/** [B §13.1 #6] A way back to the state right before the promotion. */
export function snapshotDatabaseImplementation(dependencies: Dependencies): StepImplementation {
  return implementStep<SnapshotDatabase, Output>(snapshotDatabase, {
    actions: [
      'rds:DescribeDBInstances',
      'rds:DescribeDBSnapshots',
      'rds:CreateDBSnapshot',
      'rds:AddTagsToResource',
      'rds:DeleteDBSnapshot',
    ],

    async check(input, context) {
      const snapshotId = snapshotIdOf(input, context);
      const [instance, snapshot] = await Promise.all([
        findDatabase(dependencies, input.region, input.databaseId),
        findDatabaseSnapshot(dependencies, input.region, snapshotId),
      ]);
      const status = instance === undefined ? undefined : statusOf(instance);
      return {
        state: snapshot === undefined ? 'needed' : 'done',
        before: { snapshot: snapshot?.Status ?? null },
        calls:
          snapshot === undefined
            ? [
                {
                  service: 'rds',
                  action: 'CreateDBSnapshot',
                  region: input.region,
                  target: input.databaseId,
                  parameters: { DBSnapshotIdentifier: snapshotId },
                },
              ]
            : [],
        problems: snapshot === undefined ? problemsOf(input, instance) : [],
        output: { snapshotId },
        undo: 'delete the snapshot',
        notes:
          status === undefined || canBeCaptured(status) || isBroken(status)
            ? []
            : [`${input.databaseId} is ${status}: the snapshot is made when it is available`],
      };
    },

    async run(input, context) {
      const snapshotId = snapshotIdOf(input, context);
      const snapshot = await findDatabaseSnapshot(dependencies, input.region, snapshotId);
      if (snapshot !== undefined) return adopted(input, snapshot, context);
      const instance = await findDatabase(dependencies, input.region, input.databaseId);
      if (instance === undefined)
        throw terminal(`there is no database ${input.databaseId} in ${input.region}.`);
      await askAws(
        {
          doing: 'snapshot',
          resource: `database ${input.databaseId}`,
          region: input.region,
          state: statusOf(instance),
          pace: context.pace,
        },
        async () => {
          await dependencies.aws.rds(input.region).send(
            new CreateDBSnapshotCommand({
              DBInstanceIdentifier: input.databaseId,
              DBSnapshotIdentifier: snapshotId,
              Tags: ownerTags(context),
            }),
          );
        },
        {
          // Maybe ours, by the SDK's own retry after a lost answer [A §6].
          exists: async () => {
            const found = await findDatabaseSnapshot(dependencies, input.region, snapshotId);
            if (found !== undefined) adopted(input, found, context);
          },
        },
      );
      return { snapshotId };
    },

    async verify(input, output, context) {
      const snapshotId = output?.snapshotId ?? snapshotIdOf(input, context);
      const [snapshot, instance] = await Promise.all([
        findDatabaseSnapshot(dependencies, input.region, snapshotId),
        findDatabase(dependencies, input.region, input.databaseId),
      ]);
      if (snapshot === undefined) throw lookAgain(`snapshot ${snapshotId} is not visible yet`, context);
      const state = snapshot.Status ?? 'unknown';
      if (state === 'failed') {
        throw needsPerson(
          `snapshot ${snapshotId} of ${input.databaseId} in ${input.region} failed. Delete it and retry, or skip it.`,
        );
      }
      if (state !== 'available') {
        throw lookAgain(`snapshot ${snapshotId} is ${state}, ${snapshot.PercentProgress ?? 0} %`, context);
      }
      const status = instance === undefined ? 'gone' : statusOf(instance);
      if (!isServing(status)) {
        // A promotion is refused until then [A §4].
        throw lookAgain(
          `snapshot ${snapshotId} is available; ${input.databaseId} is still ${status}`,
          context,
        );
      }
      return {
        output: { snapshotId },
        facts: { snapshotId, state, sizeGiB: snapshot.AllocatedStorage ?? 0 },
      };
    },

    async undo(input, { output }, context) {
      const snapshotId = output?.snapshotId ?? snapshotIdOf(input, context);
      const snapshot = await findDatabaseSnapshot(dependencies, input.region, snapshotId);
      meet(dependencies.aws, snapshot !== undefined, `snapshot ${snapshotId}`);
      if (snapshot === undefined || snapshot.Status === 'deleting' || !isOurs(snapshot.TagList, context)) {
        return { changed: false, facts: { snapshotId } };
      }
      await deleteDatabaseSnapshot(dependencies, input.region, snapshot, context.pace);
      return { changed: true, facts: { snapshotId } };
    },
  });
}

/** The same for every attempt: the identifier is RDS's only idempotency key [A §6]. */
function snapshotIdOf(input: SnapshotDatabase, context: StepContext): string {
  const name = input.databaseId.slice(0, 60).replace(/-+$/, '');
  return `runbooks-${name}-${stableToken(context, input.databaseId).slice(0, 12)}`;
}

function adopted(input: SnapshotDatabase, snapshot: DBSnapshot, context: StepContext): Output {
  const snapshotId = snapshot.DBSnapshotIdentifier ?? '';
  if (isOurs(snapshot.TagList, context)) return { snapshotId };
  throw terminal(
    `database snapshot ${snapshotId} in ${input.region} exists and carries no tag of this run: it is not ours. ` +
      'Look where it came from; rename or delete it, then retry.',
  );
}

function problemsOf(input: SnapshotDatabase, instance: DBInstance | undefined): Problem[] {
  const what = `Database ${input.databaseId} in ${input.region}`;
  return instance === undefined
    ? [databaseMissing(what)]
    : snapshotProblems(what, instance, 'Mend the database, or leave the snapshot out.');
}
