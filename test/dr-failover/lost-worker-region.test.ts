import { regionOfWorker } from '../../client/doctor/placement';
import { FailoverBench } from '../support/failover-bench';

let bench: FailoverBench;

beforeAll(async () => {
  bench = await FailoverBench.open();
});
afterAll(() => bench?.close());

test('a region that dies together with the worker in it is failed over by the worker of the other region', async () => {
  const { world } = bench;
  const lost = world.sites.primary.layout.region;
  const kept = world.sites.standby.layout.region;
  const near = await bench.startWorkerProcess({ environment: { RUNBOOKS_REGION: lost } });
  const rehearsal = await bench.start();
  await rehearsal.asked('failover');
  await bench.startWorkerProcess({ environment: { RUNBOOKS_REGION: kept } });

  // The rehearsal and the lease are still in the memory of the worker that dies.
  await Promise.all([bench.lose('region-down'), near.kill()]);
  const lostAt = Date.now();
  await rehearsal.handle.cancel();
  expect((await rehearsal.ended()).outcome).toBe('UNDONE');
  const run = await bench.start();
  await run.approve('failover', 'grace', 'linus');
  await run.approve('unprovenFence', 'margaret');
  const state = await run.ended();
  expect(state.outcome).toBe('SUCCEEDED');

  const { events } = await run.handle.fetchHistory();
  const regions = (events ?? []).flatMap((event) => {
    const { identity } =
      event.activityTaskStartedEventAttributes ?? event.workflowTaskStartedEventAttributes ?? {};
    return typeof identity === 'string' ? [regionOfWorker(identity)] : [];
  });
  expect(regions.length).toBeGreaterThan(50);
  expect([...new Set(regions)]).toEqual([kept]);
  expect(Date.parse(state.startedAt)).toBeGreaterThanOrEqual(lostAt - 1000);
  expect(await bench.violations()).toEqual([]);
});
