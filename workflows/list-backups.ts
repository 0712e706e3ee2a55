import type { Decision, Retention } from './plan/backup/retention';
import { summarize } from './plan/backup/prune-plan';
import type { Instance } from './plan/instance';
import type { Settings } from './plan/settings';
import { findRestorePoints } from './procedures/find-restore-points';
import { runbook } from './runbook/runbook';

/** Member `backups` of the report. */
export interface BackupsReport {
  /** ISO 8601: what came later counts for nothing. */
  readonly asOf: string;
  readonly retention: Retention;
  readonly decisions: readonly Decision[];
  /** Snapshots with the instance's tag that are no part of a restore point, and why. */
  readonly ignored: readonly string[];
  /** Places that the store names and nobody looks at. */
  readonly unseen: readonly string[];
  /** What did not answer. */
  readonly silent: readonly string[];
}

/**
 * Tells which restore points an instance has, where, in which state, and what the policy would do with each. Looks only;
 * whoever can start a run can ask, without credentials for AWS.
 */
export const listBackups = runbook<unknown, Instance, Settings>(
  'listBackups',
  { recovery: false, readOnly: true },
  async (run) => {
    const { found, decisions, asOf } = await findRestorePoints(run);
    for (const [place, summary] of summarize(decisions)) run.fact(place, summary);
    for (const what of found.silent) run.degraded(`not everything was seen: ${what}`);
    run.report('backups', {
      asOf,
      retention: run.policy.backup.retention,
      decisions,
      ignored: found.ignored,
      unseen: found.unseen,
      silent: found.silent,
    } satisfies BackupsReport);
  },
);
