import { QUOTAS } from './durations';
import { faults } from './faults';
import type { DatabaseSnapshot } from './snapshot';

/** What the rules of [A §4] look at. */
export interface InstanceFacts {
  readonly id: string;
  readonly status: string;
  readonly retention: number;
  readonly isReplica: boolean;
  readonly isSource: boolean;
  /** Of which it is the writer. */
  readonly cluster: string | undefined;
  readonly encrypted: boolean;
  readonly deletionProtection: boolean;
}

/** Statuses in which an instance takes commands; `backing-up` is usable for clients but not for these [A §5.2]. */
const READY = new Set(['available', 'storage-optimization']);

function needReady(instance: InstanceFacts, action: string): void {
  if (READY.has(instance.status)) return;
  throw faults.instanceState(
    `Cannot ${action} DB instance ${instance.id}: it is not in the available state but ${instance.status}.`,
  );
}

/** [A §4] PromoteReadReplica; gaps R1, R2. */
export function checkPromotion(instance: InstanceFacts, retention: number): void {
  if (!instance.isReplica) throw faults.instanceState(`DB Instance is not a read replica: ${instance.id}`);
  needReady(instance, 'promote');
  checkRetention(retention);
  if (retention === 0 && instance.isSource) {
    throw faults.combination(
      `Backups cannot be disabled on ${instance.id}: it is the source of a read replica.`,
    );
  }
}

export function checkRetention(days: number): void {
  if (!Number.isInteger(days) || days < 0 || days > 35) {
    throw faults.value(`Invalid backup retention period: ${days}. Must be between 0 and 35.`);
  }
}

/** [A §4] CreateDBInstanceReadReplica; gap R5. */
export function checkReplica(
  source: InstanceFacts & { readonly replicas: number },
  replica: { readonly crossRegion: boolean; readonly kmsKeyId: string | undefined },
): void {
  refuseMember(source, 'be replicated');
  needReady(source, 'create a read replica of');
  if (source.retention === 0) {
    throw faults.instanceState(
      `Automated backups are not enabled for ${source.id}; set a backup retention period above 0 first.`,
    );
  }
  if (source.encrypted && replica.crossRegion && replica.kmsKeyId === undefined) {
    throw faults.noKey(
      `${source.id} is encrypted: a replica in another Region needs the KmsKeyId of a key in that Region.`,
    );
  }
  if (!source.encrypted && replica.kmsKeyId !== undefined) {
    throw faults.combination('You cannot create an encrypted read replica from an unencrypted DB instance.');
  }
  if (source.replicas >= QUOTAS.replicasPerSource) {
    throw faults.instanceState(`${source.id} has ${source.replicas} read replicas, which is the limit.`);
  }
}

/** [A §4] CreateDBSnapshot; gap R7. */
export function checkSnapshot(instance: InstanceFacts): void {
  refuseMember(instance, 'be backed up; take a snapshot of the cluster');
  needReady(instance, 'create a snapshot of');
}

export function checkSnapshotQuota(manualSnapshots: number): void {
  if (manualSnapshots >= QUOTAS.manualSnapshots) throw faults.snapshotQuota(QUOTAS.manualSnapshots);
}

/** @param running copies from other Regions into this one that are under way */
export function checkCopiesInProgress(running: number): void {
  if (running >= QUOTAS.copiesInProgress) throw faults.copiesInProgress(QUOTAS.copiesInProgress);
}

/** What only an instance with data of its own can. */
function refuseMember({ id, cluster }: InstanceFacts, what: string): void {
  if (cluster === undefined) return;
  throw faults.instanceState(`${id} is a member of the DB cluster ${cluster} and cannot ${what}.`);
}

/** [A §4] CopyDBSnapshot, CopyDBClusterSnapshot; gap R8. */
export function checkSnapshotCopy(
  source: Pick<DatabaseSnapshot, 'kind' | 'id' | 'status' | 'encrypted'>,
  copy: {
    readonly crossRegion: boolean;
    readonly crossAccount?: boolean;
    readonly kmsKeyId: string | undefined;
  },
): void {
  checkSnapshotAvailable(source);
  if (source.encrypted && copy.crossRegion && copy.crossAccount === true) {
    throw faults.combination(
      `${source.id} is encrypted and of another account: it can be copied within its Region only.`,
    );
  }
  if (source.encrypted && copy.crossAccount === true && copy.kmsKeyId === undefined) {
    throw faults.noKey(`${source.id} is encrypted and of another account: a copy needs a key of its own.`);
  }
  if (source.encrypted && copy.crossRegion && copy.kmsKeyId === undefined) {
    throw faults.noKey(
      `${source.id} is encrypted: a copy in another Region needs the KmsKeyId of a key in that Region.`,
    );
  }
}

