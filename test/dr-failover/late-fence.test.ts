import { runMark } from '../../workflows/runbook/run-mark';
import { FailoverBench } from '../support/failover-bench';
import { LiveRun } from '../support/live-run';
import { doorsOf, push, pushSoon } from '../support/push';

let bench: FailoverBench;

beforeAll(async () => {
  bench = await FailoverBench.open();
  await bench.startWorker();
});
afterAll(() => bench?.close());

test('a region that returns after the run has ended is fenced by the run that it left behind', async () => {
  const { world } = bench;
  const doors = doorsOf(world, 'primary');
  await bench.lose('region-down');
  const run = await bench.start();
  await run.approve('failover', 'grace', 'linus');
  await run.approve('unprovenFence', 'margaret');
  expect((await run.ended()).outcome).toBe('SUCCEEDED');
  const { instance, runId } = await run.status();
  const left = new LiveRun(
    bench.client.workflow.getHandle(`fenceLostSite/${instance}/after-${runMark(runId)}`),
  );
  expect((await run.report()).followUps.join()).toContain(left.id);
  expect((await left.status()).phase).toBe('waiting');

  await world.heal();
  const state = await left.ended();
  expect([state.outcome, state.degraded]).toEqual(['SUCCEEDED', []]);
  expect(state.trigger).toBe('continuation');
  expect(state.steps.find(({ id }) => id === 'proveFence')?.proof).toMatchObject({ proven: true });
  expect((await world.probe()).primary).toMatchObject({ acceptsWrites: false });
  for (const door of doors) await expect(push(world, door)).rejects.toThrow();
  for (const door of doorsOf(world, 'standby')) await pushSoon(world, door);
});

test('a site that is in service is never fenced', async () => {
  const run = await bench.start(
    { instance: bench.world.instance, site: bench.world.sites.standby.layout.name },
    { runbook: 'fenceLostSite' },
  );
  const state = await run.ended();
  expect([state.outcome, state.problems.map(({ code }) => code)]).toEqual(['REFUSED', ['noSuccessor']]);
  for (const door of doorsOf(bench.world, 'standby')) await pushSoon(bench.world, door);
});
