import { MockActivityEnvironment } from '@temporalio/testing';
import { captureSearchImplementation } from '../../../activities/search/capture-search';
import { completeSearchImplementation } from '../../../activities/search/complete-search';
import { deleteSearchSnapshotImplementation } from '../../../activities/search/delete-search-snapshot';
import { keepSearchImplementation } from '../../../activities/search/keep-search';
import { listSearchSnapshotsImplementation } from '../../../activities/search/observations';
import type {
  CapturedSearch,
  CaptureSearch,
  DeleteSearchSnapshot,
  EndedSnapshot,
  KeepSearch,
  ListedSnapshot,
} from '../../../workflows/steps/search';
import type { Observed } from '../../../workflows/runbook/observed';
import type { Undone } from '../../../workflows/runbook/step';
import { context, lookWith } from '../aws/step-driver';
import { BACKUP, DOCUMENTS, NAME, SearchWorld } from './search-world';

let world: SearchWorld;

beforeAll(async () => {
  world = await SearchWorld.start();
});
beforeEach(() => world.reset());
afterAll(() => world?.stop());

const REGION = 'eu-central-1';
const inputFor = (more = {}): CaptureSearch => ({
  ...{ search: world.estate(more), backup: BACKUP, name: NAME, region: REGION },
});
const capture = (run?: string) =>
  world.driver<CaptureSearch, CapturedSearch>(captureSearchImplementation, run);
const complete = () => world.driver<CaptureSearch, EndedSnapshot>(completeSearchImplementation);

test('a snapshot is begun once, also when the answer was lost, and says whose it is', async () => {
  world.server.faults.seconds = 100;
  world.server.faults.loseAnswer(/^PUT/);
  const driver = capture();
  const input = inputFor();
  const check = await driver.check(input);
  expect([check.state, check.problems, check.notes]).toEqual(['needed', [], []]);
  expect(check.calls.map(({ action, parameters }) => [action, parameters?.snapshot])).toEqual([
    ['PUT _snapshot', NAME],
  ]);
  await expect(driver.runOnce(input)).rejects.toThrow('no answer from');
  expect(await driver.run(input)).toEqual({ name: NAME, documents: DOCUMENTS.length });
  expect(world.server.changes).toEqual([`PUT /_snapshot/snapshots/${NAME}`]);
  const { facts } = await driver.verify(input, { name: NAME, documents: 2 });
  expect(facts).toMatchObject({ snapshot: NAME, state: 'IN_PROGRESS' });
  expect(world.server.store.repositories.get('snapshots')!.get(NAME)!.metadata).toEqual({
    'runbooks:instance': 'bitbucket',
    'runbooks:backup': BACKUP,
    'runbooks:run': 'drFailover/bitbucket/1',
    'runbooks:run-id': 'drFailover/bitbucket/1-run',
    'runbooks:region': REGION,
  });
  await expect(complete().verifyOnce(input)).rejects.toThrow('is under way');
  world.pass(100);
  expect((await complete().verify(input)).output).toMatchObject({
    state: 'SUCCESS',
    shards: 2,
    failures: [],
  });
});

test('whoever lists a snapshot learns of which backup it is, and where it was made; an older one says the first only', async () => {
  const list = async () => {
    const observation = listSearchSnapshotsImplementation(world.dependencies);
    const found = await lookWith<Observed<readonly ListedSnapshot[]>>(observation, {
      search: world.estate(),
    });
    return found.state === 'known' ? found.value : [];
  };
  await capture().run(inputFor());
  expect(await list()).toEqual([
    { name: NAME, backup: BACKUP, region: REGION, startedAt: expect.any(String) },
  ]);
  const held = world.server.store.repositories.get('snapshots')!;
  const { 'runbooks:region': _none, ...metadata } = held.get(NAME)!.metadata;
  held.set(NAME, { ...held.get(NAME)!, metadata });
  const [older] = await list();
  expect([older?.backup, older?.region]).toEqual([BACKUP, undefined]);
});

