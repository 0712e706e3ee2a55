import { AddTagsToResourceCommand, PromoteReadReplicaCommand } from '@aws-sdk/client-rds';
import type { DBInstance } from '@aws-sdk/client-rds';

import { valueOf } from '../../../workflows/runbook/observed';
import type { PlannedCall, Problem, StepContext } from '../../../workflows/runbook/step';
import { promoteReplica } from '../../../workflows/steps/database';
import type { PromotedDatabase, PromoteReplica } from '../../../workflows/steps/database';
import type { Dependencies } from '../../dependencies';
import { needsPerson, terminal } from '../../errors';
import { pause } from '../../hosts/pause';
import { implementStep } from '../../implement';
import type { StepImplementation } from '../../implement';
import { askAws } from '../errors';
import { observe } from '../observe';
import { isOurs, ownerTags, stableToken, tagValue } from '../ownership';
import { lookAgain } from '../pace';
import { DatabaseUnreachable, proveWrite, readReplayState } from './database-session';
import type { DatabaseTarget, ReplayState } from './database-session';
import { isBroken, isServing, replicationOf, sourceOf, statusOf } from './database-status';
import { findDatabase } from './find-database';
import { estimateLoss } from './loss-estimate';
import type { LossEstimate } from './loss-estimate';
import { blindPromotion, lossProblems, replicaProblems } from './promote-problems';
import { readLagPoints } from './replica-lag';
import { lookAtSource } from './source-state';

const LAST_REPLAYED = 'runbooks:last-replayed-at';
/** So long a promoted server may stay silent while RDS calls it available, before people are asked. */
const SILENT_SECONDS = 30;

