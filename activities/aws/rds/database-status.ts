import type { DBInstance } from '@aws-sdk/client-rds';

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
  const info = instance.StatusInfos?.find((one) => one.StatusType === 'read replication');
  return info?.Status ?? null;
}
