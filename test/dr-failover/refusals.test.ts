import { FailoverBench } from '../support/failover-bench';

let bench: FailoverBench;

beforeAll(async () => {
  bench = await FailoverBench.open({ scale: 12 });
  await bench.startWorker();
}, 90_000);
afterAll(() => bench?.close(), 60_000);

test('a dry run', async () => {
  const t = Date.now();
  const mark = bench.mark;
  const state = await (await bench.start(bench.message({ dryRun: true }))).ended();
  console.log(JSON.stringify(state, null, 1), Date.now() - t, bench.changesSince(mark), await bench.violations());
});
