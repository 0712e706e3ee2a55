import type { Control } from './control';
import { faults } from './faults';
import { parseName } from './request';
import type { RdsRequest } from './request';
import { SNAPSHOT_ARN_TYPE, SNAPSHOT_WORD } from './snapshot';
import type { SnapshotKind, SnapshotOf } from './snapshot';

/**
 * One of the caller's account, or of another that shares it, by its ARN.
 * @throws AwsFault DBSnapshotNotFound, DBClusterSnapshotNotFoundFault; for the ARN of one of the other kind too
 */
export function needSnapshot<K extends SnapshotKind>(
  control: Control,
  kind: K,
  { region, account }: Pick<RdsRequest, 'region' | 'account'>,
  given: string,
): SnapshotOf<K> {
  const other = kind === 'instance' ? 'cluster' : 'instance';
  if (given.startsWith('arn:') && given.split(':')[5] === SNAPSHOT_ARN_TYPE[other])
    throw faults.noSnapshot(kind, given);
  const name = parseName(given, SNAPSHOT_ARN_TYPE[kind], region);
  const found = control.store.snapshot(kind, { account, ...name });
  if (found === undefined || (found.account !== account && !found.sharedWith.has(account)))
    throw faults.noSnapshot(kind, given);
  return found;
}

/** @throws AwsFault as `needSnapshot`, for another account's too */
export function needOwnSnapshot<K extends SnapshotKind>(
  control: Control,
  kind: K,
  request: RdsRequest,
): SnapshotOf<K> {
  const given = request.need(`${SNAPSHOT_WORD[kind]}Identifier`);
  const snapshot = needSnapshot(control, kind, request, given);
  if (snapshot.account !== request.account) throw faults.noSnapshot(kind, given);
  return snapshot;
}
