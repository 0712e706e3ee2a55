import { checkClusterDeletion, checkClusterRetention } from '../../../lab/databases/cluster-rules';
import { AwsFault } from '../../../lab/gateway/overlay';
import {
  checkDeletion,
  checkIdentifier,
  checkModification,
  checkPromotion,
  checkReplica,
  checkSnapshot,
  checkSnapshotCopy,
  checkSnapshotQuota,
  checkStart,
  checkStop,
} from '../../../lab/databases/preconditions';
import type { InstanceFacts } from '../../../lab/databases/preconditions';

const writer: InstanceFacts = {
  id: 'db-a',
  status: 'available',
  retention: 7,
  isReplica: false,
  isSource: false,
  cluster: undefined,
  encrypted: false,
  deletionProtection: false,
};
const replica: InstanceFacts = { ...writer, id: 'db-b', retention: 0, isReplica: true };

function codeOf(check: () => void): string | undefined {
  try {
    check();
    return undefined;
  } catch (error) {
    if (error instanceof AwsFault) return error.code;
    throw error;
  }
}

test('promotion needs an available replica, and backups where it is a source itself', () => {
  expect(codeOf(() => checkPromotion(replica, 1))).toBeUndefined();
  expect(codeOf(() => checkPromotion(writer, 1))).toBe('InvalidDBInstanceState');
  for (const status of ['backing-up', 'modifying', 'rebooting', 'creating']) {
    expect(codeOf(() => checkPromotion({ ...replica, status }, 1))).toBe('InvalidDBInstanceState');
  }
  expect(codeOf(() => checkPromotion(replica, 36))).toBe('InvalidParameterValue');
  expect(codeOf(() => checkPromotion({ ...replica, isSource: true }, 0))).toBe('InvalidParameterCombination');
});

test('a replica needs a source with backups, and a key of its region when that is encrypted elsewhere', () => {
  const source = { ...writer, replicas: 0 };
  const near = { crossRegion: false, kmsKeyId: undefined };
  const far = { crossRegion: true, kmsKeyId: undefined };
  expect(codeOf(() => checkReplica(source, far))).toBeUndefined();
  expect(codeOf(() => checkReplica({ ...source, retention: 0 }, near))).toBe('InvalidDBInstanceState');
  expect(codeOf(() => checkReplica({ ...source, status: 'stopped' }, near))).toBe('InvalidDBInstanceState');
  expect(codeOf(() => checkReplica({ ...source, encrypted: true }, near))).toBeUndefined();
  expect(codeOf(() => checkReplica({ ...source, encrypted: true }, far))).toBe('KMSKeyNotAccessibleFault');
  expect(codeOf(() => checkReplica(source, { ...far, kmsKeyId: 'key' }))).toBe('InvalidParameterCombination');
  expect(codeOf(() => checkReplica({ ...source, replicas: 15 }, near))).toBe('InvalidDBInstanceState');
});

test('snapshots need an available instance and room, copies an available snapshot and a key', () => {
  expect(codeOf(() => checkSnapshotQuota(99))).toBeUndefined();
  expect(codeOf(() => checkSnapshotQuota(100))).toBe('SnapshotQuotaExceeded');
  expect(codeOf(() => checkSnapshot(writer))).toBeUndefined();
  expect(codeOf(() => checkSnapshot({ ...writer, status: 'stopped' }))).toBe('InvalidDBInstanceState');
  const snapshot = { kind: 'instance', id: 's', status: 'available', encrypted: true } as const;
  expect(codeOf(() => checkSnapshotCopy(snapshot, { crossRegion: true, kmsKeyId: 'key' }))).toBeUndefined();
  expect(codeOf(() => checkSnapshotCopy(snapshot, { crossRegion: true, kmsKeyId: undefined }))).toBe(
    'KMSKeyNotAccessibleFault',
  );
  expect(
    codeOf(() =>
      checkSnapshotCopy({ ...snapshot, status: 'creating' }, { crossRegion: false, kmsKeyId: 'k' }),
    ),
  ).toBe('InvalidDBSnapshotState');
});

test('neither a replica nor its source is stopped, and only a stopped instance is started', () => {
  expect(codeOf(() => checkStop(writer))).toBeUndefined();
  expect(codeOf(() => checkStop(replica))).toBe('InvalidDBInstanceState');
  expect(codeOf(() => checkStop({ ...writer, isSource: true }))).toBe('InvalidDBInstanceState');
  expect(codeOf(() => checkStart(writer))).toBe('InvalidDBInstanceState');
  expect(codeOf(() => checkStart({ ...writer, status: 'stopped' }))).toBeUndefined();
});

