/** The members of an activity's info that say how long its attempt may take, milliseconds; the stamps are the server's. */
export interface AttemptTimes {
  readonly scheduledTimestampMs: number;
  readonly currentAttemptScheduledTimestampMs: number;
  readonly scheduleToCloseTimeoutMs: number;
  readonly startToCloseTimeoutMs: number;
}

/** How long a call may take: the time limit of a request to AWS unless told otherwise. */
const CALL_MILLISECONDS = 10_000;
/** Where the whole budget is short, so much of it is kept for the last call. */
const SHORT_BUDGET_PART = 4;

/**
 * How long an attempt lasts from its start: until the server gives it up, and, somewhat earlier, until it must send no
 * further change. Stamps are only compared with each other: the worker's own clock may be wrong, and may jump. What the
 * attempt has waited for a free worker is not known, and not counted. Pure.
 */
export function timeLeft(times: AttemptTimes): { readonly milliseconds: number; readonly toChange: number } {
  const limit = (timeout: number): number => (timeout > 0 ? timeout : Infinity);
  const whole = limit(times.scheduleToCloseTimeoutMs);
  const own = limit(times.startToCloseTimeoutMs);
  const formerAttempts = Math.max(0, times.currentAttemptScheduledTimestampMs - times.scheduledTimestampMs);
  const milliseconds = Math.max(0, Math.min(own, whole - formerAttempts));
  const margin = Math.min(CALL_MILLISECONDS, Math.min(own, whole) / SHORT_BUDGET_PART);
  return { milliseconds, toChange: Math.max(0, milliseconds - margin) };
}
