import type { Operation } from '../control';
import { QUOTAS } from '../durations';
import { faults } from '../faults';
import { needOwnSnapshot } from '../find-snapshot';
import { checkSnapshotAvailable } from '../preconditions';
import { SNAPSHOT_WORD } from '../snapshot';
import type { DatabaseSnapshot, SnapshotKind } from '../snapshot';

/** ModifyDBSnapshotAttribute and ModifyDBClusterSnapshotAttribute: who else may restore and copy it [A §5.4]. */
export function modifySnapshotAttribute(kind: SnapshotKind): Operation {
  return async (control, request) => {
    const snapshot: DatabaseSnapshot = needOwnSnapshot(control, kind, request);
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
}

export function describeSnapshotAttributes(kind: SnapshotKind): Operation {
  return async (control, request) => attributesOf(needOwnSnapshot(control, kind, request));
}

function attributesOf({ kind, id, sharedWith }: DatabaseSnapshot): object {
  const word = SNAPSHOT_WORD[kind];
  const restore = { AttributeName: 'restore', AttributeValues: { AttributeValue: [...sharedWith] } };
  return {
    [`${word}AttributesResult`]: {
      [`${word}Identifier`]: id,
      [`${word}Attributes`]: { [`${word}Attribute`]: [restore] },
    },
  };
}
