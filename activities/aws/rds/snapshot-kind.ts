import type { RDSClient } from '@aws-sdk/client-rds';

import type { Member } from '../../../workflows/plan/backup/manifest';
import type { Site } from '../../../workflows/plan/instance';
import type { Dependencies } from '../../dependencies';
import type { Tag, TagLike } from '../ownership';

/** A manual snapshot of a DB instance or of a DB cluster. */
export interface StoredSnapshot {
  readonly id: string;
  readonly arn: string | null;
  readonly status: string;
  /** Work done, 0 to 100. */
  readonly percent: number;
  /** The instant that it holds; undefined where AWS does not tell. */
  readonly capturedAt: Date | undefined;
  /** When it, or this copy of it, was begun. */
  readonly startedAt: Date | undefined;
  readonly sizeGiB: number | null;
  readonly encrypted: boolean;
  readonly kmsKeyId: string | null;
  /** e.g. `aurora-postgresql`. */
  readonly engine: string | null;
  readonly engineVersion: string | null;
  readonly tags: readonly TagLike[];
}

/** What is captured: the instance, or the cluster that it belongs to. */
export interface SnapshotSource {
  readonly id: string;
  readonly status: string;
  readonly resourceId: string | null;
}

interface CopyRequest {
  readonly source: string;
  readonly id: string;
  readonly kmsKeyId: string | null;
  readonly tags: readonly Tag[];
}

type Database = Pick<Site['database'], 'id' | 'cluster'>;

/**
 * The calls for one of the two sorts of snapshots that RDS has. They are alike but for their names: what is done with them
 * stands once, in the steps.
 */
export interface SnapshotKind {
  readonly kind: Extract<Member['kind'], 'rds' | 'aurora'>;
  /** As an operator knows it, e.g. `database snapshot`. */
  readonly noun: string;
  /** Kind of its ARN. */
  readonly arnType: 'snapshot' | 'cluster-snapshot';
  /** Name of its identifier in the API. */
  readonly parameter: 'DBSnapshotIdentifier' | 'DBClusterSnapshotIdentifier';
  /** Names of the API's actions, without the service. */
  readonly calls: {
    readonly describe: string;
    readonly describeSource: string;
    readonly create: string;
    readonly copy: string;
    readonly delete: string;
    readonly describeSharing: string;
    readonly share: string;
  };
  /** Undefined when RDS does not know it. */
  find(dependencies: Dependencies, region: string, id: string): Promise<StoredSnapshot | undefined>;
  /** All manual ones of our account: RDS cannot filter by tag. */
  list(client: RDSClient): Promise<readonly StoredSnapshot[]>;
  /** Undefined when there is none. */
  findSource(
    dependencies: Dependencies,
    region: string,
    database: Database,
  ): Promise<SnapshotSource | undefined>;
  create(
    client: RDSClient,
    order: { readonly of: string; readonly id: string; readonly tags: Tag[] },
  ): Promise<void>;
  copy(client: RDSClient, request: CopyRequest): Promise<void>;
  delete(client: RDSClient, id: string): Promise<void>;
  /** Accounts that may restore and copy it. */
  sharedWith(client: RDSClient, id: string): Promise<readonly string[]>;
  share(
    client: RDSClient,
    id: string,
    sharing: { readonly account: string; readonly allowed: boolean },
  ): Promise<void>;
}
