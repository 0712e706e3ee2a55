import { Context } from '@temporalio/activity';
import { timeLeft } from '../runbook/time-left';

/**
 * Called when an attempt begins. @returns tells how long an answer may be waited for from then on, seconds: until shortly
 * before the attempt is given up, so that what it brings still gets into the run's history. Undefined where nothing limits it.
 */
export function answerTime(): () => number | undefined {
  const startedAt = performance.now();
  const limit = limitMilliseconds();
  return () => {
    const left = limit - (performance.now() - startedAt);
    // Never nothing: what may still be sent at all has been decided before.
    return Number.isFinite(left) ? Math.max(0.1, Math.floor(left / 100) / 10) : undefined;
  };
}

/** In the middle between the last moment for a change and the end: a call of that moment has some time as well. */
function limitMilliseconds(): number {
  try {
    const { milliseconds, toChange } = timeLeft(Context.current().info);
    return (milliseconds + toChange) / 2;
  } catch {
    return Infinity;
  }
}
