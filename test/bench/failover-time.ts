import { delayFor } from '../../activities/aws/pace';
import { STEP_CONTRACTS } from '../../lab/world/step-contracts';
import type { RunState } from '../../workflows/runbook/state';
import { attributeTime } from './attribute-time';
import type { Interval, Use } from './attribute-time';
import type { ActivitySpan, HistoryFigures } from './history';
import { round } from './row';
import type { SeenWait } from './watch-waits';

/** Steps that are the application's own work: commands on hosts, git through the service, SQL. */
const APPLICATION =
  /^(mountHome|smokeTest|verifyService|rebuildSearch|checkMirrors|countLostPushes|proveFence)\./;

/** The polling of the policy's defaults, against AWS itself. */
interface PollingBounds {
  readonly fastestSeconds: number;
  readonly slowestSeconds: number;
}

/** Contract's name of a step, e.g. of `startNode.2`. */
export function contractOf(step: string): string {
  return step.replace(/\.\d+$/, '');
}

/** What the contracts say that a step takes against AWS, seconds by contract. */
export const CONTRACT_EXPECTED: Readonly<Record<string, number>> = Object.fromEntries(
  STEP_CONTRACTS.map(({ name, expectedSeconds }) => [name, expectedSeconds]),
);

interface Pacing {
  readonly scale: number;
  readonly polling: PollingBounds;
  /** As the policy has it against AWS, seconds by contract. */
  readonly expected: Readonly<Record<string, number>>;
}

export interface FailoverTime {
  /** Real milliseconds per use, from start to end. */
  readonly spent: Readonly<Record<Use, number>>;
  /** As measured, the waits shortened by the scale. */
  readonly asRun: TimeRatio;
  /** Waits and the pace of looking at them at their own length, everything else as it was. */
  readonly atAwsPace: TimeRatio;
  /** Of it: how long after each effect the pace looks next, seconds. */
  readonly paceSeconds: number;
  /** Of it: by how much a look came later than the pace wanted it, seconds. */
  readonly lateSeconds: number;
}

interface TimeRatio {
  readonly wallSeconds: number;
  readonly criticalSeconds: number;
  readonly ratio: number;
}

/** Holds the run's time against what AWS and the application needed of it; the method is in docs/benchmark.md. */
export function failoverTime(
  history: HistoryFigures,
  state: RunState,
  waits: readonly SeenWait[],
  pacing: Pacing,
): FailoverTime {
  const { scale } = pacing;
  const intervals: Interval[] = [
    ...state.asks.map(({ openedAt, closedAt }) => ({
      use: 'people' as const,
      from: Date.parse(openedAt),
      to: Date.parse(closedAt ?? openedAt),
    })),
    ...waits.map(({ from, to }) => ({ use: 'emulated' as const, from, to })),
    ...history.activitySpans.flatMap(usesOf),
  ];
  const spent = attributeTime(intervals, { from: history.startedAt, to: history.endedAt });
  const pace = waits.reduce((sum, wait) => sum + paceLag(wait, pacing), 0) * 1000;
  const late = Math.max(0, spent.polling - pace / scale);
  const rest = spent.calls + spent.temporal;
  return {
    spent,
    asRun: ratioOf(spent.emulated + spent.application, spent.polling + rest),
    atAwsPace: ratioOf(spent.emulated * scale + spent.application, pace + late + rest),
    paceSeconds: round(pace / 1000, 1),
    lateSeconds: round(late / 1000, 1),
  };
}

/** Seconds from the effect to the next look, by the pace that the worker itself uses, without its jitter. */
function paceLag(
  { definition, from, to }: Pick<SeenWait, 'definition' | 'from' | 'to'>,
  { scale, polling, expected }: Pacing,
): number {
  const duration = ((to - from) * scale) / 1000;
  const expectedSeconds = expected[contractOf(definition.step)] ?? 0;
  const next = (elapsed: number): number =>
    definition.looksEverySeconds ?? delayFor({ expectedSeconds, ...polling }, elapsed, () => 0.5);
  let elapsed = 0;
  while (elapsed < duration) elapsed += next(elapsed);
  return elapsed - duration;
}

function ratioOf(critical: number, overhead: number): TimeRatio {
  const wall = critical + overhead;
  return {
    wallSeconds: round(wall / 1000, 1),
    criticalSeconds: round(critical / 1000, 1),
    ratio: round(wall / critical),
  };
}

function usesOf({ type, scheduledAt, startedAt, closedAt, attempts }: ActivitySpan): readonly Interval[] {
  const use = APPLICATION.test(type) && !type.endsWith('.check') ? 'application' : 'calls';
  return [
    { use, from: startedAt, to: closedAt },
    ...(attempts > 1 ? [{ use: 'polling' as const, from: scheduledAt, to: startedAt }] : []),
  ];
}