test('deletion needs protection off and exactly one word about the final snapshot', () => {
  const skip = { skipFinalSnapshot: true, finalSnapshotId: undefined };
  const final = { skipFinalSnapshot: false, finalSnapshotId: 's' };
  expect(codeOf(() => checkDeletion(writer, skip))).toBeUndefined();
  expect(codeOf(() => checkDeletion(writer, final))).toBeUndefined();
  for (const wrong of [
    () => checkDeletion({ ...writer, deletionProtection: true }, skip),
    () => checkDeletion(writer, { ...final, skipFinalSnapshot: true }),
    () => checkDeletion(writer, { ...skip, skipFinalSnapshot: false }),
    () => checkDeletion(replica, final),
  ]) {
    expect(codeOf(wrong)).toBe('InvalidParameterCombination');
  }
  expect(codeOf(() => checkDeletion({ ...writer, status: 'stopped' }, final))).toBe('InvalidDBInstanceState');
});

test('a busy instance is not modified, and a source keeps its backups', () => {
  expect(codeOf(() => checkModification({ ...writer, status: 'backing-up' }, undefined))).toBe(
    'InvalidDBInstanceState',
  );
  expect(codeOf(() => checkModification({ ...writer, isSource: true }, 0))).toBe(
    'InvalidParameterCombination',
  );
  expect(codeOf(() => checkModification(writer, 0))).toBeUndefined();
});

test('a member of a cluster is neither stopped, replicated nor backed up, and takes no final snapshot', () => {
  const member = { ...writer, cluster: 'c' };
  for (const wrong of [
    () => checkStop(member),
    () => checkSnapshot(member),
    () => checkReplica({ ...member, replicas: 0 }, { crossRegion: false, kmsKeyId: undefined }),
    () => checkPromotion(member, 1),
  ]) {
    expect(codeOf(wrong)).toBe('InvalidDBInstanceState');
  }
  const nothing = { skipFinalSnapshot: false, finalSnapshotId: undefined };
  expect(codeOf(() => checkDeletion(member, nothing))).toBeUndefined();
  expect(codeOf(() => checkDeletion(member, { ...nothing, finalSnapshotId: 's' }))).toBe(
    'InvalidParameterCombination',
  );
});

test('a cluster goes after its instance, unprotected and with one word about the final snapshot', () => {
  const cluster = { id: 'c', status: 'available', deletionProtection: false, writer: undefined };
  const skip = { skipFinalSnapshot: true, finalSnapshotId: undefined };
  const final = { skipFinalSnapshot: false, finalSnapshotId: 's' };
  expect(codeOf(() => checkClusterDeletion(cluster, skip))).toBeUndefined();
  expect(codeOf(() => checkClusterDeletion({ ...cluster, writer: 'deleting' }, final))).toBeUndefined();
  expect(codeOf(() => checkClusterDeletion({ ...cluster, writer: 'available' }, skip))).toBe(
    'InvalidDBClusterStateFault',
  );
  expect(codeOf(() => checkClusterDeletion({ ...cluster, status: 'backing-up' }, final))).toBe(
    'InvalidDBClusterStateFault',
  );
  for (const wrong of [
    () => checkClusterDeletion({ ...cluster, deletionProtection: true }, skip),
    () => checkClusterDeletion(cluster, { ...final, skipFinalSnapshot: true }),
    () => checkClusterDeletion(cluster, { ...skip, skipFinalSnapshot: false }),
  ]) {
    expect(codeOf(wrong)).toBe('InvalidParameterCombination');
  }
});

test('the backups of a cluster cannot be switched off', () => {
  expect(codeOf(() => checkClusterRetention(1))).toBeUndefined();
  expect(codeOf(() => checkClusterRetention(0))).toBe('InvalidParameterValue');
  expect(codeOf(() => checkClusterRetention(36))).toBe('InvalidParameterValue');
});

test.each(['', '1a', 'a--b', 'a-', 'a_b', 'a'.repeat(64)])('the identifier "%s" is refused', (id) => {
  expect(codeOf(() => checkIdentifier('DBInstanceIdentifier', id, 63))).toBe('InvalidParameterValue');
});
