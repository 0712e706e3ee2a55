import { needOwnSnapshot } from '../control';
import type { Operation } from '../control';
import { QUOTAS } from '../durations';
import { faults } from '../faults';
import { checkSnapshotAvailable } from '../preconditions';
import type { DatabaseSnapshot } from '../snapshot';

/** ModifyDBSnapshotAttribute: who else may restore and copy it [A §5.4]. */
export const modifySnapshotAttribute: Operation = async (control, request) => {
  const snapshot = needOwnSnapshot(control, request);
  if (request.need('AttributeName') !== 'restore') throw faults.value('AttributeName must be restore.');
  checkSnapshotAvailable(snapshot);
  const wanted = request.list('ValuesToAdd');
  if (snapshot.encrypted && snapshot.kmsKeyId === undefined && wanted.length > 0) {
    throw faults.value(`${snapshot.id} is encrypted under the default key: it cannot be shared.`);
  }
  if (new Set([...snapshot.sharedWith, ...wanted]).size > QUOTAS.sharedWith) {
    throw faults.sharedQuota(QUOTAS.sharedWith);
  }
  for (const account of wanted) snapshot.sharedWith.add(account);
  for (const account of request.list('ValuesToRemove')) snapshot.sharedWith.delete(account);
  return attributesOf(snapshot);
};

export const describeSnapshotAttributes: Operation = async (control, request) =>
  attributesOf(needOwnSnapshot(control, request));

function attributesOf({ id, sharedWith }: DatabaseSnapshot): object {
  const restore = { AttributeName: 'restore', AttributeValues: { AttributeValue: [...sharedWith] } };
  return {
    DBSnapshotAttributesResult: {
      DBSnapshotIdentifier: id,
      DBSnapshotAttributes: { DBSnapshotAttribute: [restore] },
    },
  };
}
