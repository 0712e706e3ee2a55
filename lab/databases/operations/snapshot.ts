import { randomBytes } from 'node:crypto';
import { factsOf, needInstance } from '../control';
import type { Control, Operation } from '../control';
import { SECONDS } from '../durations';
import { faults } from '../faults';
import type { DatabaseInstance } from '../instance';
import { checkIdentifier, checkSnapshot, checkSnapshotQuota } from '../preconditions';
import { answerSnapshot } from '../render-snapshot';
import type { RdsRequest } from '../request';
import { SNAPSHOT_WORD } from '../snapshot';
import type { ClusterSnapshot, DatabaseSnapshot, InstanceSnapshot, SnapshotKind } from '../snapshot';
import type { Subject } from '../transitions';

/** What a snapshot is taken of, as it is now. */
type Taken =
  | Pick<InstanceSnapshot, 'kind' | 'origin' | 'resourceId'>
  | Pick<ClusterSnapshot, 'kind' | 'origin' | 'resourceId'>;

/** CreateDBSnapshot [A §4, §5.4]; gap R7. The data are those at the time of the call, give or take the copying. */
export const createSnapshot: Operation = async (control, request) => {
  const instance = needInstance(control, request);
  const id = request.need('DBSnapshotIdentifier').toLowerCase();
  checkNewSnapshot(control, 'instance', request, id);
  checkSnapshot(factsOf(control, instance));
  const inherited = instance.traits.copyTags ? instance.traits.tags : {};
  const { snapshot, copied } = snapshotInstance(control, instance, id, { ...inherited, ...request.tags() });
  backUp(control, instance, copied);
  return answerSnapshot(snapshot, control.clock.now());
};

/** Sets out at once; `copied` resolves when the instance is free again. */
export function snapshotInstance(
  control: Control,
  instance: DatabaseInstance,
  id: string,
  tags: Readonly<Record<string, string>>,
): { readonly snapshot: DatabaseSnapshot; readonly copied: Promise<void> } {
  const { resourceId, traits } = instance;
  const snapshot = addSnapshot(control, { kind: 'instance', origin: { ...traits }, resourceId }, id, tags);
  const copy = (): Promise<void> => control.servers.takeSnapshot(instance, snapshot.directory);
  return { snapshot, copied: takeSnapshot(control, snapshot, copy) };
}

/** @throws AwsFault for an identifier that is malformed or in use, and for the quota, which each kind has of its own */
export function checkNewSnapshot(
  control: Control,
  kind: SnapshotKind,
  { region, account }: Pick<RdsRequest, 'region' | 'account'>,
  id: string,
): void {
  checkIdentifier(`${SNAPSHOT_WORD[kind]}Identifier`, id, kind === 'instance' ? 255 : 63);
  if (control.store.snapshot(kind, { region, account, id }) !== undefined) {
    throw faults.snapshotExists(kind, id);
  }
  checkSnapshotQuota(control.store.snapshotsIn(kind, region, account).length);
}

export function addSnapshot(
  control: Control,
  taken: Taken,
  id: string,
  tags: Readonly<Record<string, string>>,
): DatabaseSnapshot {
  const { region, account, encrypted, kmsKeyId } = taken.origin;
  const snapshot: DatabaseSnapshot = {
    ...taken,
    ...{ id, region, account, encrypted, kmsKeyId, tags },
    sharedWith: new Set(),
    directory: newSnapshotDirectory(control),
    // Not virtual, as everything that clients compare with their own clock.
    createdAt: control.calendar.now(),
    startedAt: control.clock.now(),
    seconds: SECONDS.snapshot,
    sourceArn: undefined,
    sourceRegion: undefined,
    status: 'creating',
  };
  control.store.addSnapshot(snapshot);
  return snapshot;
}

export function newSnapshotDirectory(control: Control): string {
  return control.servers.snapshotDirectory(`snapshot-${randomBytes(8).toString('hex')}`);
}

/** Starts the copying and moves the snapshot along; resolves, also after a failure, when the source is free again. */
export function takeSnapshot(
  control: Control,
  snapshot: DatabaseSnapshot,
  copy: () => Promise<void>,
): Promise<void> {
  return new Promise((resolve) => {
    control.transitions.start(snapshot, {
      phases: [
        {
          status: 'creating',
          seconds: snapshot.seconds,
          begin: () => copy().finally(() => resolve()),
        },
      ],
      final: 'available',
    });
  });
}

/** What a snapshot is taken of is `backing-up` for a while, at least until its data have been copied. */
export function backUp(control: Control, source: Subject, copied: Promise<void>): void {
  control.transitions.start(source, {
    phases: [{ status: 'backing-up', seconds: SECONDS.instanceInSnapshot, begin: () => copied }],
    final: 'available',
  });
}
