import { IDLE_SECONDS, secondsBeforeIncident } from '../../../workflows/plan/data-loss';
import type { ReplayState } from './database-session';
import { currentLag, lagBeforeOutage, replayedByMetric, tenths } from './replica-lag';
import type { LagPoint } from './replica-lag';
import type { SourceState } from './source-state';

/** How many seconds of commits a promotion now would lose, and how we know. */
export interface LossEstimate {
  /** Null: unknown. */
  readonly seconds: number | null;
  readonly basis: string;
  /** Given where the figure counts up to the incident and is the most that can be lost: that moment, ISO 8601. */
  readonly countedTo?: string;
}

/** From what a loss is estimated. */
interface Evidence {
  readonly replay: ReplayState | undefined;
  /** Status of StatusInfos "read replication"; null where RDS tells none. */
  readonly replication: string | null;
  readonly points: readonly LagPoint[];
  readonly limitSeconds: number;
  /** ISO 8601; absent in runs of earlier code. */
  readonly incidentStartedAt?: string | undefined;
}

/**
 * Picks the figure to show and to gate. In this order: what the standby itself has heard; the metric of now, while
 * replication runs; while it does not but the source may commit, the time since the last replayed commit; otherwise the
 * last figure before the outage, unless replication stood still before the incident already. `lookAtSource` is asked
 * only if its answer matters.
 */
export async function estimateLoss(
  o: Evidence & {
    readonly lookAtSource: () => Promise<SourceState>;
    /** Epoch milliseconds. */
    readonly now: number;
  },
): Promise<LossEstimate> {
  const heard = o.replay?.caughtUpSecondsAgo ?? null;
  if (heard !== null && heard <= o.limitSeconds) {
    return { seconds: tenths(heard), basis: 'the standby has replayed all that its source announced' };
  }
  const current = isRunning(o.replication) ? currentLag(o.points, o.now).seconds : null;
  const metric = { seconds: current, basis: 'ReplicaLag, highest of the last points' };
  if (current !== null && current <= o.limitSeconds) return metric;

  const source = await o.lookAtSource();
  if (source !== 'mayCommit') return lossOfLostSource(o, source);
  // It may still commit what the replica does not get: an old figure would be too good.
  if (current !== null) return metric;
  const lastReplayedAt = o.replay?.lastReplayedAt ?? null;
  return {
    seconds:
      lastReplayedAt === null ? null : tenths(Math.max(0, (o.now - Date.parse(lastReplayedAt)) / 1000)),
    basis: `the source may live, replication does not (${o.replication ?? 'no fresh ReplicaLag'}); last replayed commit: ${lastReplayedAt ?? 'unknown'}`,
  };
}

/**
 * The lag from before the outage is the loss only if replication lived until then. When the last replayed commit is
 * older than the incident by more than the limit and what an idle source explains, it did not: then all from that commit
 * to the incident may be lost. Not to now: a consent has to hold until the promotion, and that a silent source may go on
 * committing is what the consent to the unproven fence is about.
 */
function lossOfLostSource(o: Evidence, source: 'down' | 'silent'): LossEstimate {
  const known = o.replay?.lastReplayedAt ?? null;
  const before = lagBeforeOutage(o.points, known);
  const { incidentStartedAt: incident } = o;
  const replayed = known ?? replayedByMetric(o.points);
  const stood = replayed === null || incident === undefined ? 0 : secondsBeforeIncident(replayed, incident);
  // Without any other figure there is nothing that an idle source would have to excuse.
  const excused = before === undefined ? 0 : IDLE_SECONDS;
  const besides = [
    ...(isRunning(o.replication) ? [] : [`replication is ${o.replication}`]),
    ...(source === 'silent'
      ? ['whether the source still commits cannot be seen; if it does, that is lost as well']
      : []),
  ];
  const told = (...words: string[]): string => [...words, ...besides].join('; ');
  if (incident !== undefined && stood > o.limitSeconds + excused) {
    return {
      seconds: tenths(Math.max(stood, before?.seconds ?? 0)),
      basis: told(`from the last replayed commit (${replayed}) to the incident (${incident})`),
      countedTo: incident,
    };
  }
  if (before === undefined) {
    return { seconds: null, basis: told('the metric ReplicaLag has no point from before the outage') };
  }
  const at = new Date(before.at).toISOString();
  return {
    seconds: tenths(before.seconds),
    basis: told(`ReplicaLag of ${at}, the last while replication lived`),
  };
}

/** Where RDS tells nothing of it, the metric alone decides. */
function isRunning(replication: string | null): boolean {
  return replication === null || replication === 'replicating';
}
