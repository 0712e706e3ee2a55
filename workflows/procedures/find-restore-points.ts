import { workflowInfo } from '@temporalio/workflow';
import type { Decision } from '../plan/backup/retention';
import { planRetention } from '../plan/backup/retention';
import { vaultPlaces } from '../plan/backup/vault-places';
import type { Instance } from '../plan/instance';
import type { Settings } from '../plan/settings';
import type { Run } from '../runbook/run';
import { listRestorePoints } from '../steps/restore-points';
import type { FoundRestorePoints, Whereabouts } from '../steps/restore-points';

/** What is there, and what the policy makes of it. */
export interface Inventory {
  readonly where: Whereabouts;
  readonly found: FoundRestorePoints;
  readonly decisions: readonly Decision[];
  /** Start of the run, ISO 8601: what came later counts for nothing. */
  readonly asOf: string;
}

/** Looks in every place of the instance, and decides by the policy what is kept. */
export async function findRestorePoints<Input>(run: Run<Input, Instance, Settings>): Promise<Inventory> {
  const { subject, policy } = run;
  if (subject.backup === undefined) {
    return run.refuse({
      code: 'noBackupPlan',
      message: `The estate does not say where the backups of ${subject.name} are kept.`,
      remedy: 'Describe it: instances.<name>.backup with a store.',
    });
  }
  const { retention } = policy.backup;
  const vaults = vaultPlaces(subject);
  const where: Whereabouts = {
    store: subject.backup.store,
    sites: subject.sites.map(({ name, region }) => ({ name, region })),
    ...(vaults.length === 0 ? {} : { vaults }),
    timeZone: retention.timeZone,
  };
  const found = await run.observe(listRestorePoints, where);
  const asOf = workflowInfo().startTime.toISOString();
  return { where, found, decisions: planRetention(found.points, retention, asOf), asOf };
}

/** Looks at some backups alone, in every place. */
export function lookAgain<Input>(
  run: Run<Input, Instance, Settings>,
  where: Whereabouts,
  backups: readonly string[],
): Promise<FoundRestorePoints> {
  return run.observe(listRestorePoints, { ...where, backups: [...new Set(backups)] });
}
