import { WorkflowUpdateFailedError } from '@temporalio/client';

/** Why an update was refused, in the words that its sender reads; for `.catch`. */
export function refusalOf(error: unknown): string {
  return error instanceof WorkflowUpdateFailedError ? String(error.cause?.message) : String(error);
}
