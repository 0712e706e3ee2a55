import { ApplicationFailure } from '@temporalio/workflow';

/**
 * A message that is not accepted, as the failure of its update. It carries no stack trace: the Temporal UI would show it
 * to whoever sent the message, and it says nothing to them.
 */
export function refusal(why: string, type: 'DecisionRefused' | 'HoldRefused'): ApplicationFailure {
  const failure = ApplicationFailure.nonRetryable(why, type);
  failure.stack = '';
  return failure;
}
