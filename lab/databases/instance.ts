import { randomInt } from 'node:crypto';
import { AURORA } from './cluster';
import type { DatabaseCluster } from './cluster';
import type { PostgresServer } from './postgres/server';

/** Settings of ModifyDBInstance that may have to wait; absent members change nothing. */
export interface Settings {
  readonly newId?: string | undefined;
  readonly instanceClass?: string | undefined;
  readonly allocatedStorage?: number | undefined;
  readonly engineVersion?: string | undefined;
  readonly multiAz?: boolean | undefined;
  readonly retention?: number | undefined;
  readonly password?: string | undefined;
  readonly deletionProtection?: boolean | undefined;
  readonly copyTags?: boolean | undefined;
  readonly securityGroups?: readonly string[] | undefined;
  readonly parameterGroup?: string | undefined;
  readonly maxAllocatedStorage?: number | undefined;
  readonly backupWindow?: string | undefined;
  readonly maintenanceWindow?: string | undefined;
}

export interface InstanceTraits {
  id: string;
  readonly region: string;
  readonly account: string;
  instanceClass: string;
  allocatedStorage: number;
  engineVersion: string;
  readonly username: string;
  /** Database made at creation; Bitbucket's. */
  readonly databaseName: string | undefined;
  retention: number;
  multiAz: boolean;
  deletionProtection: boolean;
  copyTags: boolean;
  publiclyAccessible: boolean;
  readonly encrypted: boolean;
  readonly kmsKeyId: string | undefined;
  securityGroups: readonly string[];
  parameterGroup: string;
  readonly subnetGroup: string;
  readonly availabilityZone: string;
  /** GiB up to which the storage would be extended; absent: it is not. */
  maxAllocatedStorage?: number | undefined;
  /** Absent: those of the Region. */
  backupWindow?: string | undefined;
  maintenanceWindow?: string | undefined;
  readonly logExports?: readonly string[] | undefined;
  readonly certificateAuthority?: string | undefined;
  tags: Readonly<Record<string, string>>;
}

/** A DB instance as the control plane knows it, and its server. Mutable: it is the state of the emulated RDS. */
export class DatabaseInstance {
  status = 'creating';
  /** What a Describe still shows, and until when (virtual epoch ms). */
  shown: { readonly status: string; readonly until: number } | undefined;
  /** Endpoint is told from now on. */
  reachable = false;
  /** The server is meant to run: it starts again when the power returns. */
  running = false;
  parameterGroupStatus: 'in-sync' | 'pending-reboot' = 'in-sync';
  pending: Settings = {};
  /** Resource id of the source, while this is a replica. */
  source: { readonly resourceId: string; readonly id: string; readonly region: string } | undefined;
  /** The source was deleted: replication is terminated and the replica waits to be promoted [A §5.3]. */
  sourceGone = false;
  /** Virtual epoch ms of the last stop. */
  stoppedAt: number | undefined;
  private last: Promise<unknown> = Promise.resolve();

  constructor(
    readonly traits: InstanceTraits,
    /** The key that survives a rename [A §5.4]. */
    readonly resourceId: string,
    public server: PostgresServer,
    readonly createdAt: number,
    /** Owns the data; absent for an instance that has data of its own. */
    readonly cluster?: DatabaseCluster | undefined,
  ) {}

  get engine(): string {
    return this.cluster === undefined ? 'postgres' : AURORA;
  }

  get id(): string {
    return this.traits.id;
  }

  get region(): string {
    return this.traits.region;
  }

  get arn(): string {
    return instanceArn(this.traits.region, this.traits.account, this.traits.id);
  }

  get address(): string {
    return this.server.options.address;
  }

  /** Works on the server one at a time. */
  exclusively<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.last.then(work);
    this.last = turn.catch(() => undefined);
    return turn;
  }
}

function instanceArn(region: string, account: string, id: string): string {
  return `arn:aws:rds:${region}:${account}:db:${id}`;
}

export function newResourceId(kind: 'db' | 'cluster'): string {
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
  return `${kind}-${Array.from({ length: 26 }, () => letters[randomInt(letters.length)]).join('')}`;
}
