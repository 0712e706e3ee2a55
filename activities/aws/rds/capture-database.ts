import type { DBInstance } from '@aws-sdk/client-rds';

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
import { meet } from '../unsettled';
import { databaseMissing } from './database-snapshots';
import { canBeCaptured, isBroken } from './database-status';
import { findDatabase } from './find-database';
import type { SnapshotKind, SnapshotSource, StoredSnapshot } from './snapshot-kind';
import { deleteStoredSnapshot, snapshotActions, snapshotsOf } from './snapshot-kinds';

/** So often the source is looked at until it shows that the snapshot has begun: a first look may be stale [A §5.2]. */
const LOOKS = 20;

/** What is captured, by which calls, and under which name. */
interface Capture {
  readonly kind: SnapshotKind;
  readonly region: string;
  readonly database: CapturePart['site']['database'];
  readonly id: string;
}

/**
 * [B §13.4 #5] A snapshot of the DB instance, or of the cluster that it belongs to, under the backup's own name, which is
 * RDS's only idempotency key [A §6].
 */
export function captureDatabaseImplementation(dependencies: Dependencies): StepImplementation {
  return implementStep<CapturePart, CapturedPart>(captureDatabase, {
    actions: [
      'rds:DescribeDBInstances',
      ...snapshotActions('describeSource', 'describe', 'create', 'delete'),
      'rds:AddTagsToResource',
    ],

    async check(input, context) {
      const { kind, region, database, id } = captureOf(input);
      const [instance, source, snapshot] = await Promise.all([
        findDatabase(dependencies, region, database.id),
        kind.findSource(dependencies, region, database),
        kind.find(dependencies, region, id),
      ]);
      return {
        state: snapshot === undefined ? 'needed' : 'done',
        before: {},
        calls: [
          {
            service: 'rds',
            action: kind.calls.create,
            region,
            target: sourceId(database),
            parameters: { [kind.parameter]: id },
          },
        ],
        problems: [...problemsOf(input, instance, source), ...foreign(input, snapshot, context)],
        output: capturedPart(kind, id),
        undo: 'delete the snapshot',
        material: { database: source?.resourceId ?? null },
      };
    },

    async run(input, context) {
      const capture = captureOf(input);
      const { kind, region, database, id } = capture;
      const output = capturedPart(kind, id);
      const snapshot = await kind.find(dependencies, region, id);
      if (snapshot !== undefined) {
        requireOurs(input, snapshot, context);
        // Whoever began it may not have lived to see it.
        await seeBegun(dependencies, capture, context);
        return output;
      }
      await askAws(
        { doing: 'snapshot', resource: `database ${sourceId(database)}`, region, pace: context.pace },
        () =>
          kind.create(dependencies.aws.rds(region), {
            of: sourceId(database),
            id,
            tags: [
              ...ownerTags(context),
              { Key: TAGS.backup, Value: input.backup },
              { Key: TAGS.volume, Value: 'database' },
            ],
          }),
        {
          // Maybe ours, by the SDK's own retry after a lost answer [A §6].
          exists: async () => {
            const found = await kind.find(dependencies, region, id);
            if (found !== undefined) requireOurs(input, found, context);
          },
        },
      );
      await seeBegun(dependencies, capture, context);
      return output;
    },

    async verify(input, output, context) {
      const { kind, region, database, id } = captureOf(input);
      const [snapshot, source] = await Promise.all([
        kind.find(dependencies, region, id),
        kind.findSource(dependencies, region, database),
      ]);
      if (snapshot === undefined) throw lookAgain(`snapshot ${id} is not visible yet`, context);
      const what = sourceId(database);
      const { status: state } = snapshot;
      if (state === 'failed') throw terminal(`snapshot ${id} of ${what} in ${region} failed.`);
      const status = source?.status ?? 'gone';
      // The captured instant is not exposed more exactly: it lies before the source is back from `backing-up`.
      if (state !== 'available' && !canBeCaptured(status)) {
        throw lookAgain(`snapshot ${id} is ${state}, ${snapshot.percent} %; ${what} is ${status}`, context);
      }
      return {
        output: output ?? capturedPart(kind, id),
        facts: { snapshotId: id, state, database: status },
      };
    },

    async undo(input, _former, context) {
      const { kind, region, id } = captureOf(input);
      const snapshot = await kind.find(dependencies, region, id);
      meet(dependencies.aws, snapshot !== undefined, `the snapshot ${id}`);
      if (snapshot === undefined || snapshot.status === 'deleting' || !isOurs(snapshot.tags, context)) {
        return { changed: false, facts: { snapshotId: id } };
      }
      await deleteStoredSnapshot(dependencies, kind, region, snapshot, context.pace);
      return { changed: true, facts: { snapshotId: id } };
    },
  });
}

