/**
 * What one backup is made of: written to the store once, when all its members are complete, and never changed. What
 * happens to it later (copies, verifications, its end) is told by records beside it, so that the chain of hashes holds.
 */
export interface Manifest {
  readonly format: 1;
  /** `<instance>-20261121T160000Z`: tag `runbooks:backup` of every member, and part of the name of the database snapshot. */
  readonly backup: string;
  readonly instance: string;
  /** Where it was taken. */
  readonly place: Place;
  readonly mode: BackupMode;
  /** `crash`: the freeze was over before all volumes were captured, or none was made. */
  readonly consistency: 'frozen' | 'crash';
  /** The oldest instant of all members, ISO 8601: what the backup is worth. */
  readonly capturedAt: string;
  /** Newest instant of the members less the oldest. */
  readonly skewSeconds: number;
  readonly members: readonly Member[];
  readonly product: ProductFacts;
  readonly run: { readonly workflowId: string; readonly runId: string };
  /** The manifest written before this one for the same instance, with the SHA-256 of its bytes in hex. */
  readonly previous: { readonly backup: string; readonly sha256: string } | null;
}

/** `locked`: users see the maintenance page meanwhile; `zeroDowntime`: nothing is stopped. */
export type BackupMode = 'zeroDowntime' | 'locked';

/** A region of an account, by the estate's name of the site where it has one. */
export interface Place {
  readonly site: string | null;
  readonly region: string;
  readonly account: string;
  /** In another account: nothing is restored from there but by a copy back. */
  readonly vault?: true | undefined;
}

/** How a part of an instance is captured. Other kinds join by one entry in `part-kinds.ts`. */
export type PartKind = 'ebs' | 'rds' | 'aurora' | 'search';

/** One snapshot. */
export interface Member {
  readonly kind: PartKind;
  /** `home`, a data store's name, `database`, `search`. */
  readonly name: string;
  /** EBS: snapshot id. RDS: snapshot identifier. */
  readonly id: string;
  readonly arn: string | null;
  /** The instant that it holds, ISO 8601. */
  readonly capturedAt: string;
  readonly sizeGiB: number | null;
  readonly encrypted: boolean;
  readonly kmsKeyId: string | null;
}

/** What Bitbucket said of itself at the time; a restore is compared with it. */
export interface ProductFacts {
  readonly version: string | null;
  readonly projects: number | null;
  readonly repositories: number | null;
}

/** What happened to a backup after it was written; each is an object of its own, added and never changed. */
export type BackupRecord = CopyRecord | VerificationRecord | DeletionRecord | SearchRecord;

/** Complete in another place: all members, none of them pending. */
export interface CopyRecord {
  readonly record: 'copy';
  readonly backup: string;
  readonly at: string;
  readonly place: Place;
  readonly members: readonly Member[];
  /** Nobody can delete the members before, ISO 8601; null = not locked. */
  readonly lockedUntil: string | null;
}

/** An isolated restore was tried. */
export interface VerificationRecord {
  readonly record: 'verification';
  readonly backup: string;
  readonly at: string;
  readonly place: Place;
  readonly result: 'passed' | 'failed';
  readonly durationSeconds: number;
  readonly checks: readonly { readonly name: string; readonly passed: boolean; readonly detail: string }[];
  /** Seconds from the beginning of the trial until each part stood, by name. */
  readonly measured?: Readonly<Record<string, number>> | undefined;
  readonly run: { readonly workflowId: string; readonly runId: string };
}

/** Its members in a place were deleted on purpose. */
export interface DeletionRecord {
  readonly record: 'deletion';
  readonly backup: string;
  readonly at: string;
  readonly place: Place;
  readonly reason: string;
  readonly run: { readonly workflowId: string; readonly runId: string };
}

/**
 * The search index of that time is there as well. It is no member: an index can be built anew at any time, so that a
 * backup is whole without it, in this place and in others.
 */
export interface SearchRecord {
  readonly record: 'search';
  readonly backup: string;
  readonly at: string;
  /** Where the backup was taken. */
  readonly place: Place;
  readonly snapshot: SearchSnapshot;
  readonly run: { readonly workflowId: string; readonly runId: string };
}

/** A whole snapshot of a search index, in the snapshot repository of a search server. */
export interface SearchSnapshot {
  readonly name: string;
  readonly repository: string;
  readonly index: string;
  /** When it was begun, ISO 8601: it holds what was in the index then. */
  readonly capturedAt: string;
  readonly shards: number;
  /** Documents in the index just before; null = not known. */
  readonly documents: number | null;
}

/** Tags of every member, in every place: enough to rebuild the list when the store is lost. */
export const TAGS = {
  instance: 'runbooks:instance',
  backup: 'runbooks:backup',
  /** Name of the member, as in `Member.name`; `runbooks:volume` because `listHomeCopies` of drFailover reads it. */
  volume: 'runbooks:volume',
  /** Names of the EBS members, with commas between them: a set lacking one is incomplete. */
  members: 'runbooks:members',
  capturedAt: 'runbooks:captured-at',
  /** SHA-256 of the manifest in hex; set when the pair is complete, absent before. */
  manifest: 'runbooks:manifest',
  /** Workflow id of the run that made it. */
  run: 'runbooks:run',
  /** Workflow id of a run that needs it: nothing deletes it while that run is open. */
  usedBy: 'runbooks:used-by',
  /** Workflow id of the run that began to delete it: from then on it is no restore point. */
  deleting: 'runbooks:deleting',
  /** How the last trial of this place ended, e.g. `failed 2026-11-21T16:00:00.000Z`: a failover cannot ask the store. */
  verification: 'runbooks:verification',
} as const;
