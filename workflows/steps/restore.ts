import type { Manifest, ProductFacts } from '../plan/backup/manifest';
import type { BackupStore, Credentials, FileServer } from '../plan/instance';
import { defineObservation, defineStep } from '../runbook/step';

export interface ReadManifest {
  readonly store: BackupStore;
  readonly instance: string;
  readonly backup: string;
}

/** What the store says of a backup; the reason where there is no manifest that could be read. */
export const readManifest = defineObservation<
  ReadManifest,
  {
    readonly manifest: Manifest | null;
    /** Of its bytes, in hex. */
    readonly sha256: string | null;
    readonly reason: string | null;
  }
>({ name: 'readManifest', title: 'Read the manifest of the backup', deadlineSeconds: 120 });

export interface KeepUsersOut {
  readonly region: string;
  readonly autoScalingGroup: string;
}

/** Nodes that start from now on are not put into the load balancer. Undo: they are again. */
export const keepUsersOut = defineStep<KeepUsersOut, { readonly suspended: boolean }>({
  name: 'keepUsersOut',
  title: 'Keep users away from the nodes that will start',
  risk: 'reversible',
  deadlineSeconds: 300,
  expectedSeconds: 5,
});

export interface UnmountHome {
  readonly region: string;
  readonly fileServer: FileServer;
}

/** Withdraws the export, unmounts every volume, and keeps the NFS server off across a reboot. Undo mounts and exports. */
export const unmountHome = defineStep<UnmountHome, { readonly unmounted: boolean }>({
  name: 'unmountHome',
  title: 'Withdraw and unmount the present home',
  risk: 'reversible',
  deadlineSeconds: 900,
  expectedSeconds: 10,
});

/** A cluster, and what it is called once it is set aside. */
export interface RenamedCluster {
  readonly id: string;
  readonly asideId: string;
}

export interface SetDatabaseAside {
  readonly region: string;
  readonly databaseId: string;
  /** Its identifier from then on; chosen by the run, so that every attempt knows it. */
  readonly asideId: string;
  /** The cluster that it is the writer of, which is renamed with it. */
  readonly cluster?: RenamedCluster | undefined;
  /** Tag for people: nothing deletes it by itself. ISO 8601. */
  readonly keepUntil: string;
}

/**
 * Renames the database, which is kept. Tagged before; whatever answer was lost, the tag on the new name tells. Undo
 * renames it back, once the name is free again, which takes minutes [A §5.4].
 */
export const setDatabaseAside = defineStep<SetDatabaseAside, { readonly asideId: string }>({
  name: 'setDatabaseAside',
  title: 'Rename the present database and keep it',
  risk: 'reversible',
  deadlineSeconds: 3600,
  expectedSeconds: 600,
});

export interface RestoreDatabase {
  readonly region: string;
  readonly databaseId: string;
  readonly snapshotId: string;
  /** Where the former database is found after the renaming: class, subnets and storage are taken from it. */
  readonly asideId: string;
  /** The cluster that is restored under the former name, with one instance, where the snapshot is one of a cluster. */
  readonly cluster?: RenamedCluster | undefined;
  readonly securityGroups: readonly string[];
  readonly parameterGroup?: string | undefined;
  readonly databaseName: string;
  readonly credentials: Credentials;
}

/**
 * A new database from the snapshot under the former identifier. AlreadyExists right after the renaming is waited for.
 * Proven by a login and a server that is not in recovery. Undo deletes it, and only it: what this run did not make stays.
 */
export const restoreDatabase = defineStep<
  RestoreDatabase,
  { readonly address: string; readonly port: number }
>({
  name: 'restoreDatabase',
  title: 'Restore the database from the snapshot',
  risk: 'reversible',
  deadlineSeconds: 4 * 3600,
  expectedSeconds: 1200,
});

export interface ConfigureCluster {
  readonly region: string;
  readonly clusterId: string;
  readonly backupRetentionDays: number;
  readonly deletionProtection: boolean;
}

/** Backups and protection of a restored cluster, which a restore does not bring. Undo lifts the protection again. */
export const configureCluster = defineStep<ConfigureCluster, { readonly changed: readonly string[] }>({
  name: 'configureCluster',
  title: 'Set backups and protection of the restored cluster',
  risk: 'reversible',
  deadlineSeconds: 1800,
  expectedSeconds: 60,
});

export interface CompareWithBackup {
  /** Base URLs, asked in turn until one answers. */
  readonly nodes: readonly string[];
  readonly administrator: Credentials;
  readonly expected: ProductFacts;
  /** What people can do where it differs. */
  readonly remedy?: string | undefined;
  /** Fewer projects or repositories are told as well, unless there are none: each row is looked at by another step. */
  readonly fewerAreTold?: boolean | undefined;
}

/** Version, projects and repositories as the manifest has them; what is less is a failure, what is more is told. */
export const compareWithBackup = defineStep<CompareWithBackup, ProductFacts>({
  name: 'compareWithBackup',
  title: 'Compare the restored instance with the manifest',
  risk: 'readOnly',
  deadlineSeconds: 300,
  expectedSeconds: 5,
});

export interface AdmitUsers {
  readonly region: string;
  readonly autoScalingGroup: string;
  readonly loadBalancer: string;
}

/** Puts the running nodes into the load balancer, and those that start from now on. Users may write from here. */
export const admitUsers = defineStep<AdmitUsers, { readonly nodes: readonly string[] }>({
  name: 'admitUsers',
  title: 'Let users in again: from here they write to the restored instance',
  risk: 'pointOfNoReturn',
  deadlineSeconds: 900,
  expectedSeconds: 60,
});

export interface SetNodeNumbers {
  readonly region: string;
  readonly autoScalingGroup: string;
  readonly minimum: number;
  readonly maximum: number;
  readonly desired: number;
}

/** Gives the group the numbers that it had before the run stopped its nodes. */
export const setNodeNumbers = defineStep<SetNodeNumbers, { readonly changed: boolean }>({
  name: 'setNodeNumbers',
  title: 'Give the Auto Scaling group its former numbers',
  risk: 'reversible',
  deadlineSeconds: 300,
  expectedSeconds: 5,
});
