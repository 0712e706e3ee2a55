import type { Place } from '../plan/backup/manifest';
import type { PointMember, RestorePoint } from '../plan/backup/restore-point';
import type { BackupStore, Vault } from '../plan/instance';
import { defineObservation, defineStep } from '../runbook/step';

/** Where to look: the regions of the instance's sites in the worker's own account, and its vaults. */
export interface Whereabouts {
  readonly store: BackupStore;
  readonly sites: readonly { readonly name: string; readonly region: string }[];
  readonly vaults?: readonly VaultPlace[] | undefined;
  /** For the calendar, e.g. `Europe/Berlin`. */
  readonly timeZone: string;
}

export interface VaultPlace extends Vault {
  readonly name: string;
  readonly region: string;
}

export interface ListRestorePoints extends Whereabouts {
  /** Only these; all when absent. */
  readonly backups?: readonly string[] | undefined;
}

export interface FoundRestorePoints {
  readonly points: readonly RestorePoint[];
  /** Snapshots that carry the instance's tag and are no part of a restore point, with the reason. */
  readonly ignored: readonly string[];
  /** Places that the store names and nobody looks at: other accounts, regions without a site. */
  readonly unseen: readonly string[];
  /** What should have been looked at and did not answer. While there is any, nothing can be said for sure. */
  readonly silent: readonly string[];
  /** The worker's own. */
  readonly account: string;
}

/** Every restore point of an instance in every place, by tags, manifests, records, locks and open runs. Changes nothing. */
export const listRestorePoints = defineObservation<ListRestorePoints, FoundRestorePoints>({
  name: 'listRestorePoints',
  title: 'Look for the restore points',
  deadlineSeconds: 300,
});

export interface DeleteRestorePoint extends Whereabouts {
  readonly backup: string;
  readonly place: Place;
  readonly capturedAt: string;
  readonly members: readonly PointMember[];
  /** It is no restore point, but what is left of one. */
  readonly orphan: boolean;
  /** Why, as people approved it. */
  readonly reason: string;
  /** Backups in the same place that are kept; while one of them is not complete nothing is deleted. */
  readonly anchors: readonly string[];
  /** ISO 8601; what was verified later is news. */
  readonly decidedAt: string;
}

/**
 * Deletes all members of a restore point in one place and records it. Marks them first: from then on they are no restore
 * point, so that a pair is never taken for whole while it is being deleted. Looks right before; what has been locked,
 * taken into use, verified or changed meanwhile is refused.
 */
export const deleteRestorePoint = defineStep<
  DeleteRestorePoint,
  { readonly deleted: readonly string[]; readonly record: string }
>({
  name: 'deleteRestorePoint',
  title: 'Delete a restore point',
  risk: 'pointOfNoReturn',
  deadlineSeconds: 1800,
  expectedSeconds: 60,
  whenSkipped: { deleted: [], record: '' },
});