/** [A §5.3, B §13.1 #7] The point of no return of a failover. */
export function promoteReplicaImplementation(dependencies: Dependencies): StepImplementation {
  return implementStep<PromoteReplica, PromotedDatabase>(promoteReplica, {
    actions: [
      'rds:DescribeDBInstances',
      'rds:AddTagsToResource',
      'rds:PromoteReadReplica',
      'cloudwatch:GetMetricData',
    ],

    async check(input, context) {
      const instance = await findDatabase(dependencies, input.region, input.databaseId);
      if (instance !== undefined && sourceOf(instance) === null && isOurs(instance.TagList, context)) {
        return {
          state: 'done',
          before: factsOf(instance),
          calls: [],
          problems: [],
          output: outputOf(instance),
          notes: ['this run has promoted it already'],
        };
      }
      const isReplica = instance !== undefined && sourceOf(instance) !== null;
      const seen = isReplica ? await lookAtLoss(dependencies, input, instance, context) : undefined;
      return {
        state: 'needed',
        before: {
          ...(instance === undefined ? {} : factsOf(instance)),
          lossSeconds: seen?.loss.seconds ?? null,
          lossBasis: seen?.loss.basis ?? null,
          lastReplayedAt: seen?.replay?.lastReplayedAt ?? null,
        },
        calls: callsOf(input),
        problems: [
          ...replicaProblems(input, instance),
          ...(seen === undefined ? [] : [...seen.problems, ...lossProblems(input, seen.loss)]),
        ],
        output: {
          address: instance?.Endpoint?.Address ?? '',
          port: instance?.Endpoint?.Port ?? 5432,
          lastReplayedAt: seen?.replay?.lastReplayedAt ?? null,
        },
        material: {
          databaseId: input.databaseId,
          source: instance === undefined ? null : sourceOf(instance),
          resourceId: instance?.DbiResourceId ?? null,
        },
      };
    },

    async run(input, context) {
      const instance = await existing(dependencies, input);
      if (sourceOf(instance) === null) return adopted(input, instance, context);
      // Perhaps our promotion, whose answer was lost, perhaps a change of somebody else's: the outcome tells.
      if (isUnderWay(instance, context)) throw lookAgain(stillReplica(input, instance), context);
      // Promoting does not need it; only the report does.
      const replay = await observe(() => readReplayState(dependencies.secrets, targetOf(input, instance)));
      const lastReplayedAt = valueOf(replay)?.lastReplayedAt ?? null;
      await markIntent(dependencies, input, instance, lastReplayedAt, context);
      await askAws(
        {
          doing: 'promote',
          resource: `database ${input.databaseId}`,
          region: input.region,
          state: `${statusOf(instance)}, replica of ${sourceOf(instance) ?? 'nothing'}`,
        },
        async () => {
          await dependencies.aws.rds(input.region).send(
            new PromoteReadReplicaCommand({
              DBInstanceIdentifier: input.databaseId,
              BackupRetentionPeriod: input.backupRetentionDays,
            }),
          );
        },
        {
          // Refused by its state: perhaps because an attempt whose answer was lost is promoting it [A §9 B].
          busy: async (error) => {
            const now = await existing(dependencies, input);
            if (sourceOf(now) === null) return;
            throw lookAgain(`${stillReplica(input, now)}: ${error.name}: ${error.message}`, context);
          },
        },
      );
      return { ...outputOf(instance), lastReplayedAt };
    },

    async verify(input, output, context) {
      const instance = await existing(dependencies, input);
      const status = statusOf(instance);
      const source = sourceOf(instance);
      if (isBroken(status)) {
        throw needsPerson(
          `database ${input.databaseId} in ${input.region} is ${status} after the promotion. RDS does not mend that by ` +
            'itself: look at its events and logs, mend it, then retry.',
        );
      }
      if (source !== null) {
        throw lookAgain(stillReplica(input, instance), context);
      }
      if (!isServing(status) && status !== 'backing-up') {
        throw lookAgain(`${input.databaseId} is promoted and ${status}`, context);
      }
      const target = targetOf(input, instance);
      const replay = await proveRole(dependencies, input, target, context);
      if (status === 'backing-up') {
        throw lookAgain(`${input.databaseId} accepts writes; its first backup is running`, context);
      }
      const former = output?.lastReplayedAt ?? outputOf(instance).lastReplayedAt;
      // The server may have replayed more between our question and its promotion, and forgets all of it at a restart.
      const lastReplayedAt =
        [former, replay.lastReplayedAt]
          .filter((at) => at !== null)
          .sort()
          .at(-1) ?? null;
      return {
        output: { address: target.host, port: target.port, lastReplayedAt },
        facts: {
          status,
          source: null,
          inRecovery: false,
          writeAccepted: true,
          address: target.host,
          lastReplayedAt,
        },
      };
    },
  });
}

/** Not in recovery, and a row written and read back. A server that RDS calls available is silent for moments only. */
async function proveRole(
  dependencies: Dependencies,
  input: PromoteReplica,
  target: DatabaseTarget,
  context: StepContext,
): Promise<ReplayState> {
  for (const deadline = Date.now() + SILENT_SECONDS * 1000; ;) {
    try {
      const replay = await readReplayState(dependencies.secrets, target);
      if (replay.inRecovery) throw lookAgain(`${target.host} is promoted, but still in recovery`, context);
      await proveWrite(dependencies.secrets, target, stableToken(context));
      return replay;
    } catch (error) {
      if (!(error instanceof DatabaseUnreachable)) throw error;
      if (Date.now() > deadline) {
        throw needsPerson(
          `database ${input.databaseId} in ${input.region} is promoted, but the worker cannot prove that it takes ` +
            `writes: ${error.message}. Mend the way to it, then retry; or see for yourself that it takes writes, and skip.`,
          error,
        );
      }
    }
    await pause(1);
  }
}

