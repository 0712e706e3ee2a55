import type { DBInstance, DBInstanceStatusInfo } from '@aws-sdk/client-rds';

/** States from which RDS does not come back by itself [A §5.2]. */
const BROKEN = new Set([
  'failed',
  'restore-error',
  'incompatible-network',
  'incompatible-option-group',
  'incompatible-parameters',
  'incompatible-restore',
  'inaccessible-encryption-credentials',
  'inaccessible-encryption-credentials-recoverable',
  'insufficient-capacity',
  'storage-full',
]);

/** Whether a person has to mend the instance. Values we do not know count as busy, never as fine [A §11.8]. */
export function isBroken(status: string): boolean {
  return BROKEN.has(status);
}

/**
 * Whether a snapshot can be made: "must be in the available or storage-optimization state" (CreateDBSnapshot). The latter
 * may last for a day or longer, fully operational [A §5.2].
 */
export function canBeCaptured(status: string): boolean {
  return status === 'available' || status === 'storage-optimization';
}

/**
 * Whether it serves, with nothing under way that has to be waited for: what goes on in these may last for a day [A §5.2].
 * Which of them lets a command through, the command tells.
 */
export function isServing(status: string): boolean {
  return canBeCaptured(status) || status === 'storage-initialization' || status.startsWith('configuring-');
}

/** Those in which the server does not run, besides the broken ones [A §5.2]. */
const ENDED = new Set(['stopped', 'deleting']);

/**
 * Whether the server may take commits, now or in a moment. Values we do not know count, because that never makes a loss
 * look smaller than it is.
 */
export function mayCommit(status: string): boolean {
  return !isBroken(status) && !ENDED.has(status);
}

export function statusOf(instance: DBInstance): string {
  return instance.DBInstanceStatus ?? 'without a status';
}

/** Identifier or ARN of the source while the instance is a replica; null for a database of its own. */
export function sourceOf(instance: DBInstance): string | null {
  const source = instance.ReadReplicaSourceDBInstanceIdentifier;
  return source === undefined || source === '' ? null : source;
}

/** Status of the replication as RDS tells it, e.g. `replicating`; null where it tells none. */
export function replicationOf(instance: DBInstance): string | null {
  return replicationInfo(instance)?.Status ?? null;
}

/** What RDS says about replication that is in trouble; null where it says nothing. */
export function replicationMessageOf(instance: DBInstance): string | null {
  const message = replicationInfo(instance)?.Message ?? '';
  return message === '' ? null : message;
}

function replicationInfo(instance: DBInstance): DBInstanceStatusInfo | undefined {
  return instance.StatusInfos?.find((one) => one.StatusType === 'read replication');
}
