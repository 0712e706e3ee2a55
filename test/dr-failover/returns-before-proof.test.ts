import { FailoverBench } from '../support/failover-bench';
import { doorsOf, push } from '../support/push';
import { SteeredWorker } from '../sweeps/steered-worker';

let bench: FailoverBench;
let worker: SteeredWorker;

beforeAll(async () => {
  bench = await FailoverBench.open();
  worker = await SteeredWorker.start(bench);
});
afterAll(async () => {
  await worker?.stop();
  await bench?.close();
});

test('a region that returns after its fence was given up and before the proof is fenced at once, not waited for', async () => {
  const { world } = bench;
  const doors = doorsOf(world, 'primary');
  const proof = { activity: 'proveFence/verify', nth: 1, edge: 'start' } as const;
  worker.order([{ ...proof, act: 'hold' }]);
  await bench.lose('region-down');
  const run = await bench.start();
  await run.approve('failover', 'grace', 'linus');
  await run.approve('unprovenFence', 'margaret');
  await worker.reached((await run.status()).runId, proof);
  await world.heal();
  worker.release(proof);

  const state = await run.ended();
  expect([state.outcome, state.degraded]).toEqual(['SUCCEEDED', []]);
  const steps = ['fenceNodes', 'fenceHome', 'fenceDatabase', 'proveFence'];
  expect(steps.map((id) => state.steps.find((step) => step.id === id)?.proof?.['proven'])).not.toContain(
    false,
  );
  expect(((await run.report()) as unknown as { fence: object }).fence).toMatchObject({ state: 'proven' });
  // Nobody was asked about a proof that cannot come.
  expect(state.asks.map(({ id }) => id)).not.toContain('proveFence.failed');
  for (const door of doors) await expect(push(world, door)).rejects.toThrow();
  await world.heal();
});