async function lookAtLoss(
  dependencies: Dependencies,
  input: PromoteReplica,
  instance: DBInstance,
  context: StepContext,
): Promise<{
  readonly loss: LossEstimate;
  readonly replay: ReplayState | undefined;
  readonly problems: readonly Problem[];
}> {
  const [session, points] = await Promise.all([
    observe(() => readReplayState(dependencies.secrets, targetOf(input, instance))),
    // A metric that cannot be read makes the loss unknown, which people may accept; it is no reason to stop.
    observe(() => readLagPoints(dependencies, input.region, input.databaseId)),
  ]);
  const replay = valueOf(session);
  const estimate = await estimateLoss({
    replay,
    replication: replicationOf(instance),
    points: valueOf(points) ?? [],
    limitSeconds: input.lagLimitSeconds,
    incidentStartedAt: input.incidentStartedAt,
    lookAtSource: () => lookAtSource(dependencies, input.region, instance, context),
    now: Date.now(),
  });
  const unread = estimate.seconds === null && points.state !== 'known';
  const loss = unread ? { seconds: null, basis: points.reason } : estimate;
  const problems = session.state === 'known' ? [] : [blindPromotion(input, session.reason)];
  return { loss, replay, problems };
}

/** Recorded before the call, so that a repeated run knows its own promotion from a foreign one [A §11.5]. */
async function markIntent(
  dependencies: Dependencies,
  input: PromoteReplica,
  instance: DBInstance,
  lastReplayedAt: string | null,
  context: StepContext,
): Promise<void> {
  const arn = instance.DBInstanceArn;
  if (arn === undefined) throw new Error(`RDS told no ARN of ${input.databaseId}`);
  const tags = [
    ...ownerTags(context),
    ...(lastReplayedAt === null ? [] : [{ Key: LAST_REPLAYED, Value: lastReplayedAt }]),
  ];
  await askAws({ doing: 'tag', resource: `database ${input.databaseId}`, region: input.region }, () =>
    dependencies.aws.rds(input.region).send(new AddTagsToResourceCommand({ ResourceName: arn, Tags: tags })),
  );
}

function isUnderWay(instance: DBInstance, context: StepContext): boolean {
  return isOurs(instance.TagList, context) && ['modifying', 'rebooting'].includes(statusOf(instance));
}

function stillReplica(input: PromoteReplica, instance: DBInstance): string {
  return `${input.databaseId} is ${statusOf(instance)}, still a replica of ${sourceOf(instance) ?? 'nothing'}`;
}

function adopted(input: PromoteReplica, instance: DBInstance, context: StepContext): PromotedDatabase {
  if (isOurs(instance.TagList, context)) return outputOf(instance);
  throw terminal(
    `database ${input.databaseId} in ${input.region} (${statusOf(instance)}) is no replica any more and carries no tag ` +
      'of this run: something else promoted it. Find out what it holds before anything writes to it.',
  );
}

async function existing(dependencies: Dependencies, input: PromoteReplica): Promise<DBInstance> {
  const instance = await findDatabase(dependencies, input.region, input.databaseId);
  if (instance !== undefined) return instance;
  throw terminal(`there is no database ${input.databaseId} in ${input.region}. Correct the estate.`);
}

function outputOf(instance: DBInstance): PromotedDatabase {
  return {
    address: instance.Endpoint?.Address ?? '',
    port: instance.Endpoint?.Port ?? 5432,
    lastReplayedAt: tagValue(instance.TagList, LAST_REPLAYED) ?? null,
  };
}

function targetOf(input: PromoteReplica, instance: DBInstance): DatabaseTarget {
  const { address: host, port } = outputOf(instance);
  return { host, port, database: input.databaseName, credentials: input.credentials };
}

function factsOf(instance: DBInstance) {
  return {
    status: statusOf(instance),
    source: sourceOf(instance),
    replication: replicationOf(instance),
    backupRetentionDays: instance.BackupRetentionPeriod ?? 0,
  };
}

function callsOf(input: PromoteReplica): PlannedCall[] {
  const call = { service: 'rds', region: input.region, target: input.databaseId };
  return [
    { ...call, action: 'AddTagsToResource' },
    {
      ...call,
      action: 'PromoteReadReplica',
      parameters: { BackupRetentionPeriod: input.backupRetentionDays },
    },
  ];
}
