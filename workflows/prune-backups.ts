import { objections } from './plan/backup/objections';
import { planPrune, summarize } from './plan/backup/prune-plan';
import type { Deletion, PrunePlan } from './plan/backup/prune-plan';
import { placeName } from './plan/backup/restore-point';
import type { Instance } from './plan/instance';
import type { Settings } from './plan/settings';
import { findRestorePoints, lookAgain } from './procedures/find-restore-points';
import type { Inventory } from './procedures/find-restore-points';
import { findSearchSnapshots, removeSearchSnapshot } from './procedures/prune-search';
import type { Run } from './runbook/run';
import { runbook } from './runbook/runbook';
import { deleteRestorePoint } from './steps/restore-points';
import type { DeleteRestorePoint } from './steps/restore-points';

/** Besides what every runbook accepts. */
interface PruneBackupsInput {
  /** Delete as well what belongs to no backup; needs a consent of its own. */
  readonly removeOrphans?: boolean | undefined;
  /** Restore points that this run deletes, the oldest; 40 unless told. Each costs some thirty events of history. */
  readonly atMost?: number | undefined;
}

type PruneRun = Run<PruneBackupsInput, Instance, Settings>;

const AT_MOST = 40;

/**
 * Deletes the restore points that the policy does not keep [B §13.4 #11]: whole pairs, each place for itself, never what
 * is locked, in use or not understood. Every deletion is a step and a point of no return of its own; between two of them
 * the run can be held, stopped or asked to let go, and every pair is then either whole or gone.
 */
export const pruneBackups = runbook<PruneBackupsInput, Instance, Settings>(
  'pruneBackups',
  { recovery: false },
  async (run) => {
    const inventory = await findRestorePoints(run);
    refuseInTheDark(run, inventory);
    const { removeOrphans = false, atMost = AT_MOST } = run.input;
    const hasSearch = run.subject.sites.some(({ search }) => search !== undefined);
    const plan = planPrune(inventory.decisions, {
      removeOrphans,
      // Each costs more events with a snapshot of the search index.
      atMost: hasSearch ? Math.min(atMost, AT_MOST) : atMost,
    });
    if (hasSearch && atMost > AT_MOST) {
      run.fact(
        'at most',
        `${AT_MOST} restore points, not ${atMost}: each goes with a snapshot of the search index`,
      );
    }
    tell(run, inventory, plan);
    const snapshots = await findSearchSnapshots(run, inventory, removeOrphans);

    const { deletions } = plan;
    const name = run.subject.name;
    const [kept, orphans] = [
      deletions.filter(({ orphan }) => !orphan),
      deletions.filter(({ orphan }) => orphan),
    ];
    if (kept.length > 0)
      await run.gate('pruneBackups', `Delete ${kept.length} restore points of ${name} for good`);
    const { left } = snapshots;
    if (orphans.length + left.length > 0)
      await run.gate(
        'removeOrphans',
        `Delete snapshots of ${name} that belong to no backup, ${orphans.length + left.length} sets`,
      );

    const deleted: string[] = [];
    for (const deletion of deletions) {
      await run.safePoint(
        `${deleted.length} of ${deletions.length} restore points are deleted, the others are whole`,
      );
      if (!(await deleteOne(run, inventory, deletion))) continue;
      deleted.push(title(deletion));
      for (const one of snapshots.of(deletion.point)) await removeSearchSnapshot(run, one);
    }
    for (const one of left) await removeSearchSnapshot(run, one);
    run.report('deleted', deleted);
  },
);

/** While a region or the store is silent nobody knows what is the last good copy, or what is being copied. */
function refuseInTheDark(run: PruneRun, { found: { silent } }: Inventory): void {
  if (silent.length === 0) return;
  run.refuse({
    code: 'backupsNotSeen',
    message: `Not every place of the backups can be seen: ${silent.join('; ')}.`,
    remedy: 'Nothing is deleted until all of them answer.',
  });
}

function tell(run: PruneRun, { found, decisions }: Inventory, { postponed, orphans }: PrunePlan): void {
  const { hourly, daily, weekly, monthly, yearly, keepVerified, timeZone } = run.policy.backup.retention;
  run.fact(
    'policy',
    `${hourly} hourly, ${daily} daily, ${weekly} weekly, ${monthly} monthly, ${yearly} yearly, at least ${keepVerified} verified, ${timeZone}`,
  );
  for (const [place, summary] of summarize(decisions)) run.fact(place, summary);
  if (postponed > 0) {
    run.fact('for another run', `${postponed} restore points`);
    run.followUp(`Run pruneBackups again: ${postponed} restore points more are past the policy.`);
    // A schedule's follow-ups are read by nobody, and a quota of snapshots that fills up stops the backups.
    if (run.pass === 'execute') run.degraded(`${postponed} more past the policy, left to another run`);
  }
  if (orphans.length > 0) {
    const names = [...new Set(orphans.map(({ backup }) => backup))];
    run.fact('belongs to no backup', names.join(', '));
    run.followUp(
      `Snapshots of ${names.join(', ')} belong to no backup and cost money: look at them, then run pruneBackups with "removeOrphans": true.`,
    );
  }
  if (found.unseen.length > 0) run.fact('not looked at', found.unseen.join('; '));
}

/** @returns whether it is gone; one that has come under protection since the plan is left alone, and told */
async function deleteOne(run: PruneRun, inventory: Inventory, deletion: Deletion): Promise<boolean> {
  const { point, orphan, reason, anchors } = deletion;
  const { backup, place, capturedAt, members } = point;
  const { where, asOf: decidedAt } = inventory;
  const input: DeleteRestorePoint = {
    ...where,
    ...{ backup, place, capturedAt, members, orphan, reason, anchors, decidedAt },
  };
  if (run.pass === 'execute') {
    const { points, silent } = await lookAgain(run, where, [backup, ...anchors]);
    const against = objections({ ...input, run: '' }, points, silent, decidedAt);
    if (against.length > 0) {
      run.degraded(`${title(deletion)} was left alone: ${against.join('; ')}`);
      return false;
    }
  }
  const id = `deleteRestorePoint.${backup}.${place.site ?? place.region}`;
  const { record } = await run.step(deleteRestorePoint, input, { id, title: `Delete ${title(deletion)}` });
  // One that people have skipped has none.
  return run.pass === 'plan' || record !== '';
}

function title({ point: { backup, place }, orphan }: Deletion): string {
  return `${orphan ? 'what is left of ' : ''}${backup} at ${placeName(place)}`;
}
