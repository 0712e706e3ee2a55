import { captureSearchImplementation } from '../../../activities/search/capture-search';
import {
  listSearchSnapshotsImplementation,
  observeSearchImplementation,
} from '../../../activities/search/observations';
import { restoreSearchImplementation } from '../../../activities/search/restore-search';
import type { Observed } from '../../../workflows/runbook/observed';
import type {
  CapturedSearch,
  CaptureSearch,
  ListedSnapshot,
  RestoreSearch,
  SearchState,
} from '../../../workflows/steps/search';
import { lookWith } from '../aws/step-driver';
import { BACKUP, DOCUMENTS, NAME, SearchWorld } from './search-world';

let world: SearchWorld;

beforeAll(async () => {
  world = await SearchWorld.start();
});
beforeEach(async () => {
  world.reset();
  await world
    .driver<CaptureSearch, CapturedSearch>(captureSearchImplementation)
    .run({ search: world.estate(), backup: BACKUP, name: NAME });
  world.documents = [...DOCUMENTS, 'PROJ/later'];
  world.server.changes.length = 0;
});
afterAll(() => world?.stop());

const look = () =>
  lookWith<Observed<SearchState>>(observeSearchImplementation(world.dependencies), {
    search: world.estate(),
    name: NAME,
  });
const indexId = async (): Promise<string | null> => {
  const seen = await look();
  return seen.state === 'known' ? seen.value.indexId : null;
};
const inputFor = async (): Promise<RestoreSearch> => ({
  search: world.estate(),
  replaces: await indexId(),
  snapshot: {
    ...{ name: NAME, repository: 'snapshots', index: 'bitbucket-search-v1' },
    ...{ capturedAt: '2026-11-21T16:00:00.000Z', shards: 2, documents: DOCUMENTS.length },
  },
});
const restore = () =>
  world.driver<RestoreSearch, { shards: number; documents: number }>(restoreSearchImplementation);
const RESTORED = ['DELETE /bitbucket-search-v1', `POST /_snapshot/snapshots/${NAME}/_restore`];

test('the index comes back as it was, and counts as there when every shard is', async () => {
  world.server.faults.seconds = 100;
  const input = await inputFor();
  const output = await restore().run(input);
  await expect(restore().verifyOnce(input, output)).rejects.toThrow('0 of 2 shards');
  world.pass(100);
  const { facts } = await restore().verify(input, output);
  expect(facts).toMatchObject({ shards: 2, documents: DOCUMENTS.length });
  expect(world.documents).toEqual(DOCUMENTS);
  expect(world.server.changes).toEqual(RESTORED);
});

test.each([
  ['deletion', /^DELETE/],
  ['restore', /_restore$/],
])('a lost answer to the %s is no reason to begin anew', async (_what, request) => {
  world.server.faults.loseAnswer(request);
  const input = await inputFor();
  await expect(restore().runOnce(input)).rejects.toThrow('no answer from');
  await restore().twice(input);
  expect(world.documents).toEqual(DOCUMENTS);
  expect(world.server.changes).toEqual(RESTORED);
});

test('an index that Bitbucket makes in between is deleted again', async () => {
  world.server.faults.remakesIndex = true;
  const input = await inputFor();
  const driver = restore();
  await driver.verify(input, await driver.run(input));
  expect(driver.progress.join()).toContain('was made meanwhile');
  expect(world.documents).toEqual(DOCUMENTS);
});

test('a former restore of the same snapshot is not taken for this one', async () => {
  const first = await inputFor();
  await restore().verify(first, await restore().run(first));
  world.documents = [...DOCUMENTS, 'PROJ/since'];
  const second = await inputFor();
  await restore().verify(second, await restore().run(second));
  expect(world.documents).toEqual(DOCUMENTS);
});

test('nothing is deleted for a snapshot that is not there as a whole', async () => {
  const input = await inputFor();
  const gone = { ...input, snapshot: { ...input.snapshot, name: 'gone' } };
  await expect(restore().run(gone)).rejects.toThrow('does not hold the snapshot gone');
  expect(world.server.changes).toEqual([]);
  expect(world.documents).toHaveLength(3);
});

test('an index that comes back empty is not restored', async () => {
  const input = await inputFor();
  const output = await restore().run(input);
  world.documents = [];
  await expect(restore().verify(input, output)).rejects.toThrow('is empty; there were 2 documents');
});

test('what a server holds is seen; one that is silent is neither with nor without', async () => {
  const list = () =>
    lookWith<Observed<readonly ListedSnapshot[]>>(listSearchSnapshotsImplementation(world.dependencies), {
      search: world.estate(),
    });
  expect(await look()).toMatchObject({ state: 'known', value: { held: true, indexId: expect.any(String) } });
  expect(await list()).toMatchObject({ state: 'known', value: [{ name: NAME, backup: BACKUP }] });
  world.removeIndex();
  expect(await look()).toMatchObject({ state: 'known', value: { held: true, indexId: null } });
  world.server.faults.down = true;
  expect(await look()).toMatchObject({ state: 'unreachable' });
  expect(await list()).toMatchObject({ state: 'unreachable' });
});
