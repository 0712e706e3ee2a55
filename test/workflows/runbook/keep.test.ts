import { toyForEach } from '../../support/toy-for-each';
import type { ToyBench, ToyRun } from '../../support/toy-run';
import { TOY_POLICY } from '../../support/toy-world';
import type { ToyWorld } from '../../support/toy-world';

let bench: ToyBench;
let world: ToyWorld;

toyForEach((opened) => {
  bench = opened;
  world = opened.world;
});

const start = (message: object = {}): Promise<ToyRun> =>
  bench.start(message, `toyKeep/${bench.instance}/${Date.now()}`);
const releasedBy = async (run: ToyRun) => (await run.report())['releasedBy'];

test('what stands is kept until its starter lets it go, which needs no plan and no reason', async () => {
  const run = await start({ requestedBy: 'ada' });
  const ask = await run.asked('away');
  expect([ask.kind, ask.roles, ask.needed, ask.evidence]).toEqual(['release', [], 1, ['it stands']]);
  expect([...world.on]).toEqual(['first']);
  await run.decide({ ask: 'away', verdict: 'approve', actor: 'ada' });
  expect([(await run.ended()).outcome, await releasedBy(run)]).toEqual(['SUCCEEDED', 'ada']);
  expect([...world.on]).toEqual([]);
});

test('silence lets it go, and is no denial', async () => {
  world.policy = { ...TOY_POLICY, deadlines: { keep: 0.5 } };
  const run = await start();
  const state = await run.ended();
  expect([state.outcome, state.asks.map(({ result }) => result)]).toEqual(['SUCCEEDED', ['timeout']]);
  expect(await releasedBy(run)).toBeNull();
  expect([...world.on]).toEqual([]);
});

test('a cancel takes it away', async () => {
  const run = await start();
  await run.asked('away');
  await run.handle.cancel();
  const state = await run.ended();
  expect([state.outcome, state.asks.map(({ result }) => result)]).toEqual(['UNDONE', ['withdrawn']]);
  expect([...world.on]).toEqual([]);
});

test('a plan does not wait', async () => {
  const state = await (await start({ dryRun: true })).ended();
  expect([state.outcome, state.asks]).toEqual(['PLANNED', []]);
});
