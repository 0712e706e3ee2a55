import { FailoverBench } from '../support/failover-bench';
import { until } from '../support/until';
import { Stock } from './stock';

let bench: FailoverBench;

beforeAll(async () => {
  bench = await FailoverBench.open({ scale: 2000 });
  const retention = { hourly: 0, daily: 1, weekly: 0, monthly: 0, yearly: 0 };
  await bench.changeEstate((estate) => ({
    ...estate,
    policy: { ...estate.policy, backup: { ...estate.policy?.backup, retention } },
  }));
});
afterAll(() => bench?.close());

test('a worker that dies in the middle of a pair leaves it to another one, which deletes the rest', async () => {
  const stock = new Stock(bench);
  const old = await stock.pair('2026-10-01T10:00:00Z');
  const kept = await stock.pair('2026-10-02T10:00:00Z');
  const first = await bench.startWorkerProcess();
  const match = { action: 'DeleteDBSnapshot' };
  const hanging = bench.world.gateway.faults.add({ match, effect: { kind: 'delay', seconds: 20 } });
  const run = await bench.start(bench.message(), { runbook: 'pruneBackups' });
  await run.approve('pruneBackups', 'grace', 'linus');
  // The volume is gone, the database is not.
  await until('half of the pair', async () => (await stock.members(old)).length === 1 || undefined);
  await first.kill();
  bench.world.gateway.faults.remove(hanging);
  await bench.startWorkerProcess();

  const state = await run.ended();
  expect([state.outcome, state.degraded]).toEqual(['SUCCEEDED', []]);
  expect(await stock.members(old)).toEqual([]);
  expect(await stock.deletions(old)).toHaveLength(1);
  expect(await stock.members(kept)).toHaveLength(2);
});
