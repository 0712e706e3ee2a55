import { FailoverBench } from '../support/failover-bench';
import { footprint } from '../support/footprint';
import { doorsOf, push } from '../support/push';
import { until } from '../support/until';

let bench: FailoverBench;

beforeEach(async () => {
  bench = await FailoverBench.open();
  await bench.startWorker();
}, 90_000);
afterEach(() => bench?.close(), 60_000);

test.each([
  ['before the promotion', 'region-down', 'mountHome'],
  ['after the promotion', 'partition', 'promoteReplica'],
] as const)(
  'a primary that comes back %s is fenced before users are moved, and never writes beside its successor',
  async (_when, disaster, step) => {
    const { world } = bench;
    const doors = doorsOf(world, 'primary');
    for (const door of doors) await push(world, door);
    await world.breakIt(disaster);
    const run = await bench.start();
    await run.approve('failover', 'grace', 'linus');
    await run.approve('unprovenFence', 'margaret');
    await run.step(step, ['running', 'verifying', 'done'], 60);
    await run.hold('ada');
    await run.step(step, ['done']);
    await world.heal();
    await until('the return', async () => (await world.probe()).primary.acceptsWrites || undefined, 40);
    await run.resume('ada');
    const t = Date.now();
    let last = '';
    for (;;) {
      const s = await run.status();
      const line = JSON.stringify([s.phase, s.steps.filter((x) => x.startedAt).map((x) => [x.id, x.state, x.error, x.proof]).at(-1), s.asks.filter((a) => a.result === null).map((a) => [a.id, a.evidence])]);
      if (line !== last) console.log(((Date.now() - t) / 1000).toFixed(1), line, JSON.stringify(await world.probe()));
      last = line;
      if (s.phase === 'ended' || Date.now() - t > 60_000) break;
      await new Promise((r) => setTimeout(r, 200));
    }
    const state = await run.ended(90);
    console.log(state.outcome, state.conclusion, state.asks.map((a) => [a.id, a.result, a.evidence]));
    const { primary } = await footprint(bench);
    expect(primary.groups![0]!.numbers).toEqual([0, 0, 0]);
    for (const door of doors) await expect(push(world, door)).rejects.toThrow();
    expect(await bench.violations()).toEqual([]);
  },
  180_000,
);
