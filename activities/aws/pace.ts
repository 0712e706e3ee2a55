import { Context } from '@temporalio/activity';
import type { ApplicationFailure } from '@temporalio/common';

import type { Pace, StepContext } from '../../workflows/runbook/step';
import { notYet } from '../errors';

/** Before the expected end three quarters of the way to it, after it a third of the time by which it is overdue. */
const NEARER = 0.75;
const OVERDUE = 1 / 3;

/**
 * Seconds until the next look, within the pace's bounds: rarely while the expected end is far, often around it, and rarely
 * again when it is long overdue. Where the expectation is right within a twentieth a wait is looked at as often as the
 * SDK's waiters do, and its end is seen within a fiftieth of its length (docs/benchmark.md); where it is wrong, within the
 * slowest pace. A tenth of jitter keeps waits that started together from asking together [A §11.7].
 */
export function delayFor(pace: Pace, elapsedSeconds: number, random: () => number = Math.random): number {
  const left = pace.expectedSeconds - elapsedSeconds;
  const wanted = left > 0 ? left * NEARER : -left * OVERDUE;
  const bounded = Math.min(pace.slowestSeconds, Math.max(pace.fastestSeconds, wanted));
  return bounded * (0.9 + 0.2 * random());
}

/** Seconds since the activity was scheduled for the first time, over all its attempts; 0 outside an activity. */
export function elapsedSeconds(now = Date.now()): number {
  try {
    return Math.max(0, (now - Context.current().info.scheduledTimestampMs) / 1000);
  } catch {
    return 0;
  }
}

/**
 * Whether this is a repetition of an activity that said "not yet" before: an undo that waits in several attempts finds
 * the effect gone in the last one, and still has changed something.
 */
export function isRepeated(): boolean {
  return attemptNumber() > 1;
}

/** So long after a change reads of AWS may still show the time before it, seconds; documented are some [A §3.2]. */
const STALE_SECONDS = 60;

/**
 * Whether what this wait has just read may still show the time before our change: a `verify` begins milliseconds after
 * its `run`, and a read that lags is no reason to ask people. It is looked at again until this is false.
 */
export function mayBeStale(): boolean {
  return elapsedSeconds() < STALE_SECONDS;
}

/** Counted from 1; 1 outside an activity. */
export function attemptNumber(): number {
  try {
    return Context.current().info.attempt;
  } catch {
    return 1;
  }
}

/** "Not there yet" with the progress line that an operator reads, and the delay that fits the step's pace. */
export function lookAgain(progress: string, context: StepContext): ApplicationFailure {
  return notYet(progress, delayFor(context.pace, elapsedSeconds()));
}
