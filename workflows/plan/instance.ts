/**
 * An instance as the estate describes it, pinned in the run's history by `admit`. Plain data; the names of secrets,
 * never their values. Which site is active is not in here: it is observed.
 */
export interface Instance {
  readonly name: string;
  /** What users type, e.g. `https://bitbucket.example.com`; stays the same across a failover. */
  readonly url: string;
  readonly dns: DnsRecord;
  readonly credentials: {
    /** System administrator for REST calls, Basic authentication [B §3]. */
    readonly administrator: Credentials;
    /** Ordinary user that clones from and pushes to the probe repository. */
    readonly probe: Credentials;
    /** Owner of Bitbucket's database. */
    readonly database: Credentials;
  };
  readonly probeRepository: { readonly project: string; readonly slug: string };
  readonly databaseName: string;
  readonly sites: readonly Site[];
  readonly mirrors: readonly Mirror[];
  /** Absent: it is not backed up by us. */
  readonly backup?: BackupPlan | undefined;
}

export interface BackupPlan {
  readonly store: BackupStore;
  readonly copies: readonly CopyPlan[];
  /** Absent: none. */
  readonly vaults?: readonly VaultPlan[] | undefined;
  /** Repositories on Mesh nodes are backed up by other means. Absent: there are to be none. */
  readonly mesh?: 'elsewhere' | undefined;
  /** Absent: backups cannot be verified. */
  readonly drill?: DrillSite | undefined;
}

/**
 * Where a backup is tried out: shaped like a site, and no part of the service. Its group runs no node, nothing is attached
 * to its file server and its database does not exist, but while a run tries a backup there.
 */
export interface DrillSite {
  readonly region: string;
  readonly stack: Site['stack'];
  readonly nodes: { readonly autoScalingGroup: string; readonly port: number };
  readonly fileServer: FileServer;
  readonly database: {
    /** Identifier of the DB instance that is created and deleted. */
    readonly id: string;
    /** Of the DB cluster that is created and deleted with it. Absent: backups of Aurora cannot be tried. */
    readonly cluster?: string | undefined;
    /** Absent: the class of the database that was backed up. */
    readonly instanceClass?: string | undefined;
    readonly subnetGroup: string;
    readonly parameterGroup?: string | undefined;
    readonly securityGroups: readonly string[];
  };
}

/** Where manifests and records are kept. */
export interface BackupStore {
  readonly bucket: string;
  readonly region: string;
  /** Ends with a slash. */
  readonly prefix: string;
}

/**
 * A place in another account that gets every backup, out of reach of whoever takes over ours. It lies in the region of a
 * site and copies what is there: an encrypted DB snapshot of another account can only be copied within its region [A §5.4].
 */
export interface VaultPlan {
  /** As people read it; no site has the same. */
  readonly name: string;
  /** Name of the site in whose region it lies. */
  readonly site: string;
  /** Twelve digits. */
  readonly account: string;
  /** ARN of the role of that account that the worker takes on. */
  readonly role: string;
  /** Of that account: what is encrypted can only be copied under a key of the copy's owner. */
  readonly kmsKeyId: string;
}

/** How an activity gets into another account. */
export type Vault = Pick<VaultPlan, 'account' | 'role'>;

interface CopyPlan {
  /** Name of the site whose region gets a copy. */
  readonly site: string;
  readonly kmsKeyId?: string | undefined;
}

/** References such as `env:BITBUCKET_ADMIN_PASSWORD`, `file:/run/secrets/db`, resolved inside activities only. */
export interface Credentials {
  readonly username: string;
  readonly password: string;
}

export interface DnsRecord {
  readonly zoneId: string;
  /** Record name without the trailing dot. */
  readonly name: string;
  readonly ttlSeconds: number;
  /** `host` or `host:port` of the resolvers that are asked; empty = those of the system. */
  readonly resolvers: readonly string[];
}

export interface Site {
  readonly name: string;
  readonly region: string;
  readonly stack: {
    readonly name: string;
    /** Stack parameter that is rendered into bitbucket.properties at each boot [B §9.3]. */
    readonly propertiesParameter: string;
  };
  readonly nodes: {
    readonly autoScalingGroup: string;
    /** How many nodes this site runs when it is the active one. */
    readonly count: number;
    readonly port: number;
  };
  readonly fileServer: FileServer;
  readonly database: {
    /** DB instance identifier; of the writer, where it is a cluster. */
    readonly id: string;
    /** DB cluster identifier. Absent: no Aurora. */
    readonly cluster?: string | undefined;
    readonly multiAz: boolean;
    readonly backupRetentionDays: number;
    readonly deletionProtection: boolean;
    readonly parameterGroup?: string | undefined;
    readonly securityGroups: readonly string[];
  };
  readonly loadBalancer: { readonly kind: 'classic'; readonly name: string };
  /** CloudWatch alarms that scale or replace nodes. */
  readonly alarms: readonly string[];
  /** Absent: its search index is in no backup, and is built anew after a restore. */
  readonly search?: SearchServer | undefined;
}

/** The search server of a site, and where the snapshots of its index go. */
export interface SearchServer {
  readonly url: string;
  /** Snapshot repository, which is registered there already. */
  readonly repository: string;
  readonly index: string;
  /** Absent: it asks for none. */
  readonly credentials?: Credentials | undefined;
}

export interface FileServer {
  readonly instanceId: string;
  readonly sharedHome: string;
  /** Directory that is exported to the nodes. */
  readonly exportPath: string;
  /** Client specification of the export, e.g. `10.0.0.0/16(rw,sync,no_root_squash)`. */
  readonly exportTo: string;
  readonly owner: string;
  readonly volumes: readonly FileServerVolume[];
}

interface FileServerVolume {
  /** `home`, or the name of a data store; the tag `runbooks:volume` of its snapshots. */
  readonly name: string;
  readonly device: string;
  readonly mountPoint: string;
  readonly type: string;
  /** Absent: what EBS gives by itself. */
  readonly iops?: number | undefined;
  /** MiB/s. Absent: what EBS gives by itself. */
  readonly throughput?: number | undefined;
}

export interface Mirror {
  readonly name: string;
  readonly url: string;
}
