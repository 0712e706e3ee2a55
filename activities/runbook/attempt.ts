import { activityInfo, cancellationSignal, heartbeat } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import type { CallCount, Counted, StepContext } from '../../workflows/runbook/step';
import { NO_CALLS } from '../../workflows/runbook/state';
import { needsPerson, outOfTime } from '../errors';
import { inCallScope } from './call-scope';
import type { OutgoingCall } from './call-scope';
import type { LeaseKeeper } from './lease';
import { timeLeft } from './time-left';

/** So many heartbeats fit into the time after which this worker would count as dead. */
const BEATS = 5;
/** Where the activity was scheduled without such a time. */
const DEFAULT_TIMEOUT_MILLISECONDS = 10_000;
/** So many attempts may fail for unclassified reasons before people are asked; waiting for a state is no failure. */
const FAULTS = 8;

/** A timer takes no longer time: about three weeks. */
const LONGEST_TIMER_MILLISECONDS = 2 ** 31 - 1;

/** What one attempt hands on to the next, in the heartbeat. */
interface HandedOn {
  readonly calls: CallCount;
  readonly faults: number;
  /** See `remember`. */
  readonly notes?: Readonly<Record<string, unknown>>;
}

/**
 * Carries out one attempt of an activity: heartbeats by itself, so that a dead worker is noticed in seconds; counts
 * the calls, over all attempts (former attempts hand their count on in the heartbeat); confirms the lease before each
 * mutating call; and changes nothing more when its time is over. For then the server does not wait for this attempt: the
 * workflow goes on, and an undo, or a second run of the step, must not be overtaken by a call of the first.
 */
export async function attempt<T>(
  lease: LeaseKeeper,
  context: StepContext,
  patience: 'bounded' | 'untilDeadline',
  work: () => Promise<T>,
): Promise<Counted<T>> {
  const startedAt = performance.now();
  const info = activityInfo();
  const former = readHandedOn(info.heartbeatDetails);
  const meter = new CallMeter(former.calls);
  let { faults } = former;
  const notes = { ...former.notes };
  const beat = (): void => heartbeat({ calls: meter.count, faults, notes } satisfies HandedOn);
  beat();
  const timer = setInterval(beat, (info.heartbeatTimeoutMs ?? DEFAULT_TIMEOUT_MILLISECONDS) / BEATS);
  const left = timeLeft(info);
  const over = new AbortController();
  const end = setTimeout(() => over.abort(), Math.min(left.milliseconds, LONGEST_TIMER_MILLISECONDS));
  const signal = AbortSignal.any([cancellationSignal(), over.signal]);
  try {
    const value = await inCallScope(
      {
        signal,
        count: (call) => meter.add(call),
        confirmLease: () => lease.confirm(context),
        confirmTime: ({ service, action }) => {
          if (performance.now() - startedAt < left.toChange) return;
          throw outOfTime(`${service} ${action} was not called: the time of ${context.step} is over`);
        },
        notes,
      },
      work,
    );
    return { value, calls: meter.count };
  } catch (error) {
    if (error instanceof ApplicationFailure || signal.aborted) throw error;
    faults += 1;
    if (patience === 'untilDeadline' || faults < FAULTS) throw error;
    throw needsPerson(
      `failed ${faults} times, at last: ${error instanceof Error ? error.message : String(error)}`,
      error,
    );
  } finally {
    clearInterval(timer);
    clearTimeout(end);
    beat();
  }
}

class CallMeter {
  private total = 0;
  private mutating = 0;
  private readonly byRegion = new Map<string, number>();

  constructor(former: CallCount) {
    this.total = former.total;
    this.mutating = former.mutating;
    for (const [region, count] of Object.entries(former.byRegion)) this.byRegion.set(region, count);
  }

  add(call: OutgoingCall): void {
    this.total += 1;
    if (call.mutating) this.mutating += 1;
    if (call.region !== undefined) this.byRegion.set(call.region, (this.byRegion.get(call.region) ?? 0) + 1);
  }

  get count(): CallCount {
    return { total: this.total, mutating: this.mutating, byRegion: Object.fromEntries(this.byRegion) };
  }
}

function readHandedOn(details: unknown): HandedOn {
  const known = typeof details === 'object' && details !== null && 'calls' in details && 'faults' in details;
  return known ? (details as HandedOn) : { calls: NO_CALLS, faults: 0 };
}