test('a snapshot of this name that another run has made is refused, and stays', async () => {
  const input = inputFor();
  await capture('backup/bitbucket/0').run(input);
  const check = await capture().check(input);
  expect([check.state, check.notes]).toEqual(['needed', [expect.stringContaining('this run did not make')]]);
  await expect(capture().run(input)).rejects.toThrow('it is not ours');
  expect(await capture().undo(input, {})).toMatchObject({ changed: false });
  await expect(complete().verifyOnce(input)).rejects.toThrow('it is not ours');
  const keep = world.driver<KeepSearch, { key: string | null }>(keepSearchImplementation);
  const store = { bucket: 'b', region: 'eu-west-1', prefix: 'runbooks/' };
  expect(await keep.run({ ...input, store, record: null })).toEqual({ key: null });
  expect(world.snapshots).toEqual([NAME]);
});

test('what stands in the way is told in the plan and refuses nothing; the run says what to do', async () => {
  for (const [search, told] of [
    [{ repository: 'elsewhere' }, /Register the snapshot repository elsewhere/],
    [{ index: 'nowhere' }, /has no index nowhere. Correct search.index/],
    [{ credentials: undefined }, /It wants credentials/],
  ] as const) {
    const input = inputFor(search);
    const check = await capture().check(input);
    expect([check.problems, check.notes]).toEqual([[], [expect.stringMatching(told)]]);
    await expect(capture().runOnce(input)).rejects.toMatchObject({
      type: 'NeedsPerson',
      message: expect.stringMatching(told),
    });
  }
});

test('a server that is down is a note of the plan, and its undo waits for nobody', async () => {
  const input = inputFor();
  await capture().run(input);
  world.server.faults.down = true;
  const check = await capture().check(input);
  expect([check.problems, check.notes]).toEqual([[], [expect.stringContaining('no answer from')]]);
  const { parts } = captureSearchImplementation(world.dependencies);
  const undo = (attempt: number): Promise<Undone> =>
    new MockActivityEnvironment({ attempt }).run(() =>
      parts.undo!(input, { before: {} }, context('captureSearch')),
    );
  await expect(undo(2)).rejects.toThrow('no answer from');
  expect(await undo(3)).toMatchObject({
    changed: false,
    followUp: expect.stringContaining(`Delete the snapshot ${NAME}`),
  });
});

test('an undo takes back what was begun, also while it is under way', async () => {
  world.server.faults.seconds = 100;
  const input = inputFor();
  await capture().run(input);
  expect(await capture().undo(input, {})).toMatchObject({ changed: true });
  expect(await capture().undo(input, {})).toMatchObject({ changed: false });
  expect(world.snapshots).toEqual([]);
});

test('a snapshot that is not whole says why, and nothing of it stays', async () => {
  world.server.faults.snapshotsEnd = 'PARTIAL';
  const input = inputFor();
  await capture().run(input);
  const { output } = await complete().verify(input);
  expect(output).toMatchObject({
    state: 'PARTIAL',
    failures: ['bitbucket-search-v1: no node holds the shard'],
  });
  const keep = world.driver<KeepSearch, { key: string | null }>(keepSearchImplementation);
  const store = { bucket: 'b', region: 'eu-west-1', prefix: 'runbooks/' };
  const kept = { ...input, store, record: null };
  expect((await keep.check(kept)).calls.map(({ action }) => action)).toEqual(['DELETE _snapshot']);
  world.server.faults.loseAnswer(/^DELETE/);
  await expect(keep.runOnce(kept)).rejects.toThrow('no answer from');
  await keep.twice(kept);
  expect(world.snapshots).toEqual([]);
});

test('a snapshot goes with its backup; one that does not say that it is of this instance stays', async () => {
  const remove = () =>
    world.driver<DeleteSearchSnapshot, { name: string }>(deleteSearchSnapshotImplementation);
  const input = { search: world.estate(), name: NAME };
  await capture().run(inputFor());
  await remove().twice(input);
  expect(world.snapshots).toEqual([]);
  expect((await remove().check(input)).state).toBe('done');

  const [startedAt, endsAt] = [0, 0];
  const theirs = { name: NAME, index: 'bitbucket-search-v1', metadata: {}, startedAt, endsAt } as const;
  world.server.store.snapshot('snapshots', { ...theirs, end: 'SUCCESS' });
  await expect(remove().run(input)).rejects.toThrow('it stays');
  expect(world.snapshots).toEqual([NAME]);
});
