import { GetMetricDataCommand } from '@aws-sdk/client-cloudwatch';

import type { Dependencies } from '../../dependencies';
import { askAws } from '../errors';

/** One point of the metric `ReplicaLag`. */
export interface LagPoint {
  /** Epoch milliseconds. */
  readonly at: number;
  /** Seconds; −1 means that the replica was not replicating. */
  readonly seconds: number;
}

/** A newest point older than this says nothing about now; CloudWatch is minutes late as a rule [A §7]. */
const FRESH_SECONDS = 300;
/** The figure is the highest of so many last points. */
const POINTS = 5;
/** Distance of the metric's points, seconds. */
const PERIOD = 60;
const LOOK_BACK_SECONDS = 3 * 3600;

/** Points of the last three hours, oldest first. */
export async function readLagPoints(
  dependencies: Dependencies,
  region: string,
  databaseId: string,
  now = Date.now(),
): Promise<readonly LagPoint[]> {
  const reply = await askAws(
    { doing: 'read the metric ReplicaLag of', resource: `database ${databaseId}`, region },
    () =>
      dependencies.aws.cloudWatch(region).send(
        new GetMetricDataCommand({
          StartTime: new Date(now - LOOK_BACK_SECONDS * 1000),
          EndTime: new Date(now + PERIOD * 1000),
          ScanBy: 'TimestampDescending',
          MetricDataQueries: [
            {
              Id: 'lag',
              MetricStat: {
                Metric: {
                  Namespace: 'AWS/RDS',
                  MetricName: 'ReplicaLag',
                  Dimensions: [{ Name: 'DBInstanceIdentifier', Value: databaseId }],
                },
                Period: PERIOD,
                Stat: 'Maximum',
              },
            },
          ],
        }),
      ),
  );
  const result = reply.MetricDataResults?.[0];
  return (result?.Timestamps ?? [])
    .map((at, index) => ({ at: at.getTime(), seconds: result?.Values?.[index] ?? -1 }))
    .sort((a, b) => a.at - b.at);
}

/** To a tenth of a second: what is measured each minute is not known any better. */
export function tenths(seconds: number): number {
  return Math.round(seconds * 10) / 10;
}

export interface LagReading {
  /** Highest of the last points that say something, if the newest is fresh; null otherwise. */
  readonly seconds: number | null;
  /** Age of the newest point, seconds; null without points. */
  readonly ageSeconds: number | null;
}

/** What the metric says about now. A missing point and −1 are unknown, not zero [A §5.3]. */
export function currentLag(points: readonly LagPoint[], now = Date.now()): LagReading {
  const newest = points.at(-1);
  if (newest === undefined) return { seconds: null, ageSeconds: null };
  const ageSeconds = Math.max(0, (now - newest.at) / 1000);
  const recent = points.slice(-POINTS).filter((point) => point.seconds >= 0);
  const usable = newest.seconds >= 0 && ageSeconds <= FRESH_SECONDS;
  return {
    seconds: usable ? tenths(Math.max(...recent.map((point) => point.seconds))) : null,
    ageSeconds: tenths(ageSeconds),
  };
}

/**
 * A commit time that the replica has surely replayed, by the metric alone, ISO 8601: "now − commit time" was measured
 * when the point's period began or later. Null without points that say something.
 */
export function replayedByMetric(points: readonly LagPoint[]): string | null {
  const newest = points.findLast((point) => point.seconds >= 0);
  return newest === undefined ? null : new Date(newest.at - newest.seconds * 1000).toISOString();
}

/**
 * The lag right before the replica heard its source for the last time; undefined when no point tells. The metric of
 * PostgreSQL is "now − commit time of the last replayed transaction": it goes on growing when the source is dead. So
 * only a point that a later replay overtook was surely taken while replication lived; failing that, one not above the
 * metric's own period.
 */
export function lagBeforeOutage(
  points: readonly LagPoint[],
  lastReplayedAt: string | null,
): LagPoint | undefined {
  const known = points.filter((point) => point.seconds >= 0);
  const last = lastReplayedAt === null ? undefined : Date.parse(lastReplayedAt);
  // A point bears the time at which its period began; it may have been measured at the period's end.
  const replayedBy = (point: LagPoint): number => point.at + (PERIOD + 1 - point.seconds) * 1000;
  const overtaken = known.filter((point) => last !== undefined && replayedBy(point) < last);
  return overtaken.at(-1) ?? known.filter((point) => point.seconds <= PERIOD).at(-1);
}
