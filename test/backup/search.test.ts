import { renderBackup, renderBackups } from '../../client/render/backups';
import pc from 'picocolors';
import type { BackupsReport } from '../../workflows/list-backups';
import type { SearchRecord } from '../../workflows/plan/backup/manifest';
import { keysInStore, readStore } from '../support/backup-store';
import { FailoverBench } from '../support/failover-bench';
import { keeping, KEEP_NEWEST } from '../support/retention';
import { startRestore } from '../restore/restore-world';

const INDEX = 'bitbucket-search-v1';
const REPOSITORY = 'bitbucket-snapshots';

let bench: FailoverBench;
/** The first backup, with the index in it. */
let backup: string;

beforeAll(async () => {
  bench = await FailoverBench.open({ search: true });
  await bench.startWorker();
});
afterEach(() => server().faults.clear());
afterAll(() => bench?.close());

const server = () => bench.world.search!.primary;
const snapshots = () => [...server().store.repositories.get(REPOSITORY)!.values()];
const searchKeys = async () => (await keysInStore(bench)).filter((key) => key.includes('/search-'));
const backUp = async () => {
  const run = await bench.start(bench.message(), { runbook: 'backup' });
  const state = await run.ended();
  const report = (await run.report()) as unknown as { backup: { name: string } };
  return { state, name: report.backup.name };
};

test('the search index is captured with the pair and put on record, once, whatever becomes of an answer', async () => {
  server().faults.loseAnswer(/^PUT/);
  const { state, name } = await backUp();
  backup = name;
  expect([state.outcome, state.degraded]).toEqual(['SUCCEEDED', []]);
  expect(server().changes).toEqual([`PUT /_snapshot/${REPOSITORY}/runbooks-${name.toLowerCase()}`]);
  const [key = '', another] = await searchKeys();
  expect(another).toBeUndefined();
  expect(key).toContain(`/${name}/records/search-`);
  const { value } = await readStore<SearchRecord>(bench, key);
  expect(value).toMatchObject({
    ...{ record: 'search', backup: name, place: { site: 'primary' } },
    snapshot: { name: `runbooks-${name.toLowerCase()}`, repository: REPOSITORY, index: INDEX, shards: 2 },
  });
  expect(value.snapshot.documents).toBe(server().store.documents(INDEX).length);

  const listed = await bench.start(bench.message(), { runbook: 'listBackups' });
  await listed.ended();
  const { backups } = (await listed.report()) as unknown as { backups: BackupsReport };
  const plain = pc.createColors(false);
  // A copy in another region is as complete without it.
  const states = backups.decisions
    .filter(({ point }) => point.backup === name)
    .map(({ point }) => [point.place.site, point.state, point.search?.name]);
  expect(states).toEqual([
    ['primary', 'complete', value.snapshot.name],
    ['standby', 'complete', undefined],
  ]);
  expect(renderBackups(backups, plain)).toContain('complete, with search');
  expect(renderBackup(backups.decisions, plain)).toContain(`search index: ${value.snapshot.name}`);
  expect(await bench.violations()).toEqual([]);
});

