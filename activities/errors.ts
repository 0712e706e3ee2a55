import { ApplicationFailure, ApplicationFailureCategory } from '@temporalio/common';

/**
 * The classes into which every failure of the outside world is put, once, at its adapter [A §9]. Whatever is thrown
 * besides these counts as transient and is retried within the step's budget.
 */
type FailureType = 'NotYet' | 'InvalidInput' | 'Terminal' | 'NeedsPerson' | 'LeaseLost' | 'OutOfTime';

/** The effect is not there yet. `message` is a progress line: an operator reads it on the pending activity. */
export function notYet(message: string, delaySeconds: number): ApplicationFailure {
  return ApplicationFailure.create({
    message,
    type: 'NotYet',
    category: ApplicationFailureCategory.BENIGN,
    nextRetryDelay: Math.max(1, Math.round(delaySeconds * 1000)),
  });
}

/** The request itself is wrong; no retry helps. */
export function invalidInput(message: string): ApplicationFailure {
  return ApplicationFailure.nonRetryable(message, 'InvalidInput');
}

/** The world is in a state from which this step cannot succeed. Say what, where, the state now, what to do. */
export function terminal(message: string, cause?: unknown): ApplicationFailure {
  return failure('Terminal', message, cause);
}

/** A person can mend it (quota, permission, a broken resource), then `retry`. */
export function needsPerson(message: string, cause?: unknown): ApplicationFailure {
  return failure('NeedsPerson', message, cause);
}

/** Whether an adapter has found that only a person can mend it. */
export function needsPeople(error: unknown): boolean {
  return error instanceof ApplicationFailure && error.type === 'NeedsPerson';
}

export function leaseLost(message: string): ApplicationFailure {
  return failure('LeaseLost', message);
}

/** The attempt is about to be given up, and what follows it may begin at any moment. Passes with the next attempt. */
export function outOfTime(message: string): ApplicationFailure {
  return ApplicationFailure.create({ message, type: 'OutOfTime' satisfies FailureType });
}

/** Whether the call was refused by ourselves and never sent: that says nothing of the world. */
export function wasNotSent(error: unknown): boolean {
  return error instanceof ApplicationFailure && (error.type === 'LeaseLost' || error.type === 'OutOfTime');
}

function failure(type: FailureType, message: string, cause?: unknown): ApplicationFailure {
  return ApplicationFailure.create({
    message,
    type,
    nonRetryable: true,
    ...(cause instanceof Error ? { cause } : {}),
  });
}
