import { defineQuery, defineUpdate } from '@temporalio/workflow';

/** Messages of the workflow `instanceLease`, one per instance under the id `lease/<instance>`. */
export interface LeaseHolder {
  readonly workflowId: string;
  readonly runId: string;
  readonly runbook: string;
  readonly token: number;
  readonly since: string;
}

export interface LeaseState {
  readonly instance: string;
  readonly holder: LeaseHolder | null;
  /** The highest fencing token ever granted. */
  readonly token: number;
  /** Until then, starts that no person asked for are refused; null = not blocked. */
  readonly blockedUntil: string | null;
  readonly blockedBy: string | null;
}

export interface Acquire {
  readonly workflowId: string;
  readonly runId: string;
  readonly runbook: string;
  readonly trigger: string;
  /** The holder that was found closed and may be replaced: named by run id. */
  readonly deadHolder?: string;
}

export type Acquired =
  | { readonly granted: true; readonly token: number }
  | { readonly granted: false; readonly holder: LeaseHolder }
  | { readonly granted: false; readonly blockedUntil: string; readonly blockedBy: string };

export interface Release {
  readonly token: number;
  readonly blockSeconds: number;
}

export const acquire = defineUpdate<Acquired, [Acquire]>('acquire');
export const release = defineUpdate<LeaseState, [Release]>('release');
export const acknowledge = defineUpdate<LeaseState, [{ readonly actor: string; readonly note: string }]>(
  'acknowledge',
);
export const lease = defineQuery<LeaseState>('lease');

export function leaseWorkflowId(instance: string): string {
  return `lease/${instance}`;
}
