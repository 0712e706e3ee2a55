import type { PostgresServer } from './postgres/server';

export const AURORA = 'aurora-postgresql';

/** Settings of ModifyDBCluster; absent members change nothing. */
export interface ClusterSettings {
  readonly newId?: string | undefined;
  readonly password?: string | undefined;
  readonly retention?: number | undefined;
  readonly deletionProtection?: boolean | undefined;
  readonly copyTags?: boolean | undefined;
  readonly securityGroups?: readonly string[] | undefined;
}

export interface ClusterTraits {
  id: string;
  readonly region: string;
  readonly account: string;
  readonly engineVersion: string;
  readonly username: string;
  /** Database made at creation; Bitbucket's. */
  readonly databaseName: string | undefined;
  retention: number;
  deletionProtection: boolean;
  copyTags: boolean;
  readonly encrypted: boolean;
  readonly kmsKeyId: string | undefined;
  securityGroups: readonly string[];
  readonly parameterGroup: string;
  readonly subnetGroup: string;
  tags: Readonly<Record<string, string>>;
}

/** An Aurora cluster: owns the data, which stay when the instance that serves them goes. Mutable, as the instances. */
export class DatabaseCluster {
  status = 'creating';
  /** What a Describe still shows, and until when (virtual epoch ms). */
  shown: { readonly status: string; readonly until: number } | undefined;
  pending: ClusterSettings = {};

  constructor(
    readonly traits: ClusterTraits,
    /** The key that survives a rename. */
    readonly resourceId: string,
    /** Endpoint; its writer answers there. Without one nobody does. */
    public address: string,
    /** Works on the data while no instance runs on them; only the lab reaches it. */
    readonly storage: PostgresServer,
    readonly createdAt: number,
  ) {}

  get id(): string {
    return this.traits.id;
  }

  get region(): string {
    return this.traits.region;
  }

  get arn(): string {
    return `arn:aws:rds:${this.traits.region}:${this.traits.account}:cluster:${this.traits.id}`;
  }
}
