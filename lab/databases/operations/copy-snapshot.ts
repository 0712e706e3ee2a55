import type { Operation } from '../control';
import { SECONDS } from '../durations';
import { faults } from '../faults';
import { needOwnSnapshot, needSnapshot } from '../find-snapshot';
import { checkCopiesInProgress, checkSnapshotAvailable, checkSnapshotCopy } from '../preconditions';
import { answerSnapshot } from '../render-snapshot';
import { SNAPSHOT_WORD, snapshotArn } from '../snapshot';
import type { DatabaseSnapshot, SnapshotKind } from '../snapshot';
import { checkNewSnapshot, newSnapshotDirectory } from './snapshot';

/** CopyDBSnapshot and CopyDBClusterSnapshot, called in the destination Region [A §5.4]; gap R8. */
export function copySnapshot(kind: SnapshotKind): Operation {
  return async (control, request) => {
    const { region, account } = request;
    const word = SNAPSHOT_WORD[kind];
    const source: DatabaseSnapshot = needSnapshot(
      control,
      kind,
      request,
      request.need(`Source${word}Identifier`),
    );
    const id = request.need(`Target${word}Identifier`).toLowerCase();
    const crossRegion = source.region !== region;
    const kmsKeyId = request.text('KmsKeyId');
    if (!control.regions.reaches(source.region, region)) throw faults.unavailable(source.region);
    checkNewSnapshot(control, kind, request, id);
    checkSnapshotCopy(source, { crossRegion, crossAccount: source.account !== account, kmsKeyId });
    // Only clusters have a word of their own for it.
    const status = kind === 'cluster' ? 'copying' : 'creating';
    const others: readonly DatabaseSnapshot[] = control.store.snapshotsIn(kind, region, account);
    const underWay = others.filter((one) => one.sourceRegion !== undefined && one.status === status);
    if (crossRegion) checkCopiesInProgress(underWay.length);
    const copy: DatabaseSnapshot = {
      ...source,
      ...{ id, region, account, status },
      sharedWith: new Set(),
      directory: newSnapshotDirectory(control),
      startedAt: control.clock.now(),
      seconds: crossRegion ? SECONDS.copyCrossRegion : SECONDS.copySameRegion,
      sourceArn: snapshotArn(source),
      sourceRegion: crossRegion ? source.region : undefined,
      encrypted: source.encrypted || kmsKeyId !== undefined,
      kmsKeyId: kmsKeyId ?? source.kmsKeyId,
      tags: { ...(request.flag('CopyTags') === true ? source.tags : {}), ...request.tags() },
    };
    control.store.addSnapshot(copy);
    control.transitions.start(copy, {
      phases: [
        {
          status,
          seconds: copy.seconds,
          // At the end, so that a source that is deleted too early fails the copy, as on RDS.
          end: () => control.servers.copySnapshot(source.directory, copy.directory),
        },
      ],
      final: 'available',
    });
    return answerSnapshot(copy, control.clock.now());
  };
}

/** DeleteDBSnapshot and DeleteDBClusterSnapshot. A cluster snapshot that is still `copying` is called off by it. */
export function deleteSnapshot(kind: SnapshotKind): Operation {
  return async (control, request) => {
    const snapshot: DatabaseSnapshot = needOwnSnapshot(control, kind, request);
    if (!['failed', 'copying'].includes(snapshot.status)) checkSnapshotAvailable(snapshot);
    snapshot.status = 'deleting';
    await control.transitions.cancel(snapshot);
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
    return answerSnapshot(snapshot, control.clock.now());
  };
}
