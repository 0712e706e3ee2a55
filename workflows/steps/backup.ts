import type { CopyRecord, Manifest, Member, PartKind } from '../plan/backup/manifest';
import type { BackupStore, Site, Vault } from '../plan/instance';
import { defineStep } from '../runbook/step';

export interface CapturePart {
  readonly site: Site;
  readonly backup: string;
  /** The host ends a freeze by itself after so long. */
  readonly freezeLimitSeconds: number;
}

/** A member that has been captured and may still be pending. */
export interface CapturedMember {
  readonly kind: PartKind;
  readonly name: string;
  readonly id: string;
}

export interface CapturedPart {
  readonly members: readonly CapturedMember[];
  readonly consistency: Manifest['consistency'];
}

/**
 * One snapshot of all volumes at one instant, under a freeze that the host ends by itself. Found again by tags; undo thaws
 * and deletes. Ends when the snapshots exist and the file systems are thawed, not when they are complete.
 */
export const captureVolumes = defineStep<CapturePart, CapturedPart>({
  name: 'captureVolumes',
  title: 'Capture the volumes of the home',
  risk: 'reversible',
  deadlineSeconds: 900,
  expectedSeconds: 20,
  whenSkipped: null,
});

export interface AwaitDatabase {
  readonly site: Site;
}

export interface ReadyDatabase {
  readonly encrypted: boolean;
}

/** The database as a snapshot needs it: RDS refuses one while it makes its own. Waited for while nobody is locked out. */
export const awaitDatabase = defineStep<AwaitDatabase, ReadyDatabase>({
  name: 'awaitDatabase',
  title: 'Wait until the database can be captured',
  risk: 'readOnly',
  deadlineSeconds: 3600,
  expectedSeconds: 0,
});

/** A DB snapshot whose identifier is the backup's name. Ends when the instant is captured; undo deletes it. */
export const captureDatabase = defineStep<CapturePart, CapturedPart>({
  name: 'captureDatabase',
  title: 'Capture the database',
  risk: 'reversible',
  deadlineSeconds: 3600,
  expectedSeconds: 120,
  whenSkipped: null,
});

export interface CompleteBackup {
  readonly region: string;
  readonly backup: string;
  readonly members: readonly CapturedMember[];
}

export interface CompleteMembers {
  readonly members: readonly Member[];
  /** AWS account that owns them. */
  readonly account: string;
}

/** Every snapshot complete and usable; hours for a large volume. */
export const completeBackup = defineStep<CompleteBackup, CompleteMembers>({
  name: 'completeBackup',
  title: 'Wait until every snapshot is complete',
  risk: 'readOnly',
  deadlineSeconds: 12 * 3600,
  expectedSeconds: 300,
  whenSkipped: null,
});

/** The manifest but for the link to the one before it, which only the store knows. */
export type ManifestDraft = Omit<Manifest, 'previous'>;

export interface WriteManifest {
  readonly store: BackupStore;
  readonly manifest: ManifestDraft;
}

/**
 * Writes the manifest once (an existing one is adopted only if it is the same) and tags the members with its hash. From
 * here the backup stands: an abort or a cancel does not take it back.
 */
export const writeManifest = defineStep<
  WriteManifest,
  { readonly key: string; readonly sha256: string; readonly previous: string | null }
>({
  name: 'writeManifest',
  title: 'Write the manifest: from here the backup is kept',
  risk: 'pointOfNoReturn',
  deadlineSeconds: 600,
  expectedSeconds: 5,
  whenSkipped: null,
});

export interface ShareBackup {
  readonly region: string;
  readonly backup: string;
  readonly members: readonly Member[];
  /** Who may copy them. */
  readonly account: string;
  /** Where they are in another account. */
  readonly vault?: Vault | undefined;
}

/** Lets another account copy the members. Undo takes the permission back. */
export const shareBackup = defineStep<ShareBackup, { readonly account: string }>({
  name: 'shareBackup',
  title: 'Let the vault copy the backup',
  risk: 'reversible',
  deadlineSeconds: 600,
  expectedSeconds: 5,
});

/** Takes back what `shareBackup` gave: a copy does not need it any more. */
export const endSharing = defineStep<ShareBackup, { readonly account: string }>({
  name: 'endSharing',
  title: 'Take the permission of the vault back',
  risk: 'pointOfNoReturn',
  deadlineSeconds: 600,
  expectedSeconds: 5,
});

export interface CopyBackup {
  readonly backup: string;
  readonly from: string;
  readonly to: {
    /** Of a site or of a vault. */
    readonly site: string;
    readonly region: string;
    readonly kmsKeyId: string | null;
    /** Absent: in our own account. */
    readonly vault?: Vault | undefined;
  };
  readonly members: readonly Member[];
}

/**
 * Copies every member into another region or account and waits until all are complete there. Where one fails all copies
 * there are deleted: both or none. A full quota of running copies is waited for.
 */
export const copyBackup = defineStep<CopyBackup, CompleteMembers>({
  name: 'copyBackup',
  title: 'Copy the backup',
  risk: 'reversible',
  deadlineSeconds: 24 * 3600,
  expectedSeconds: 900,
  whenSkipped: null,
});

/** EBS snapshot lock: `governance` may be lifted by whoever has the permission, `compliance` by nobody. */
export interface SnapshotLockPlan {
  readonly mode: 'governance' | 'compliance';
  /** ISO 8601. */
  readonly until: string;
  /** In this time a `compliance` lock can still be changed; null: none. 1 to 72 hours. */
  readonly coolOffHours: number | null;
}

export interface LockSnapshots {
  readonly region: string;
  /** Only EBS snapshots can be locked; the others are left out. */
  readonly members: readonly Member[];
  readonly lock: SnapshotLockPlan;
  /** Where they are in another account. */
  readonly vault?: Vault | undefined;
}

/** Nobody can delete the members before the time. A lock that lasts longer is left as it is. */
export const lockSnapshots = defineStep<LockSnapshots, { readonly lockedUntil: string | null }>({
  name: 'lockSnapshots',
  title: 'Lock the snapshots against deletion',
  risk: 'pointOfNoReturn',
  deadlineSeconds: 600,
  expectedSeconds: 5,
  whenSkipped: { lockedUntil: null },
});

export interface RecordCopy {
  readonly store: BackupStore;
  readonly instance: string;
  readonly record: CopyRecord;
  /** Of the manifest, set as a tag on the copies. */
  readonly sha256: string;
  /** Where they are in another account. */
  readonly vault?: Vault | undefined;
}

/** Says in the store, and by a tag on the copies, that they are complete. */
export const recordCopy = defineStep<RecordCopy, { readonly key: string }>({
  name: 'recordCopy',
  title: 'Record the copy',
  risk: 'pointOfNoReturn',
  deadlineSeconds: 600,
  expectedSeconds: 5,
});
