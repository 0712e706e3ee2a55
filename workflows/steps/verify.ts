import type { PointMember } from '../plan/backup/restore-point';
import type { VerificationRecord } from '../plan/backup/manifest';
import type { BackupStore, Credentials, DrillSite, FileServer, Site } from '../plan/instance';
import { defineObservation, defineStep } from '../runbook/step';

/** A parameter of the drill site's stack that names a database of the service. */
export interface LiveDatabase {
  readonly parameter: string;
  /** Identifier of the DB instance, or of the cluster. */
  readonly database: string;
  /** Name of the site that has it. */
  readonly site: string;
}

/** The drill site as it was found. */
export interface DrillFacts {
  /** State of the file server, e.g. `running`; null = there is no such instance. */
  readonly fileServer: string | null;
  readonly availabilityZone: string;
  /** Volumes on devices where a trial attaches its own: device and volume id. */
  readonly attached: readonly string[];
  readonly group: { readonly desired: number; readonly instances: number } | null;
  /** Status of the DB instance of that name, and the run that it says it belongs to. */
  readonly database: { readonly status: string; readonly run: string | null } | null;
  /** The same of the DB cluster; absent or null: there is none. */
  readonly cluster?: { readonly status: string; readonly run: string | null } | null | undefined;
  /** Parameter BitbucketVersion of the stack; null where it has none. */
  readonly version: string | null;
  /** Absent in runs of earlier code. */
  readonly live?: readonly LiveDatabase[] | undefined;
}

interface ObserveDrillSite {
  readonly drill: DrillSite;
  /** Those of the service, whose databases the drill site must have nothing to do with. Absent: it is not looked for them. */
  readonly sites?: readonly Pick<Site, 'name' | 'region' | 'database'>[] | undefined;
}

/** Looks whether the drill site is there, and free. */
export const observeDrillSite = defineObservation<ObserveDrillSite, DrillFacts>({
  name: 'observeDrillSite',
  title: 'Look at the drill site',
  deadlineSeconds: 120,
});

export interface HoldBackup {
  readonly region: string;
  readonly backup: string;
  readonly members: readonly PointMember[];
}

/**
 * Tags every member as used by this run, so that nothing deletes it meanwhile; then looks whether somebody has begun to.
 * Undo removes the tag, where it is this run's.
 */
export const holdBackup = defineStep<HoldBackup, { readonly held: number }>({
  name: 'holdBackup',
  title: 'Keep the backup from being deleted meanwhile',
  risk: 'reversible',
  deadlineSeconds: 300,
  expectedSeconds: 5,
});

export interface RestoreDrillDatabase {
  readonly region: string;
  /** With a cluster only where the snapshot is one of a cluster. */
  readonly database: DrillSite['database'];
  readonly snapshotId: string;
  readonly databaseName: string;
  readonly credentials: Credentials;
}

/**
 * A new database from the snapshot under the name of the drill site: not public, without backups of its own. A database of
 * that name that is not this run's is a problem, and stays as it is. Proven by a login. Undo deletes it without a final snapshot.
 */
export const restoreDrillDatabase = defineStep<
  RestoreDrillDatabase,
  { readonly address: string; readonly port: number }
>({
  name: 'restoreDrillDatabase',
  title: 'Restore the database at the drill site',
  risk: 'reversible',
  deadlineSeconds: 4 * 3600,
  expectedSeconds: 1200,
});

/** One repository, as the database knows it. */
export interface SampledRepository {
  readonly id: number;
  readonly project: string;
  readonly slug: string;
}

export interface CompareRows {
  readonly region: string;
  readonly databaseId: string;
  readonly databaseName: string;
  readonly credentials: Credentials;
  readonly fileServer: FileServer;
  /** The instant that the backup is worth, ISO 8601: what was pushed before must be there. */
  readonly capturedAt: string;
  /** How many repositories are chosen for a closer look, and what chooses among them. */
  readonly sample: number;
  readonly seed: string;
}

export interface ComparedRows {
  readonly repositories: number;
  /** Refs whose last push was looked for. */
  readonly refs: number;
  /** What the database knows and the home does not hold, one line each. */
  readonly missing: readonly string[];
  readonly sample: readonly SampledRepository[];
}

/**
 * Every repository of the database has its directory, in the home or on a data store, and what was last pushed to its refs
 * before the backup is in it. What is missing is an answer, not a failure of the step; what may lie on a data store that is not
 * understood is told as not checked. Directories without a row are counted only: Bitbucket deletes them
 * some time after the row.
 */
export const compareRows = defineStep<CompareRows, ComparedRows>({
  name: 'compareRows',
  title: 'Compare the rows of the database with the repositories',
  risk: 'readOnly',
  deadlineSeconds: 1800,
  expectedSeconds: 20,
  attemptSeconds: 900,
});

export interface CheckRepositories {
  readonly region: string;
  readonly fileServer: FileServer;
  readonly repositories: readonly SampledRepository[];
}

/** A full `git fsck` of each: every object is read. One that takes too long is told, and is no failure. */
export const checkRepositories = defineStep<CheckRepositories, { readonly checked: number }>({
  name: 'checkRepositories',
  title: 'Check a sample of the repositories with git',
  risk: 'readOnly',
  deadlineSeconds: 2 * 3600,
  expectedSeconds: 120,
  attemptSeconds: 3600,
});

export interface CloneRepositories {
  /** Base URL of a node. */
  readonly url: string;
  readonly administrator: Credentials;
  readonly repositories: readonly SampledRepository[];
}

/** Clones the newest commit of each through Bitbucket, and checks the clone. */
export const cloneRepositories = defineStep<CloneRepositories, { readonly cloned: number }>({
  name: 'cloneRepositories',
  title: 'Clone some of them through Bitbucket',
  risk: 'readOnly',
  deadlineSeconds: 1800,
  expectedSeconds: 30,
  attemptSeconds: 900,
});

/** What is left at the drill site, one line each; empty: nothing. */
export const findRemains = defineObservation<
  { readonly drill: DrillSite; readonly hold: HoldBackup },
  { readonly remains: readonly string[] }
>({ name: 'findRemains', title: 'Look whether anything of the trial is left', deadlineSeconds: 300 });

export interface RecordVerification {
  readonly store: BackupStore;
  readonly instance: string;
  readonly record: VerificationRecord;
  /** In the place that was tried; they are tagged with the result. */
  readonly members?: readonly PointMember[] | undefined;
}

/** Says beside the manifest and on every member how the trial went; from then on retention and a failover go by it. */
export const recordVerification = defineStep<RecordVerification, { readonly key: string }>({
  name: 'recordVerification',
  title: 'Record the result of the trial',
  risk: 'pointOfNoReturn',
  deadlineSeconds: 600,
  expectedSeconds: 5,
});
