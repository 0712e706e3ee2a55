import { FailoverBench } from '../support/failover-bench';

let bench: FailoverBench;

beforeAll(async () => {
  bench = await FailoverBench.open({ nodes: 2 });
  await bench.startWorker();
}, 90_000);
afterAll(() => bench?.close(), 60_000);

test('happy', async () => {
  const t = Date.now();
  await bench.world.breakIt('database-down');
  const run = await bench.start();
  await run.approve('failover', 'grace', 'linus');
  const state = await run.ended();
  console.log(state.outcome, state.conclusion, JSON.stringify(state.steps.map((s) => [s.id, s.state, s.error, (Date.parse(s.endedAt!) - Date.parse(s.startedAt!)) / 1000])), JSON.stringify(state.asks.map((a) => [a.id, a.result])), state.problems, Date.now() - t);
  console.log(await bench.violations(), (await run.handle.describe()).historyLength);
}, 120000);