export function checkSnapshotAvailable({
  kind,
  id,
  status,
}: Pick<DatabaseSnapshot, 'kind' | 'id' | 'status'>): void {
  if (status === 'available') return;
  throw faults.snapshotState(kind, `The snapshot ${id} is not in the available state but ${status}.`);
}

export function checkModification(instance: InstanceFacts, retention: number | undefined): void {
  needReady(instance, 'modify');
  if (retention === undefined) return;
  checkRetention(retention);
  if (retention === 0 && instance.isSource) {
    throw faults.combination(
      `Backups cannot be disabled on ${instance.id}: it is the source of a read replica.`,
    );
  }
}

export function checkReboot(
  instance: InstanceFacts & { readonly multiAz: boolean },
  failover: boolean,
): void {
  needReady(instance, 'reboot');
  if (failover && !instance.multiAz) {
    throw faults.combination(`${instance.id} is not Multi-AZ: ForceFailover is impossible.`);
  }
}

/** [A §4] StopDBInstance; gap R12. */
export function checkStop(instance: InstanceFacts): void {
  refuseMember(instance, 'be stopped by itself');
  needReady(instance, 'stop');
  if (instance.isReplica)
    throw faults.instanceState(`${instance.id} is a read replica and cannot be stopped.`);
  if (instance.isSource) {
    throw faults.instanceState(`${instance.id} is the source of a read replica and cannot be stopped.`);
  }
}

export function checkStart(instance: InstanceFacts): void {
  if (instance.status === 'stopped') return;
  throw faults.instanceState(
    `Cannot start DB instance ${instance.id}: it is not stopped but ${instance.status}.`,
  );
}

/** [A §4] DeleteDBInstance; gap R11. */
export function checkDeletion(
  instance: InstanceFacts,
  request: { readonly skipFinalSnapshot: boolean; readonly finalSnapshotId: string | undefined },
): void {
  const { skipFinalSnapshot, finalSnapshotId } = request;
  if (instance.cluster !== undefined) {
    checkMemberDeletion(instance, finalSnapshotId);
    return;
  }
  if (instance.deletionProtection) {
    throw faults.combination(
      'Cannot delete protected DB Instance, please disable deletion protection and try again.',
    );
  }
  if (instance.status === 'deleting') throw faults.instanceState(`${instance.id} is already being deleted.`);
  if (skipFinalSnapshot && finalSnapshotId !== undefined) {
    throw faults.combination(
      'FinalDBSnapshotIdentifier can not be specified when SkipFinalSnapshot is true.',
    );
  }
  if (instance.isReplica && !skipFinalSnapshot) {
    throw faults.combination(`${instance.id} is a read replica: SkipFinalSnapshot is required.`);
  }
  if (!skipFinalSnapshot && finalSnapshotId === undefined) {
    throw faults.combination('FinalDBSnapshotIdentifier is required unless SkipFinalSnapshot is specified.');
  }
  if (finalSnapshotId !== undefined) needReady(instance, 'create the final snapshot of');
}

/** The data and their protection are the cluster's: nothing is lost, and nothing can be kept here. */
function checkMemberDeletion({ id, status }: InstanceFacts, finalSnapshotId: string | undefined): void {
  if (status === 'deleting') throw faults.instanceState(`${id} is already being deleted.`);
  if (finalSnapshotId === undefined) return;
  throw faults.combination(
    `${id} is a member of a DB cluster: FinalDBSnapshotIdentifier can not be specified.`,
  );
}

/** @throws AwsFault for a master user that PostgreSQL on RDS does not have */
export function checkMaster(username: string, password: string): void {
  checkPassword(password);
  checkIdentifier('MasterUsername', username.replaceAll('_', ''), 63);
  if (/^(rdsadmin|rds|postgres_?admin|pg_)/.test(username)) {
    throw faults.value(
      `MasterUsername ${username} cannot be used as it is a reserved word used by the engine`,
    );
  }
}

export function checkPassword(password: string): void {
  if (password.length >= 8) return;
  throw faults.value(
    'The parameter MasterUserPassword is not a valid password because it is shorter than 8 characters.',
  );
}

/** A letter first, then letters, digits and single hyphens, none at the end; at most `length`. */
export function checkIdentifier(name: string, value: string, length: number): void {
  if (value.length <= length && /^[A-Za-z][A-Za-z0-9]*(-[A-Za-z0-9]+)*$/.test(value)) return;
  throw faults.value(
    `The parameter ${name} is not a valid identifier: "${value}". Identifiers must begin with a letter; must ` +
      'contain only ASCII letters, digits, and hyphens; and must not end with a hyphen or contain two consecutive hyphens.',
  );
}
