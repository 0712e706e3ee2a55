import type { Credentials } from '../plan/instance';
import { defineStep } from '../runbook/step';

/** Nodes that are asked directly, in turn until one answers, and as whom. */
interface Maintenance {
  readonly nodes: readonly string[];
  readonly administrator: Credentials;
}

export type LockBitbucket = Maintenance;

export interface MaintenanceLock {
  /** Never shown: in the run's history only, for without it only a restart of all nodes ends the lock. */
  readonly unlockToken: string;
}

/**
 * Locks the instance for maintenance; users see a page that says so [B §6]. Returns at once, so that the token is kept
 * before anything else happens. A lock of somebody else is a problem, and is never taken away. Undo unlocks.
 */
export const lockBitbucket = defineStep<LockBitbucket, MaintenanceLock>({
  name: 'lockBitbucket',
  title: 'Lock Bitbucket for maintenance',
  risk: 'reversible',
  deadlineSeconds: 120,
  expectedSeconds: 3,
});

export interface DrainBitbucket extends Maintenance, MaintenanceLock {
  /** Running requests may take so long to end, seconds. */
  readonly limitSeconds: number;
}

/** Starts the external backup and waits until database and git are drained. Undo cancels it. */
export const drainBitbucket = defineStep<DrainBitbucket, { readonly cancelToken: string }>({
  name: 'drainBitbucket',
  title: 'Wait until running requests have ended',
  risk: 'reversible',
  deadlineSeconds: 3600,
  expectedSeconds: 30,
});

export interface UnlockBitbucket extends Maintenance, MaintenanceLock {}

/** Ends the external backup and the lock, and proves that the nodes serve again. */
export const unlockBitbucket = defineStep<UnlockBitbucket, { readonly unlocked: boolean }>({
  name: 'unlockBitbucket',
  title: 'Unlock Bitbucket',
  risk: 'reversible',
  deadlineSeconds: 600,
  expectedSeconds: 5,
});
