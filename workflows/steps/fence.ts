import type { FileServer, Site } from '../plan/instance';
import { defineStep } from '../runbook/step';

/**
 * Each fence step answers `proven`: true when the effect was seen. When the region cannot be reached, `check` reports
 * the problem `fenceUnproven` with consent `unprovenFence`, and `run`/`verify` return proven: false with the reason
 * instead of failing: the run decides what an unproven fence allows [B §13.1 #3].
 */
export interface FenceResult {
  readonly proven: boolean;
  readonly reason: string | null;
  /** Of the proof of a fence that was not set: the site answers, and can be fenced now. */
  readonly seenOpen?: boolean;
}

/** What was skipped may have been set or not: nobody has seen it. */
function skipped(what: string): FenceResult {
  return { proven: false, reason: `the step that was to ${what} was skipped` };
}

export interface FenceNodes {
  readonly site: string;
  readonly region: string;
  readonly autoScalingGroup: string;
}

/**
 * Sets the group's minimum, maximum and desired to 0, waits until no instance is left, and only then suspends Launch
 * (suspending Terminate earlier would keep the nodes alive). Undo resumes Launch and gives the numbers back.
 */
export const fenceNodes = defineStep<FenceNodes, FenceResult>({
  name: 'fenceNodes',
  title: 'Stop the nodes of the lost site and keep them stopped',
  risk: 'reversible',
  deadlineSeconds: 900,
  expectedSeconds: 180,
  whenSkipped: skipped('stop its nodes'),
});

export interface FenceHome {
  readonly site: string;
  readonly region: string;
  readonly fileServer: FileServer;
}

/** Withdraws the NFS export of the shared home on the file server, and makes that survive its reboot. Undo exports again. */
export const fenceHome = defineStep<FenceHome, FenceResult>({
  name: 'fenceHome',
  title: 'Withdraw the shared home of the lost site',
  risk: 'reversible',
  deadlineSeconds: 300,
  expectedSeconds: 10,
  whenSkipped: skipped('withdraw its home'),
});

export interface FenceDatabase {
  readonly site: string;
  readonly region: string;
  readonly databaseId: string;
}

/**
 * Removes the ingress rules of the security groups that the DB instance uses, so that no client gets through whatever
 * restarts it (stopping RDS is no fence, `aws.md` §11.3). The removed rules are kept in `before` for undo.
 */
export const fenceDatabase = defineStep<FenceDatabase, FenceResult>({
  name: 'fenceDatabase',
  title: 'Deny the database of the lost site',
  risk: 'reversible',
  deadlineSeconds: 300,
  expectedSeconds: 10,
  whenSkipped: skipped('deny its database'),
});

export interface DisableAutomation {
  readonly site: string;
  readonly region: string;
  readonly autoScalingGroup: string;
  readonly alarms: readonly string[];
}

/**
 * Suspends AlarmNotification, ScheduledActions, AZRebalance and ReplaceUnhealthy of the group and disables the actions
 * of the named alarms, so that nothing resumes by itself. Undo enables only what this step disabled.
 */
export const disableAutomation = defineStep<DisableAutomation, FenceResult>({
  name: 'disableAutomation',
  title: 'Disable the automation of the lost site',
  risk: 'reversible',
  deadlineSeconds: 300,
  expectedSeconds: 5,
  whenSkipped: skipped('disable its automation'),
});

export interface ProveFence {
  readonly site: Site;
  /** False: a part of the fence was given up because nobody answered. Waiting would be for nothing. */
  readonly set?: boolean;
}

/**
 * Looks whether the fence holds now: no node running and none to be started, none answering on its port, no ingress to the
 * database. `proven` only if each of these was seen.
 */
export const proveFence = defineStep<ProveFence, FenceResult>({
  name: 'proveFence',
  title: 'Prove that the lost site cannot write',
  risk: 'readOnly',
  deadlineSeconds: 300,
  expectedSeconds: 5,
  whenSkipped: skipped('prove the fence'),
});
