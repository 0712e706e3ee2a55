import { FailoverBench } from '../support/failover-bench';
import { until } from '../support/until';

let bench: FailoverBench;

beforeAll(async () => {
  bench = await FailoverBench.open();
});
afterAll(() => bench?.close());

const promotions = () =>
  bench.world.gateway.ledger.entries().filter(({ action }) => action === 'PromoteReadReplica');

test('a worker killed after it sent the promotion and before it had an answer is replaced, and nothing is promoted twice', async () => {
  const { world } = bench;
  const first = await bench.startWorkerProcess();
  await bench.lose('database-down');
  // The answer of the first attempt is lost; a second one hangs until its sender is dead.
  const match = { action: 'PromoteReadReplica' };
  const { faults } = world.gateway;
  faults.add({ match, nth: 1, effect: { kind: 'dropAfter' } });
  const hanging = faults.add({ match, nth: 2, times: 10, effect: { kind: 'delay', seconds: 3 } });
  const run = await bench.start();
  await run.approve('failover', 'grace', 'linus');
  await until('the promotion', () => promotions().some(({ applied }) => applied) || undefined);
  await first.kill();
  faults.remove(hanging);
  await bench.startWorkerProcess();

  const state = await run.ended();
  expect([state.outcome, state.degraded]).toEqual(['SUCCEEDED', []]);
  const { events = [] } = await run.handle.fetchHistory();
  const scheduled = events!.find(
    (event) => event.activityTaskScheduledEventAttributes?.activityType?.name === 'promoteReplica.run',
  )!;
  const started = events!
    .map((event) => event.activityTaskStartedEventAttributes)
    .find((attributes) => String(attributes?.scheduledEventId) === String(scheduled.eventId));
  expect(started!.attempt).toBeGreaterThan(1);
  expect(promotions().filter(({ applied, errorCode }) => applied && errorCode === null)).toHaveLength(1);
  expect(state.steps.find(({ id }) => id === 'promoteReplica')).toMatchObject({ state: 'done', tries: 1 });
  await world.heal();
  expect(await bench.violations()).toEqual([]);
});