function captureOf({ site: { region, database }, backup }: CapturePart): Capture {
  return { kind: snapshotsOf(database), region, database, id: databaseSnapshotName(backup) };
}

function sourceId({ id, cluster }: Capture['database']): string {
  return cluster ?? id;
}

function capturedPart({ kind }: SnapshotKind, id: string): CapturedPart {
  return { members: [{ kind, name: 'database', id }], consistency: 'frozen' };
}

/** A wait that begins with a stale `available` (or what counts as that) would end before the snapshot has begun. */
async function seeBegun(
  dependencies: Dependencies,
  { kind, region, database, id }: Capture,
  context: StepContext,
): Promise<void> {
  for (let look = 0; look < LOOKS; look += 1) {
    const source = await kind.findSource(dependencies, region, database);
    if (!canBeCaptured(source?.status ?? 'gone')) return;
    const snapshot = await kind.find(dependencies, region, id);
    if (snapshot?.status === 'available') return;
    await pause(context.pace.fastestSeconds);
  }
}

function requireOurs({ site }: CapturePart, { id, tags }: StoredSnapshot, context: StepContext): void {
  if (isOurs(tags, context)) return;
  throw terminal(
    `database snapshot ${id} in ${site.region} exists and carries no tag of this run: it is ` +
      'not ours. Start again: another moment gives another name.',
  );
}

function foreign(
  { site, backup }: CapturePart,
  snapshot: StoredSnapshot | undefined,
  context: StepContext,
): readonly Problem[] {
  if (snapshot === undefined || isOurs(snapshot.tags, context)) return [];
  return [
    {
      code: 'backupExists',
      message: `There is a database snapshot of ${backup} in ${site.region} that this run did not make.`,
      remedy: 'Start again: another moment gives another name.',
    },
  ];
}

/** The estate and AWS must agree on whether it is a cluster, and which: its snapshots are others. */
function problemsOf(
  { site: { region, database } }: CapturePart,
  instance: DBInstance | undefined,
  source: SnapshotSource | undefined,
): readonly Problem[] {
  const what = `Database ${database.id} in ${region}`;
  if (instance === undefined) return [databaseMissing(what)];
  const { cluster } = database;
  const actual = instance.DBClusterIdentifier || undefined;
  if (actual !== cluster) {
    return [
      {
        code: 'otherCluster',
        message:
          actual === undefined
            ? `${what} belongs to no cluster; the estate says it belongs to ${cluster ?? '?'}.`
            : `${what} belongs to the cluster ${actual} (${instance.Engine ?? '?'}), of which ` +
              `${cluster === undefined ? 'the estate does not tell' : `the estate tells another: ${cluster}`}.`,
        remedy:
          actual === undefined
            ? "Remove the site's database.cluster from the estate."
            : `Set the site's database.cluster to ${actual}: the instances of a cluster have no snapshots of their own.`,
      },
    ];
  }
  if (source === undefined) return [databaseMissing(`Cluster ${cluster ?? '?'} in ${region}`)];
  const { id, status } = source;
  if (!isBroken(status) && status !== 'stopped') return [];
  return [
    {
      code: 'databaseNotAvailable',
      message: `${cluster === undefined ? what : `Cluster ${id} in ${region}`} is ${status}; a snapshot needs it available.`,
      remedy: 'Mend or start the database.',
    },
  ];
}
