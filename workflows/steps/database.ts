import type { Credentials } from '../plan/instance';
import { defineStep } from '../runbook/step';

export interface SnapshotDatabase {
  readonly region: string;
  readonly databaseId: string;
}

/** A manual DB snapshot before promotion, id derived from the run. Undo deletes it. */
export const snapshotDatabase = defineStep<SnapshotDatabase, { readonly snapshotId: string }>({
  name: 'snapshotDatabase',
  title: 'Snapshot the standby database',
  risk: 'reversible',
  deadlineSeconds: 7200,
  expectedSeconds: 300,
});

export interface PromoteReplica {
  readonly region: string;
  readonly databaseId: string;
  readonly databaseName: string;
  readonly credentials: Credentials;
  /** 1..35; 0 would leave the new primary without backups and without future replicas. */
  readonly backupRetentionDays: number;
  /** Seconds of commits that may be lost; above it `check` reports `replicaLagAboveLimit`, consent `dataLoss`. */
  readonly lagLimitSeconds: number;
  /** ISO 8601; bounds what a source that is gone may have committed. Absent in runs of earlier code. */
  readonly incidentStartedAt?: string | undefined;
}

export interface PromotedDatabase {
  readonly address: string;
  readonly port: number;
  /** Commit time of the last transaction replayed before the promotion, ISO 8601; null if the server had none. */
  readonly lastReplayedAt: string | null;
}

/**
 * Promotes the read replica. Refused while it is `backing-up`. Proven by three facts: status `available`, no source
 * any more, and a write that the server accepts (`pg_is_in_recovery()` false and a row written and read back).
 */
export const promoteReplica = defineStep<PromoteReplica, PromotedDatabase>({
  name: 'promoteReplica',
  title: 'Promote the standby database',
  risk: 'pointOfNoReturn',
  deadlineSeconds: 3600,
  expectedSeconds: 300,
});

export interface ConfigureDatabase {
  readonly region: string;
  readonly databaseId: string;
  readonly multiAz: boolean;
  readonly backupRetentionDays: number;
  readonly deletionProtection: boolean;
  readonly parameterGroup?: string | undefined;
  readonly securityGroups: readonly string[];
  /** The run makes the database first: the plan cannot know what it will lack. */
  readonly afterRestore?: boolean | undefined;
  /** The database that was set aside, whose windows and limit of storage the restored one gets. */
  readonly formerId?: string | undefined;
  /** It is enough that RDS is setting up the second instance: users need not be without service meanwhile. */
  readonly multiAzMayFollow?: boolean | undefined;
}

export interface ConfiguredDatabase {
  readonly changed: readonly string[];
  /** RDS is still setting up the second instance; the database serves meanwhile. */
  readonly multiAzFollows?: boolean | undefined;
}

/** Settings that a promoted replica lacks [A §5.4]. Undo gives the former settings back. */
export const configureDatabase = defineStep<ConfigureDatabase, ConfiguredDatabase>({
  name: 'configureDatabase',
  title: 'Set backups, groups and protection of the new primary database',
  risk: 'reversible',
  deadlineSeconds: 3600,
  expectedSeconds: 120,
});
