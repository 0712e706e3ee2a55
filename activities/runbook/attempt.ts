import { activityInfo, cancellationSignal, heartbeat } from '@temporalio/activity';
import type { CallCount, Counted, StepContext } from '../../workflows/runbook/step';
import { inCallScope } from './call-scope';
import type { OutgoingCall } from './call-scope';
import type { LeaseKeeper } from './lease';

const HEARTBEAT_MILLISECONDS = 2000;

/**
 * Carries out one attempt of an activity: heartbeats by itself, so that a dead worker is noticed in seconds; counts
 * the calls, over all attempts (former attempts hand their count on in the heartbeat); and confirms the lease before the
 * first mutating call and again when the confirmation has aged.
 */
export async function attempt<T>(
  lease: LeaseKeeper,
  context: StepContext,
  work: () => Promise<T>,
): Promise<Counted<T>> {
  const meter = new CallMeter(activityInfo().heartbeatDetails);
  const beat = (): void => heartbeat(meter.count);
  beat();
  const timer = setInterval(beat, HEARTBEAT_MILLISECONDS);
  try {
    const value = await inCallScope(
      {
        signal: cancellationSignal(),
        count: (call) => meter.add(call),
        confirmLease: () => lease.confirm(context),
      },
      work,
    );
    return { value, calls: meter.count };
  } finally {
    clearInterval(timer);
    beat();
  }
}

class CallMeter {
  private total = 0;
  private mutating = 0;
  private readonly byRegion = new Map<string, number>();

  constructor(former: unknown) {
    if (!isCallCount(former)) return;
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

function isCallCount(value: unknown): value is CallCount {
  return typeof value === 'object' && value !== null && 'total' in value && 'byRegion' in value;
}
