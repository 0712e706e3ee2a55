import { AURORA } from './cluster';
import { PORT } from './postgres/settings';
import { renderTags } from './render';
import { SNAPSHOT_WORD, snapshotArn } from './snapshot';
import type { ClusterSnapshot, DatabaseSnapshot, InstanceSnapshot } from './snapshot';

/** The reply of a call that makes or deletes one; `now` is virtual epoch ms. */
export function answerSnapshot(snapshot: DatabaseSnapshot, now: number): object {
  return { [SNAPSHOT_WORD[snapshot.kind]]: renderSnapshot(snapshot, now) };
}

/** A snapshot in the words of the RDS API; `now` is virtual epoch ms. */
export function renderSnapshot(snapshot: DatabaseSnapshot, now: number): object {
  const underWay = snapshot.status === 'creating' || snapshot.status === 'copying';
  const common = {
    SnapshotType: 'manual',
    Status: snapshot.status,
    PercentProgress: underWay ? percentOf(snapshot, now) : 100,
    EngineVersion: snapshot.origin.engineVersion,
    LicenseModel: 'postgresql-license',
    MasterUsername: snapshot.origin.username,
    KmsKeyId: snapshot.kmsKeyId,
    TagList: renderTags(snapshot.tags),
  };
  return snapshot.kind === 'instance'
    ? { ...common, ...ofInstance(snapshot, underWay) }
    : { ...common, ...ofCluster(snapshot) };
}

function percentOf({ startedAt, seconds }: DatabaseSnapshot, now: number): number {
  const elapsed = (now - startedAt) / 1000;
  return seconds === 0 ? 99 : Math.min(99, Math.floor((elapsed / seconds) * 100));
}

function ofInstance(snapshot: InstanceSnapshot, underWay: boolean): object {
  const { origin } = snapshot;
  // RDS tells the time of a snapshot only when it is there.
  const createdAt = underWay ? undefined : new Date(snapshot.createdAt);
  return {
    DBSnapshotIdentifier: snapshot.id,
    DBSnapshotArn: snapshotArn(snapshot),
    DBInstanceIdentifier: origin.id,
    DbiResourceId: snapshot.resourceId,
    SnapshotCreateTime: createdAt,
    OriginalSnapshotCreateTime: createdAt,
    Engine: 'postgres',
    AllocatedStorage: origin.allocatedStorage,
    StorageType: 'gp3',
    Port: PORT,
    AvailabilityZone: origin.availabilityZone,
    Encrypted: snapshot.encrypted,
    SourceRegion: snapshot.sourceRegion,
    SourceDBSnapshotIdentifier: snapshot.sourceArn,
  };
}

/** The time is that of the data, told from the start on and kept by copies; there is no other one. */
function ofCluster(snapshot: ClusterSnapshot): object {
  const { origin } = snapshot;
  return {
    DBClusterSnapshotIdentifier: snapshot.id,
    DBClusterSnapshotArn: snapshotArn(snapshot),
    DBClusterIdentifier: origin.id,
    DbClusterResourceId: snapshot.resourceId,
    SnapshotCreateTime: new Date(snapshot.createdAt),
    Engine: AURORA,
    EngineMode: 'provisioned',
    AllocatedStorage: 1,
    StorageType: 'aurora',
    // Aurora tells no port here.
    Port: 0,
    StorageEncrypted: snapshot.encrypted,
    SourceDBClusterSnapshotArn: snapshot.sourceArn,
  };
}
