import { CreateDBSnapshotCommand } from '@aws-sdk/client-rds';
import type { DBInstance, DBSnapshot } from '@aws-sdk/client-rds';

import { TAGS } from '../../../workflows/plan/backup/manifest';
import { databaseSnapshotName } from '../../../workflows/plan/backup/name';
import type { Problem, StepContext } from '../../../workflows/runbook/step';
import { captureDatabase } from '../../../workflows/steps/backup';
import type { CapturedPart, CapturePart } from '../../../workflows/steps/backup';
import type { Dependencies } from '../../dependencies';
import { terminal } from '../../errors';
import { pause } from '../../hosts/pause';
import { implementStep } from '../../implement';
import type { StepImplementation } from '../../implement';
import { askAws } from '../errors';
import { isOurs, ownerTags } from '../ownership';
import { lookAgain } from '../pace';
import {
  databaseMissing,
  deleteDatabaseSnapshot,
  findDatabaseSnapshot,
  snapshotProblems,
} from './database-snapshots';
import { statusOf } from './database-status';
import { findDatabase } from './find-database';

/** So often the instance is looked at until it shows that the snapshot has begun: a first look may be stale [A §5.2]. */
const LOOKS = 20;

/** [B §13.4 #5] A DB snapshot under the backup's own name, which is RDS's only idempotency key [A §6]. */
export function captureDatabaseImplementation(dependencies: Dependencies): StepImplementation {
  return implementStep<CapturePart, CapturedPart>(captureDatabase, {
    actions: [
      'rds:DescribeDBInstances',
      'rds:DescribeDBSnapshots',
      'rds:CreateDBSnapshot',
      'rds:AddTagsToResource',
      'rds:DeleteDBSnapshot',
    ],

    async check(input, context) {
      const { region, database } = input.site;
      const id = databaseSnapshotName(input.backup);
      const [instance, snapshot] = await Promise.all([
        findDatabase(dependencies, region, database.id),
        findDatabaseSnapshot(dependencies, region, id),
      ]);
      return {
        state: snapshot === undefined ? 'needed' : 'done',
        before: {},
        calls: [
          {
            service: 'rds',
            action: 'CreateDBSnapshot',
            region,
            target: database.id,
            parameters: { DBSnapshotIdentifier: id },
          },
        ],
        problems: [...problemsOf(input, instance), ...foreign(input, snapshot, context)],
        output: { members: [memberOf(id)], consistency: 'frozen' },
        undo: 'delete the snapshot',
        material: { database: instance?.DbiResourceId ?? null },
      };
    },

    async run(input, context) {
      const { region, database } = input.site;
      const id = databaseSnapshotName(input.backup);
      const output: CapturedPart = { members: [memberOf(id)], consistency: 'frozen' };
      const snapshot = await findDatabaseSnapshot(dependencies, region, id);
      if (snapshot !== undefined) {
        requireOurs(input, snapshot, context);
        return output;
      }
      const about = {
        doing: 'snapshot',
        resource: `database ${database.id}`,
        region,
        pace: context.pace,
      };
      await askAws(
        about,
        async () => {
          await dependencies.aws.rds(region).send(
            new CreateDBSnapshotCommand({
              DBInstanceIdentifier: database.id,
              DBSnapshotIdentifier: id,
              Tags: [
                ...ownerTags(context),
                { Key: TAGS.backup, Value: input.backup },
                { Key: TAGS.volume, Value: 'database' },
              ],
            }),
          );
        },
        {
          // Maybe ours, by the SDK's own retry after a lost answer [A §6].
          exists: async () => {
            const found = await findDatabaseSnapshot(dependencies, region, id);
            if (found !== undefined) requireOurs(input, found, context);
          },
        },
      );
      await seeBegun(dependencies, input, id, context);
      return output;
    },

    async verify(input, output, context) {
      const { region, database } = input.site;
      const id = databaseSnapshotName(input.backup);
      const [snapshot, instance] = await Promise.all([
        findDatabaseSnapshot(dependencies, region, id),
        findDatabase(dependencies, region, database.id),
      ]);
      if (snapshot === undefined) throw lookAgain(`snapshot ${id} is not visible yet`, context);
      const state = snapshot.Status ?? 'unknown';
      if (state === 'failed') throw terminal(`snapshot ${id} of ${database.id} in ${region} failed.`);
      const status = instance === undefined ? 'gone' : statusOf(instance);
      // The captured instant is not exposed more exactly: it lies before the instance is back from `backing-up`.
      if (state !== 'available' && status !== 'available') {
        const done = snapshot.PercentProgress ?? 0;
        throw lookAgain(`snapshot ${id} is ${state}, ${done} %; ${database.id} is ${status}`, context);
      }
      return {
        output: output ?? { members: [memberOf(id)], consistency: 'frozen' },
        facts: { snapshotId: id, state, database: status },
      };
    },

    async undo(input, _former, context) {
      const { region } = input.site;
      const id = databaseSnapshotName(input.backup);
      const snapshot = await findDatabaseSnapshot(dependencies, region, id);
      if (snapshot === undefined || snapshot.Status === 'deleting' || !isOurs(snapshot.TagList, context)) {
        return { changed: false, facts: { snapshotId: id } };
      }
      await deleteDatabaseSnapshot(dependencies, region, snapshot, context.pace);
      return { changed: true, facts: { snapshotId: id } };
    },
  });
}

function memberOf(id: string): CapturedPart['members'][number] {
  return { kind: 'rds', name: 'database', id };
}

/** A wait that begins with a stale `available` would end before the snapshot has begun. */
async function seeBegun(
  dependencies: Dependencies,
  { site: { region, database } }: CapturePart,
  id: string,
  context: StepContext,
): Promise<void> {
  for (let look = 0; look < LOOKS; look += 1) {
    const instance = await findDatabase(dependencies, region, database.id);
    if (instance === undefined || statusOf(instance) !== 'available') return;
    const snapshot = await findDatabaseSnapshot(dependencies, region, id);
    if (snapshot?.Status === 'available') return;
    await pause(context.pace.fastestSeconds);
  }
}

function requireOurs({ site }: CapturePart, snapshot: DBSnapshot, context: StepContext): void {
  if (isOurs(snapshot.TagList, context)) return;
  throw terminal(
    `database snapshot ${snapshot.DBSnapshotIdentifier} in ${site.region} exists and carries no tag of this run: it is ` +
      'not ours. Start again: another moment gives another name.',
  );
}

function foreign(
  { site, backup }: CapturePart,
  snapshot: DBSnapshot | undefined,
  context: StepContext,
): readonly Problem[] {
  if (snapshot === undefined || isOurs(snapshot.TagList, context)) return [];
  return [
    {
      code: 'backupExists',
      message: `There is a database snapshot of ${backup} in ${site.region} that this run did not make.`,
      remedy: 'Start again: another moment gives another name.',
    },
  ];
}

function problemsOf({ site }: CapturePart, instance: DBInstance | undefined): readonly Problem[] {
  const what = `Database ${site.database.id} in ${site.region}`;
  if (instance === undefined) return [databaseMissing(what)];
  const { DBClusterIdentifier: cluster, Engine: engine = '' } = instance;
  if (engine.startsWith('aurora') || (cluster !== undefined && cluster !== '')) {
    return [
      {
        code: 'clusterNotSupported',
        message: `${what} belongs to the cluster ${cluster ?? '?'} (${engine}): its instances have no snapshots of their own.`,
        remedy: 'This runbook does not take cluster snapshots yet; use the backups of the cluster meanwhile.',
      },
    ];
  }
  return snapshotProblems(what, instance, 'Mend or start the database.');
}
