import type { BackupMode, PartKind, Place, SearchSnapshot } from './manifest';
import type { Periods } from './periods';

/** What a snapshot's own status means, whatever the service calls it; a word that nobody knows is `unclear`. */
export type SnapshotCondition = 'complete' | 'pending' | 'broken' | 'leaving' | 'unclear';

/** A snapshot that carries the tag of an instance, as it was found. */
export interface FoundSnapshot {
  readonly kind: PartKind;
  readonly place: Place;
  /** EBS: snapshot id. RDS: snapshot identifier. */
  readonly id: string;
  readonly arn: string | null;
  readonly condition: SnapshotCondition;
  /** The service's own word and message, e.g. `error (Source snapshot is not found)`. */
  readonly status: string;
  readonly sizeGiB: number | null;
  /** ISO 8601, by the service; of a copy, when it was begun. */
  readonly startedAt: string | null;
  readonly tags: Readonly<Record<string, string>>;
  /** `until 2027-01-01T00:00:00.000Z (governance)`; null = whoever may delete it can. */
  readonly lock: string | null;
  /** Machine images that are made of it: it cannot be deleted while they exist. */
  readonly images: readonly string[];
}

/**
 * | state | |
 * | --- | --- |
 * | complete | every member of the manifest, or of the copy's record, is there and can be restored |
 * | pending | on its way: members under way, or not told of by any record yet |
 * | incomplete | there is a manifest or a record, and members lack |
 * | broken | a member has failed |
 * | orphan | snapshots of ours of which no manifest tells |
 * | deleting | its deletion was begun on purpose |
 * | unclear | something about it is not as we know it; nothing of ours touches it |
 */
export type RestorePointState =
  'complete' | 'pending' | 'incomplete' | 'broken' | 'orphan' | 'deleting' | 'unclear';

export interface PointMember {
  readonly kind: PartKind;
  readonly name: string;
  readonly id: string;
  /** The service's own word; `missing` where it was not found. */
  readonly status: string;
}

/** One backup in one place: what can be restored there, kept there, or deleted there; always as a whole. */
export interface RestorePoint {
  readonly backup: string;
  readonly place: Place;
  /** ISO 8601; what the backup is worth. */
  readonly capturedAt: string;
  /** When it became complete in this place, ISO 8601; null where the store does not tell. */
  readonly since: string | null;
  readonly periods: Periods;
  readonly state: RestorePointState;
  /** Why it is not complete; empty when it is. */
  readonly detail: readonly string[];
  readonly members: readonly PointMember[];
  readonly sizeGiB: number | null;
  readonly mode: BackupMode | null;
  readonly consistency: 'frozen' | 'crash' | null;
  /** By the last isolated restore that was tried in this place; null = none was. */
  readonly verification: { readonly result: 'passed' | 'failed'; readonly at: string } | null;
  /** What forbids its deletion: locks, machine images. */
  readonly locks: readonly string[];
  /** Who needs it right now. */
  readonly uses: readonly string[];
  /** The search index of that time, as its record tells; at the place of origin only. */
  readonly search?: SearchSnapshot | undefined;
}

/** The place as people read it: `frankfurt (eu-central-1)`; with the account where the site says nothing. */
export function placeName({ site, region, account }: Place): string {
  return site === null ? `${region}/${account}` : `${site} (${region})`;
}

/** Whether a site of that region can be restored from it as it is. */
export function isAt({ place }: Pick<RestorePoint, 'place'>, region: string): boolean {
  return place.region === region && place.vault !== true;
}

/** The same place, whatever the estate calls it by now. */
export function placeKey({ region, account }: Pick<Place, 'region' | 'account'>): string {
  return `${region}/${account}`;
}
