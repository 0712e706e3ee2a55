import { defineQuery, defineSignal, defineUpdate } from '@temporalio/workflow';

/** Messages of the workflow `instanceLease`, one per instance under the id `lease/<instance>`. Times are ISO 8601. */
export interface LeaseHolder {
  readonly workflowId: string;
  readonly runId: string;
  readonly runbook: string;
  readonly token: number;
  readonly since: string;
  /** An emergency is never asked to let go. */
  readonly emergency: boolean;
}

/** A run that waits its turn. */
export interface LeaseWaiter {
  readonly workflowId: string;
  readonly runId: string;
  readonly runbook: string;
  readonly emergency: boolean;
  /** Since when it waits: first come, first served; emergencies before all others. */
  readonly since: string;
  /** When it asked last: one that has stopped asking loses its place. */
  readonly askedAt: string;
}

/** The emergency for which the holder of the lease was asked to let go. */
interface LeaseWish extends LeaseWaiter {
  /** Token of the holder whose letting go people consented to; absent in wishes of older code. */
  readonly consented?: number;
}

type LeaseEventKind =
  'granted' | 'replaced' | 'released' | 'preempting' | 'broken' | 'blocked' | 'acknowledged';

/** Something that happened to the lease, for the auditor. */
export interface LeaseEvent {
  readonly at: string;
  readonly kind: LeaseEventKind;
  /** Workflow id of the run, or name of the person. */
  readonly who: string;
  readonly note: string;
}

export interface LeaseState {
  readonly instance: string;
  readonly holder: LeaseHolder | null;
  /** The highest fencing token ever granted. */
  readonly token: number;
  readonly waiting: readonly LeaseWaiter[];
  /** The emergency for which the present holder was asked to let go. */
  readonly preemptedBy: LeaseWish | null;
  /** Until then, starts that no person asked for are refused; null = not blocked. */
  readonly blockedUntil: string | null;
  readonly blockedBy: string | null;
  /** Run id of the emergency for which a holder was asked to let go: no block holds it up. */
  readonly promisedTo: string | null;
  /** The last ones, newest last. */
  readonly events: readonly LeaseEvent[];
}

export interface Acquire {
  readonly workflowId: string;
  readonly runId: string;
  readonly runbook: string;
  readonly trigger: string;
  readonly emergency: boolean;
  /** No block after a recovery is for it. Requests of older code lack it. */
  readonly onlyAdds?: boolean;
  /** Since when the run wants the lease. */
  readonly since: string;
  /** Take a place in the queue when it is held. */
  readonly queue: boolean;
  /** Ask the holder to let go at its nearest safe point. */
  readonly preempt: boolean;
  /**
   * With `preempt`: token of the holder whose letting go people consented to. Another one is left alone. Requests of
   * older code lack it: they mean whoever holds the lease.
   */
  readonly consented?: number;
  /** Run id of the execution that the asking one continues: it takes over what that one holds. */
  readonly continues?: string;
  /** The holder that was found closed and may be replaced: named by run id. */
  readonly deadHolder?: string;
}

/** Why no automatic start gets the lease. */
export interface Block {
  readonly blockedUntil: string;
  readonly blockedBy: string;
}

export type Acquired =
  | { readonly granted: true; readonly token: number }
  /** `block`: what would keep the run from the lease also when nobody held it. */
  | { readonly granted: false; readonly holder: LeaseHolder; readonly block?: Block }
  | { readonly granted: false; readonly ahead: LeaseWaiter }
  | ({ readonly granted: false } & Block);

export interface Release {
  readonly runId: string;
  /** Null: the run has given up waiting; it may have been granted the lease without hearing of it. */
  readonly token: number | null;
  readonly blockSeconds: number;
}

/** A person's word on a lease: lifting a block, or taking the lease from its holder. */
export interface LeaseWord {
  readonly actor: string;
  readonly note: string;
}

/** Sent to the holder's workflow: an emergency needs the instance. */
export interface LetGo {
  readonly workflowId: string;
  readonly runbook: string;
}

/** `trigger` of a run that another one has left behind: what was approved goes on, whatever is blocked or frozen. */
export const CONTINUATION = 'continuation';

export const acquire = defineUpdate<Acquired, [Acquire]>('acquire');
export const release = defineUpdate<LeaseState, [Release]>('release');
export const acknowledge = defineUpdate<LeaseState, [LeaseWord]>('acknowledge');
export const breakLease = defineUpdate<LeaseState, [LeaseWord]>('break');
export const lease = defineQuery<LeaseState>('lease');
export const letGo = defineSignal<[LetGo]>('letGo');

/** @param held what a lease is for: an instance, or a part of it by `leaseName` */
export function leaseWorkflowId(held: string): string {
  return `lease/${held}`;
}

/** What a run takes the lease of: the whole instance, or the part that is all it touches, e.g. `bitbucket-prod/drill`. */
export function leaseName(instance: string, part: string | undefined): string {
  return part === undefined ? instance : `${instance}/${part}`;
}
