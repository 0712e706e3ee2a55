import { isWhole, nextMove, progressOf } from '../../../activities/search/restore-rules';

const shard = (id: string, state: string, reason: string | null = null) => ({
  ...{ shard: id, prirep: 'p', state },
  'unassigned.reason': reason,
});
const recovery = (id: number, stage: string, snapshot: string | null) => ({
  ...{ id, stage, primary: true },
  ...(snapshot === null ? { type: 'EMPTY_STORE' } : { type: 'SNAPSHOT', source: { snapshot } }),
});
const present = { name: 'index', id: 'new' };

test.each([
  ['nothing is there', null, 'old', [], [], 'restore'],
  ['what is to be replaced is there', present, 'new', [recovery(0, 'DONE', 'snap')], [], 'remove'],
  ['somebody has made another', present, 'old', [recovery(0, 'DONE', null)], [], 'remove'],
  ['it came from another snapshot', present, 'old', [recovery(0, 'DONE', 'other')], [], 'remove'],
  [
    'it is being restored',
    present,
    'old',
    [recovery(0, 'INDEX', 'snap')],
    [shard('0', 'INITIALIZING')],
    'adopt',
  ],
  [
    'its restore has failed',
    present,
    null,
    [recovery(0, 'DONE', 'snap')],
    [shard('0', 'STARTED'), shard('1', 'UNASSIGNED', 'ALLOCATION_FAILED')],
    'remove',
  ],
])('where %s the next move is plain', (_case, index, replaces, recoveries, shards, move) => {
  expect(nextMove({ present: index, replaces, recoveries, shards }, 'snap')).toBe(move);
});

test('a shard counts when it has started and came from the snapshot', () => {
  const recoveries = [recovery(0, 'DONE', 'snap'), recovery(1, 'DONE', null), recovery(2, 'INDEX', 'snap')];
  const shards = [shard('0', 'STARTED'), shard('1', 'STARTED'), shard('2', 'INITIALIZING')];
  expect(progressOf(recoveries, shards, 'snap')).toEqual({ done: 1, total: 3, failed: false });
  // One that waits for its turn has not failed.
  const waiting = [shard('0', 'UNASSIGNED', 'NEW_INDEX_RESTORED')];
  expect(progressOf([], waiting, 'snap')).toEqual({ done: 0, total: 1, failed: false });
});

test('only a snapshot that succeeded and has the index in it brings one', () => {
  const found = {
    name: 'snap',
    state: 'SUCCESS',
    indices: ['index'],
    startedAt: '',
    shards: 1,
    failures: [],
    metadata: {},
  };
  expect(isWhole(found, 'index')).toBe(true);
  expect(isWhole(found, 'another')).toBe(false);
  expect(isWhole({ ...found, state: 'PARTIAL' }, 'index')).toBe(false);
  expect(isWhole(null, 'index')).toBe(false);
});
