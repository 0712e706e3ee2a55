import type { Credentials, Site } from '../plan/instance';
import type { Observed } from '../runbook/observed';
import { defineObservation } from '../runbook/step';

export interface ObserveSite {
  readonly site: Site;
  /** Owner of the database: the role and the replay position are asked from the server itself. */
  readonly database: { readonly name: string; readonly credentials: Credentials };
}

export interface GroupFacts {
  readonly minimum: number;
  readonly maximum: number;
  readonly desired: number;
  readonly suspended: readonly string[];
  readonly instances: readonly {
    readonly id: string;
    readonly lifecycle: string;
    readonly address: string;
  }[];
}

export interface DatabaseFacts {
  /** DBInstanceStatus, e.g. `available`. */
  readonly status: string;
  /** By RDS: `replica` while ReadReplicaSourceDBInstanceIdentifier is set. */
  readonly role: 'writer' | 'replica';
  /** Identifier or ARN of the source, for a replica. */
  readonly source: string | null;
  /** Status of StatusInfos "read replication"; null where RDS gives none. */
  readonly replication: string | null;
  readonly resourceId: string;
  readonly address: string;
  readonly port: number;
  readonly backupRetentionDays: number;
}

interface LagFacts {
  /** CloudWatch ReplicaLag, highest of the last points; seconds. */
  readonly metricSeconds: number | null;
  /** Age of that metric's newest point, seconds. */
  readonly metricAgeSeconds: number | null;
  /** Commit time of the last replayed transaction, by pg_last_xact_replay_timestamp(); ISO 8601. */
  readonly lastReplayedAt: string | null;
}

/** What RDS and the replica itself say about its replication. */
export interface ReplicationFacts {
  /** Status of StatusInfos "read replication", e.g. `error`; null where RDS gives none. */
  readonly status: string | null;
  /** RDS's words about it; null where it gives none. */
  readonly message: string | null;
  /** Commit time of the last replayed transaction, ISO 8601; null when it is not known. */
  readonly lastReplayedAt: string | null;
}

/** One site as it was found. Every part is known, unknown or unreachable by itself. */
export interface SiteFacts {
  readonly site: string;
  readonly region: string;
  readonly group: Observed<GroupFacts>;
  readonly database: Observed<DatabaseFacts>;
  /** Asked from the database server: true = `pg_is_in_recovery()`. */
  readonly inRecovery: Observed<boolean>;
  /** Only for a replica. */
  readonly lag: Observed<LagFacts>;
  /** Only for a replica. What earlier code recorded lacks it, and must go on giving the plan that people approved. */
  readonly replication?: Observed<ReplicationFacts>;
  /** `/status` of each node, by body, asked directly [B §2.1]; state `none` = no answer. */
  readonly nodes: Observed<
    readonly { readonly id: string; readonly address: string; readonly state: string }[]
  >;
  readonly fileServer: Observed<{
    readonly state: string;
    readonly address: string;
    readonly availabilityZone: string;
  }>;
  readonly balancer: Observed<{
    readonly dnsName: string;
    readonly hostedZoneId: string;
    readonly inService: number;
  }>;
  readonly stack: Observed<{ readonly status: string; readonly properties: string }>;
}

/** Looks at one site through every door; never throws because a door is shut. */
export const observeSite = defineObservation<ObserveSite, SiteFacts>({
  name: 'observeSite',
  title: 'Look at a site',
  deadlineSeconds: 120,
});
