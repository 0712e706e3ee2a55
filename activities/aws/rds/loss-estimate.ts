import { setTimeout as sleep } from 'node:timers/promises';

import type { DBInstance } from '@aws-sdk/client-rds';

import { locateSource } from '../../../workflows/plan/replica-source';
import type { StepContext } from '../../../workflows/runbook/step';
import type { Dependencies } from '../../dependencies';
import { observe } from '../observe';
import { acceptSilenceInPlan } from '../silence';
import type { ReplayState } from './database-session';
import { sourceOf, statusOf } from './database-status';
import { findDatabase } from './find-database';
import { currentLag, lagBeforeOutage, tenths } from './replica-lag';
import type { LagPoint } from './replica-lag';

/** How many seconds of commits a promotion now would lose, and how we know. */
export interface LossEstimate {
  /** Null: unknown. */
  readonly seconds: number | null;
  readonly basis: string;
}

/**
 * Picks the figure to show and to gate. In this order: what the standby itself has heard; the metric of now, while
 * replication runs; while it does not but the source lives, the time since the last replayed commit; the last figure
 * before the outage, when the source does not live. `sourceAlive` is asked only if its answer matters.
 */
export async function estimateLoss(o: {
  readonly replay: ReplayState | undefined;
  /** Status of StatusInfos "read replication"; null where RDS tells none. */
  readonly replication: string | null;
  readonly points: readonly LagPoint[];
  readonly limitSeconds: number;
  readonly sourceAlive: () => Promise<boolean>;
  /** Epoch milliseconds. */
  readonly now: number;
}): Promise<LossEstimate> {
  const heard = o.replay?.caughtUpSecondsAgo ?? null;
  if (heard !== null && heard <= o.limitSeconds) {
    return { seconds: tenths(heard), basis: 'the standby has replayed all that its source announced' };
  }
  const runs = o.replication === null || o.replication === 'replicating';
  const current = runs ? currentLag(o.points, o.now).seconds : null;
  const metric = { seconds: current, basis: 'ReplicaLag, highest of the last points' };
  if (current !== null && current <= o.limitSeconds) return metric;

  const lastReplayedAt = o.replay?.lastReplayedAt ?? null;
  if (await o.sourceAlive()) {
    // It may still commit what the replica does not get: an old figure would be too good.
    if (current !== null) return metric;
    return {
      seconds:
        lastReplayedAt === null ? null : tenths(Math.max(0, (o.now - Date.parse(lastReplayedAt)) / 1000)),
      basis: `the source may live, replication does not (${o.replication ?? 'no fresh ReplicaLag'}); last replayed commit: ${lastReplayedAt ?? 'unknown'}`,
    };
  }
  const before = lagBeforeOutage(o.points, lastReplayedAt);
  return before === undefined
    ? { seconds: null, basis: 'the metric ReplicaLag has no point from before the outage' }
    : {
        seconds: tenths(before.seconds),
        basis: `ReplicaLag of ${new Date(before.at).toISOString()}, the last while replication lived`,
      };
}

/** Longest time that the question may take, seconds: it is asked while users wait for the failover. */
const ALIVE_WITHIN_SECONDS = 5;

/**
 * Whether the source of a replica may be up. No answer within seconds counts as not alive; an answer that tells nothing
 * (an error, a refusal) as alive, because that never makes the loss look smaller than it is.
 */
export async function isSourceAlive(
  dependencies: Dependencies,
  region: string,
  replica: DBInstance,
  context: StepContext,
): Promise<boolean> {
  const source = sourceOf(replica);
  if (source === null) return false;
  const place = locateSource(source, region);
  const look = () => acceptSilenceInPlan(context, () => findDatabase(dependencies, place.region, place.id));
  const answer = observe(look).then((found) => {
    if (found.state !== 'known') return found.state === 'unknown';
    return (
      found.value !== undefined && ['available', 'backing-up', 'modifying'].includes(statusOf(found.value))
    );
  });
  const limit = new AbortController();
  const late = sleep(ALIVE_WITHIN_SECONDS * 1000, false, { signal: limit.signal }).catch(() => false);
  // Whoever loses the race must not fail on its own later.
  answer.catch(() => undefined);
  try {
    return await Promise.race([answer, late]);
  } finally {
    limit.abort();
  }
}
