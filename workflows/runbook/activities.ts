import { proxyActivities } from '@temporalio/workflow';
import type { ActivityInterfaceFor, ActivityOptions } from '@temporalio/workflow';
import type { KitActivities, StepActivity } from './admission';
import type { RunPolicy } from './policy';
import type { Counted } from './step';

/** A dead worker is noticed after this long unless the policy says otherwise: every activity of ours heartbeats by itself. */
const DEAD_AFTER_SECONDS = 10;
/** How long one look of a wait may take where its contract says nothing. */
const ATTEMPT_SECONDS = 60;

/**
 * The kit's own activities.
 * @param budgetSeconds for each with all its retries; ten minutes unless told
 */
export function kitActivities(budgetSeconds = 600): ActivityInterfaceFor<KitActivities> {
  return proxyActivities<KitActivities>({
    startToCloseTimeout: '30s',
    scheduleToCloseTimeout: budgetSeconds * 1000,
    heartbeatTimeout: `${DEAD_AFTER_SECONDS}s`,
    cancellationType: 'WAIT_CANCELLATION_COMPLETED',
    retry: { initialInterval: '500ms', backoffCoefficient: 2, maximumInterval: '10s' },
  });
}

/** How an activity of a step is carried out: what to call, its budget, and what the UI's timeline says. */
export interface Work {
  readonly type: string;
  readonly summary: string;
  readonly budgetSeconds: number;
  /** A wait looks again at its own pace; the others back off. */
  readonly wait: boolean;
  /** Only looks, and may be left to end by itself: a cancel is not held up by it. */
  readonly canBeLeft?: boolean;
  /** Of a wait: how long one look may take. */
  readonly attemptSeconds?: number | undefined;
}

/** Calls one activity of a step or observation with the budget that the policy gives it. */
export async function callActivity<T>(policy: RunPolicy, work: Work, call: unknown): Promise<Counted<T>> {
  const budget = Math.max(1, Math.round(work.budgetSeconds * 1000));
  const options: ActivityOptions = {
    scheduleToCloseTimeout: budget,
    startToCloseTimeout: work.wait
      ? Math.min(budget, (work.attemptSeconds ?? ATTEMPT_SECONDS) * 1000)
      : budget,
    heartbeatTimeout: (policy.worker?.deadAfterSeconds ?? DEAD_AFTER_SECONDS) * 1000,
    // An undo must never overtake the call that it takes back: a cancel waits for the attempt's own end.
    cancellationType: work.canBeLeft === true ? 'TRY_CANCEL' : 'WAIT_CANCELLATION_COMPLETED',
    summary: work.summary.slice(0, 200),
    retry: work.wait
      ? { initialInterval: Math.max(1, policy.polling.fastestSeconds * 1000), backoffCoefficient: 1 }
      : {
          initialInterval: Math.max(1, (policy.polling.fastestSeconds * 1000) / 4),
          backoffCoefficient: 2,
          maximumInterval: Math.max(1, policy.polling.slowestSeconds * 1000),
        },
  };
  const activities = proxyActivities<Record<string, StepActivity>>(options);
  const activity = activities[work.type];
  if (activity === undefined) throw new Error(`no activity ${work.type}`);
  return (await activity(call)) as Counted<T>;
}
