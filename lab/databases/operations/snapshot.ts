import { randomBytes } from 'node:crypto';
import { factsOf, needInstance, needOwnSnapshot, needSnapshot } from '../control';
import type { Control, Operation } from '../control';
import { QUOTAS, SECONDS } from '../durations';
import { faults } from '../faults';
import type { DatabaseInstance } from '../instance';
import { checkIdentifier, checkSnapshot, checkSnapshotAvailable, checkSnapshotCopy } from '../preconditions';
import { renderSnapshot } from '../render';
import type { RdsRequest } from '../request';
import { snapshotArn } from '../snapshot';
import type { DatabaseSnapshot } from '../snapshot';

/** CreateDBSnapshot [A §4, §5.4]; gap R7. The data are those at the time of the call, give or take the copying. */
export const createSnapshot: Operation = async (control, request) => {
  const instance = needInstance(control, request);
  const id = request.need('DBSnapshotIdentifier').toLowerCase();
  checkNewSnapshot(control, request, id);
  checkSnapshot(factsOf(control, instance), manualSnapshots(control, request));
  const inherited = instance.traits.copyTags ? instance.traits.tags : {};
  const snapshot = addSnapshot(control, instance, id, { ...inherited, ...request.tags() });
  const copied = takeSnapshot(control, instance, snapshot);
  control.transitions.start(instance, {
    phases: [{ status: 'backing-up', seconds: SECONDS.instanceInSnapshot, begin: () => copied }],
    final: 'available',
  });
  return { DBSnapshot: renderSnapshot(snapshot, control.clock.now()) };
};

export function checkNewSnapshot(
  control: Control,
  { region, account }: Pick<RdsRequest, 'region' | 'account'>,
  id: string,
): void {
  checkIdentifier('DBSnapshotIdentifier', id, 255);
  if (control.store.snapshot({ region, account, id }) !== undefined) throw faults.snapshotExists(id);
}

export function addSnapshot(
  control: Control,
  instance: DatabaseInstance,
  id: string,
  tags: Readonly<Record<string, string>>,
): DatabaseSnapshot {
  const now = control.clock.now();
  const snapshot: DatabaseSnapshot = {
    id,
    region: instance.region,
    account: instance.traits.account,
    sharedWith: new Set(),
    directory: control.servers.snapshotDirectory(`snapshot-${randomBytes(8).toString('hex')}`),
    instance: { ...instance.traits },
    instanceResourceId: instance.resourceId,
    // Wall-clock time, as everything that clients compare with their own clock.
    createdAt: Date.now(),
    startedAt: now,
    seconds: SECONDS.snapshot,
    sourceArn: undefined,
    sourceRegion: undefined,
    encrypted: instance.traits.encrypted,
    kmsKeyId: instance.traits.kmsKeyId,
    status: 'creating',
    tags,
  };
  control.store.addSnapshot(snapshot);
  return snapshot;
}

/** Starts the copying and moves the snapshot along; resolves, also after a failure, when the instance is free again. */
export function takeSnapshot(
  control: Control,
  instance: DatabaseInstance,
  snapshot: DatabaseSnapshot,
): Promise<void> {
  return new Promise((resolve) => {
    control.transitions.start(snapshot, {
      phases: [
        {
          status: 'creating',
          seconds: snapshot.seconds,
          begin: () => control.servers.takeSnapshot(instance, snapshot.directory).finally(() => resolve()),
        },
      ],
      final: 'available',
    });
  });
}

/** CopyDBSnapshot, called in the destination Region [A §5.4]; gap R8. */
export const copySnapshot: Operation = async (control, request) => {
  const { region, account } = request;
  const source = needSnapshot(control, request, request.need('SourceDBSnapshotIdentifier'));
  const id = request.need('TargetDBSnapshotIdentifier').toLowerCase();
  const crossRegion = source.region !== region;
  const kmsKeyId = request.text('KmsKeyId');
  if (!control.regions.reaches(source.region, region)) throw faults.unavailable(source.region);
  checkNewSnapshot(control, request, id);
  checkSnapshotCopy(source, { crossRegion, crossAccount: source.account !== account, kmsKeyId });
  if (manualSnapshots(control, request) >= QUOTAS.manualSnapshots) {
    throw faults.snapshotQuota(QUOTAS.manualSnapshots);
  }
  const copy: DatabaseSnapshot = {
    ...source,
    id,
    region,
    account,
    sharedWith: new Set(),
    directory: control.servers.snapshotDirectory(`snapshot-${randomBytes(8).toString('hex')}`),
    startedAt: control.clock.now(),
    seconds: crossRegion ? SECONDS.copyCrossRegion : SECONDS.copySameRegion,
    sourceArn: snapshotArn(source.region, source.account, source.id),
    sourceRegion: crossRegion ? source.region : undefined,
    encrypted: source.encrypted || kmsKeyId !== undefined,
    kmsKeyId: kmsKeyId ?? source.kmsKeyId,
    status: 'creating',
    tags: { ...(request.flag('CopyTags') === true ? source.tags : {}), ...request.tags() },
  };
  control.store.addSnapshot(copy);
  control.transitions.start(copy, {
    phases: [
      {
        status: 'creating',
        seconds: copy.seconds,
        // At the end, so that a source that is deleted too early fails the copy, as on RDS.
        end: () => control.servers.copySnapshot(source.directory, copy.directory),
      },
    ],
    final: 'available',
  });
  return { DBSnapshot: renderSnapshot(copy, control.clock.now()) };
};

export const deleteSnapshot: Operation = async (control, request) => {
  const snapshot = needOwnSnapshot(control, request);
  if (snapshot.status !== 'failed') checkSnapshotAvailable(snapshot);
  control.transitions.start(snapshot, {
    phases: [
      {
        status: 'deleting',
        seconds: SECONDS.deleteSnapshot,
        end: async () => {
          await control.servers.removeSnapshot(snapshot.directory);
          control.store.removeSnapshot(snapshot);
        },
      },
    ],
    final: 'deleted',
  });
  return { DBSnapshot: renderSnapshot(snapshot, control.clock.now()) };
};

function manualSnapshots(
  control: Control,
  { region, account }: Pick<RdsRequest, 'region' | 'account'>,
): number {
  return control.store.snapshotsIn(region, account).length;
}
