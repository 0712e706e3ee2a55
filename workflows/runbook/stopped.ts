import { ActivityFailure, ApplicationFailure, TimeoutFailure } from '@temporalio/workflow';
import type { RunState } from './state';
import type { Problem } from './step';

/** Why a run leaves its procedure before the end. Never crosses the workflow's border. */
export class RunStopped extends Error {
  constructor(
    readonly stop:
      | { readonly kind: 'refused'; readonly problems: readonly Problem[] }
      | { readonly kind: 'denied'; readonly why: string }
      /** `step`: id of the step because of which it was. `leftOut`: the policy or people let the run go on without that part. */
      | {
          readonly kind: 'aborted';
          readonly why: string;
          readonly step?: string | null;
          readonly leftOut?: true;
        }
      | { readonly kind: 'leaseLost'; readonly why: string }
      /** Let go for an emergency. `stands`: the state in which the runbook may be left; null = take back what was done. */
      | { readonly kind: 'preempted'; readonly why: string; readonly stands: string | null },
  ) {
    super(stop.kind);
  }
}

/** The stop of a run that lets go for an emergency. `stands` as in `RunStopped`. */
export function preempted(state: RunState, stands: string | null): RunStopped {
  const { workflowId = '', runbook = '' } = state.preemptedBy ?? {};
  return new RunStopped({ kind: 'preempted', why: `let go for ${runbook} (${workflowId})`, stands });
}

/** The `type` of the failure that an activity ended with, e.g. `Terminal`; null for other errors. */
export function failureType(error: unknown): string | null {
  const cause = error instanceof ActivityFailure ? error.cause : error;
  return cause instanceof ApplicationFailure ? (cause.type ?? null) : null;
}

/** One sentence on a failed activity, for the operator. */
export function describeFailure(error: unknown): string {
  if (!(error instanceof ActivityFailure)) return error instanceof Error ? error.message : String(error);
  const { cause } = error;
  if (cause instanceof TimeoutFailure) {
    const last = cause.cause instanceof Error ? `; last: ${cause.cause.message}` : '';
    return `no answer within the step's budget (${cause.timeoutType})${last}`;
  }
  if (cause instanceof ApplicationFailure) {
    return cause.type === 'NotYet' ? `not there within the step's budget: ${cause.message}` : cause.message;
  }
  return cause?.message ?? error.message;
}