test('a restore brings the index back instead of building it anew', async () => {
  const plan = async () => {
    const dry = await startRestore(bench, { backup, dryRun: true });
    const { outcome, steps, facts } = await dry.ended();
    const about = facts.find(({ label }) => label === 'search index')?.value ?? '';
    return [outcome, steps.map(({ id }) => id).filter((id) => id.endsWith('Search')), about];
  };
  const [taken] = snapshots();
  const store = server().store.repositories.get(REPOSITORY)!;
  store.delete(taken!.name);
  expect(await plan()).toEqual(['PLANNED', ['rebuildSearch'], expect.stringContaining('built anew')]);
  store.set(taken!.name, taken!);
  server().faults.down = true;
  const both = ['restoreSearch', 'rebuildSearch'];
  expect(await plan()).toEqual(['PLANNED', both, expect.stringContaining('is not known now')]);
  server().faults.clear();

  const before = server().store.documents(INDEX);
  server().store.put(INDEX, [...before, 'SHOP/made-after-the-backup']);
  const run = await startRestore(bench, { backup });
  await run.approve('restore', 'grace', 'linus');
  const { outcome, degraded, steps } = await run.ended();
  expect([outcome, degraded]).toEqual(['SUCCEEDED', []]);
  expect(server().store.documents(INDEX)).toEqual(before);
  const states = steps.filter(({ id }) => both.includes(id)).map(({ id, state }) => [id, state]);
  expect(states).toEqual(
    expect.arrayContaining([
      ['restoreSearch', 'done'],
      ['rebuildSearch', 'planned'],
    ]),
  );
  expect(await bench.violations()).toEqual([]);
});

test('without the index a backup is as good: it is kept and copied, and says what it lacks', async () => {
  server().faults.snapshotsEnd = 'PARTIAL';
  const partial = await backUp();
  server().faults.down = true;
  const down = await backUp();
  for (const [{ state }, why] of [
    [partial, /ended PARTIAL: bitbucket-search-v1: no node holds the shard/],
    [down, /no answer from/],
  ] as const) {
    expect([state.outcome, state.degraded[0]]).toEqual(['DEGRADED', expect.stringMatching(why)]);
    expect(state.steps.find(({ id }) => id === 'recordCopy.standby')?.state).toBe('done');
  }
  expect(partial.state.degraded).toHaveLength(1);
  expect(snapshots().map(({ name }) => name)).toEqual([`runbooks-${backup.toLowerCase()}`]);
  expect(await searchKeys()).toHaveLength(1);
  expect(await bench.violations()).toEqual([]);
});

test('the snapshot goes with its pair; a server that is silent keeps what it has, and refuses nothing', async () => {
  await bench.changeEstate(keeping(KEEP_NEWEST));
  const name = `runbooks-${backup.toLowerCase()}`;
  const id = `deleteSearchSnapshot.${name}.primary`;
  const prune = (more = {}) =>
    bench.start(bench.message({ atMost: 1, ...more }), { runbook: 'pruneBackups' });
  server().faults.down = true;
  const silent = await (await prune({ dryRun: true })).ended();
  expect([silent.outcome, silent.steps.some((step) => step.id === id)]).toEqual(['PLANNED', false]);
  expect(silent.facts.find(({ label }) => label === 'search index at primary')?.value).toContain('stay');
  server().faults.clear();

  // A repository that both sites share: the copy's server lists the snapshot of the original as well.
  const other = bench.world.search!.standby.store.repositories;
  const own = other.get(REPOSITORY)!;
  other.set(REPOSITORY, server().store.repositories.get(REPOSITORY)!);
  const shared = await (await prune({ dryRun: true, atMost: 40 })).ended();
  const planned = shared.steps.map((step) => step.id);
  expect(planned).toEqual(expect.arrayContaining([id, `deleteRestorePoint.${backup}.standby`]));
  expect(planned.filter((one) => one.startsWith('deleteSearchSnapshot'))).toEqual([id]);
  expect(shared.facts.find(({ label }) => label === 'search index of no backup')).toBeUndefined();
  other.set(REPOSITORY, own);

  const run = await prune();
  await run.approve('pruneBackups', 'grace', 'linus');
  const { outcome, degraded, steps } = await run.ended();
  // Its copy at the standby, and what came before.
  expect([outcome, degraded]).toEqual([
    'DEGRADED',
    [expect.stringMatching(/^\d more past the policy, left to another run$/)],
  ]);
  expect(steps.map((step) => [step.id, step.state])).toEqual([
    [`deleteRestorePoint.${backup}.primary`, 'done'],
    [id, 'done'],
  ]);
  expect(snapshots()).toEqual([]);
});
