import { activityInfo, cancellationSignal, heartbeat } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import type { CallCount, Counted, StepContext } from '../../workflows/runbook/step';
import { NO_CALLS } from '../../workflows/runbook/state';
import { needsPerson } from '../errors';
import { inCallScope } from './call-scope';
import type { OutgoingCall } from './call-scope';
import type { LeaseKeeper } from './lease';

/** So many heartbeats fit into the time after which this worker would count as dead. */
const BEATS = 5;
/** Where the activity was scheduled without such a time. */
const DEFAULT_TIMEOUT_MILLISECONDS = 10_000;
/** So many attempts may fail for unclassified reasons before people are asked; waiting for a state is no failure. */
const FAULTS = 8;

/** What one attempt hands on to the next, in the heartbeat. */
interface HandedOn {
  readonly calls: CallCount;
  readonly faults: number;
  /** See `remember`. */
  readonly notes?: Readonly<Record<string, unknown>>;
}

/**
 * Carries out one attempt of an activity: heartbeats by itself, so that a dead worker is noticed in seconds; counts
 * the calls, over all attempts (former attempts hand their count on in the heartbeat); and confirms the lease before
 * each mutating call.
 */
export async function attempt<T>(
  lease: LeaseKeeper,
  context: StepContext,
  patience: 'bounded' | 'untilDeadline',
  work: () => Promise<T>,
): Promise<Counted<T>> {
  const info = activityInfo();
  const former = readHandedOn(info.heartbeatDetails);
  const meter = new CallMeter(former.calls);
  let { faults } = former;
  const notes = { ...former.notes };
  const beat = (): void => heartbeat({ calls: meter.count, faults, notes } satisfies HandedOn);
  beat();
  const timer = setInterval(beat, (info.heartbeatTimeoutMs ?? DEFAULT_TIMEOUT_MILLISECONDS) / BEATS);
  try {
    const value = await inCallScope(
      {
        signal: cancellationSignal(),
        count: (call) => meter.add(call),
        confirmLease: () => lease.confirm(context),
        notes,
      },
      work,
    );
    return { value, calls: meter.count };
  } catch (error) {
    if (error instanceof ApplicationFailure || cancellationSignal().aborted) throw error;
    faults += 1;
    if (patience === 'untilDeadline' || faults < FAULTS) throw error;
    throw needsPerson(
      `failed ${faults} times, at last: ${error instanceof Error ? error.message : String(error)}`,
      error,
    );
  } finally {
    clearInterval(timer);
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
