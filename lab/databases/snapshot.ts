import type { ClusterTraits } from './cluster';
import type { InstanceTraits } from './instance';

interface SnapshotBase {
  readonly id: string;
  readonly region: string;
  readonly account: string;
  /** Other accounts that may restore and copy it. */
  readonly sharedWith: Set<string>;
  readonly directory: string;
  /** Of the instance or cluster that it was taken of. */
  readonly resourceId: string;
  readonly createdAt: number;
  /** Virtual epoch ms and seconds of the work that is shown as PercentProgress. */
  readonly startedAt: number;
  readonly seconds: number;
  /** ARN of the snapshot that this is a copy of. */
  readonly sourceArn: string | undefined;
  readonly sourceRegion: string | undefined;
  readonly encrypted: boolean;
  readonly kmsKeyId: string | undefined;
  status: string;
  tags: Readonly<Record<string, string>>;
}

/** A DB snapshot: a copy of the data and what is needed to make an instance of it. */
export interface InstanceSnapshot extends SnapshotBase {
  readonly kind: 'instance';
  /** The instance as it was then. */
  readonly origin: Readonly<InstanceTraits>;
}

/** A DB cluster snapshot: what is needed to make a cluster. */
export interface ClusterSnapshot extends SnapshotBase {
  readonly kind: 'cluster';
  /** The cluster as it was then. */
  readonly origin: Readonly<ClusterTraits>;
}

/** The two kinds have operations, names and faults of their own, and are otherwise alike. */
export type DatabaseSnapshot = InstanceSnapshot | ClusterSnapshot;
export type SnapshotKind = DatabaseSnapshot['kind'];
export type SnapshotOf<K extends SnapshotKind> = Extract<DatabaseSnapshot, { readonly kind: K }>;

/** What the API calls them; parameters, members of replies and faults are made of it. */
export const SNAPSHOT_WORD = { instance: 'DBSnapshot', cluster: 'DBClusterSnapshot' } as const;
export const SNAPSHOT_ARN_TYPE = { instance: 'snapshot', cluster: 'cluster-snapshot' } as const;

export function snapshotArn({
  kind,
  region,
  account,
  id,
}: Pick<DatabaseSnapshot, 'kind' | 'region' | 'account' | 'id'>): string {
  return `arn:aws:rds:${region}:${account}:${SNAPSHOT_ARN_TYPE[kind]}:${id}`;
}
