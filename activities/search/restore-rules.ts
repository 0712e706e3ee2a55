import type { Shard, ShardRecovery, StoredSnapshot } from './answers';
import type { FoundIndex } from './client';

/** Whether an index can be had from it. */
export function isWhole(snapshot: StoredSnapshot | null, index: string): boolean {
  return snapshot !== null && snapshot.state === 'SUCCESS' && snapshot.indices.includes(index);
}

interface Situation {
  readonly present: FoundIndex | null;
  /** Identity of the index that is to be replaced; null: there was none. */
  readonly replaces: string | null;
  readonly recoveries: readonly ShardRecovery[];
  readonly shards: readonly Shard[];
}

/**
 * What is to be done next. `restore`: nothing is in the way. `remove`: the index that is to be replaced is, or one that
 * Bitbucket has made meanwhile, or one that has failed. `adopt`: it is being restored, by an attempt whose answer was lost.
 */
export function nextMove(situation: Situation, snapshot: string): 'restore' | 'remove' | 'adopt' {
  const { present, replaces, recoveries, shards } = situation;
  if (present === null) return 'restore';
  if (present.id === replaces) return 'remove';
  return comesFrom(recoveries, snapshot) && !hasFailed(shards) ? 'adopt' : 'remove';
}

/** How far the primary shards have come, and whether each of them came from the snapshot. */
export function progressOf(
  recoveries: readonly ShardRecovery[],
  shards: readonly Shard[],
  snapshot: string,
): { readonly done: number; readonly total: number; readonly failed: boolean } {
  const restored = recoveries
    .filter(({ primary, stage }) => primary && stage === 'DONE')
    .filter((recovery) => comesFrom([recovery], snapshot))
    .map(({ id }) => String(id));
  const primaries = shards.filter(({ prirep }) => prirep === 'p');
  const done = primaries.filter(({ shard, state }) => state === 'STARTED' && restored.includes(shard)).length;
  return { done, total: primaries.length, failed: hasFailed(shards) };
}

function comesFrom(recoveries: readonly ShardRecovery[], snapshot: string): boolean {
  const primaries = recoveries.filter(({ primary }) => primary);
  return (
    primaries.length > 0 &&
    primaries.every(({ type, source }) => type === 'SNAPSHOT' && source?.snapshot === snapshot)
  );
}

/** A server tries no shard of a restore a second time. */
function hasFailed(shards: readonly Shard[]): boolean {
  return shards.some(
    (shard) =>
      shard.prirep === 'p' &&
      shard.state === 'UNASSIGNED' &&
      shard['unassigned.reason'] === 'ALLOCATION_FAILED',
  );
}
