import { FailoverBench } from '../support/failover-bench';
import { footprint } from '../support/footprint';
import { doorsOf, push, pushSoon } from '../support/push';

let bench: FailoverBench;

beforeAll(async () => {
  bench = await FailoverBench.open({ nodes: 2 });
  await bench.startWorker();
});
afterAll(() => bench?.close());

test('a site that has lost its database but answers is fenced for good before the standby is promoted', async () => {
  const { world } = bench;
  const doors = doorsOf(world, 'primary');
  expect(doors).toHaveLength(3);
  for (const door of doors) await push(world, door);
  const before = await footprint(bench);
  const incidentStartedAt = new Date().toISOString();
  await bench.lose('database-down');

  const run = await bench.start(bench.message({ incidentStartedAt }));
  await run.approve('failover', 'grace', 'linus');
  const state = await run.ended();
  expect([state.outcome, state.problems, state.degraded]).toEqual(['SUCCEEDED', [], []]);
  expect(state.asks.map(({ id, result }) => [id, result])).toEqual([['failover', 'approve']]);
  expect(state.steps.filter((step) => step.state !== 'done')).toEqual([]);

  const { primary, standby, dns } = await footprint(bench);
  expect(primary.groups).toEqual([
    {
      numbers: [0, 0, 0],
      suspended: ['AZRebalance', 'AlarmNotification', 'Launch', 'ReplaceUnhealthy', 'ScheduledActions'],
      nodes: 0,
    },
  ]);
  expect([primary.ingress, primary.exports]).toEqual([[], '']);
  expect(primary.alarms!.map(([, enabled]) => enabled)).toEqual([false, false]);
  expect(before.primary.alarms!.map(([, enabled]) => enabled)).toEqual([true, true]);
  expect(standby.groups).toEqual([{ numbers: [2, 2, 4], suspended: [], nodes: 2 }]);
  expect(standby.databases).toEqual([expect.objectContaining({ source: null, retention: 7, multiAz: true })]);
  expect(before.dns).toContain(world.sites.primary.loadBalancerDns);
  expect(dns).toContain(world.sites.standby.loadBalancerDns);

  const step = (id: string) => state.steps.find((one) => one.id === id)!;
  expect(step('proveFence').proof).toMatchObject({
    proven: true,
    instances: expect.stringContaining('0 running'),
    ports: expect.stringContaining('none answers'),
    database: expect.stringContaining('no ingress'),
  });
  expect(Date.parse(step('proveFence').endedAt!)).toBeLessThanOrEqual(
    Date.parse(step('promoteReplica').startedAt!),
  );

  await world.heal();
  expect(await bench.violations()).toEqual([]);
  expect((await world.probe()).primary).toMatchObject({ database: 'unreachable', acceptsWrites: false });
  for (const door of doors) await expect(push(world, door)).rejects.toThrow();
  for (const door of doorsOf(world, 'standby')) await pushSoon(world, door);

  const report = await run.report();
  expect(report).toMatchObject({
    rpo: { databaseSeconds: expect.any(Number), pushesCompared: expect.any(Number) },
    calls: { mutating: expect.any(Number) },
    followUps: expect.not.arrayContaining([expect.stringContaining('Prove the fence')]),
  });
  expect(report.rto.totalSeconds).toBeGreaterThan(report.rto.actSeconds);
});

test('after it nothing is left to fail over to, and nothing but a person starts a run for a while', async () => {
  const again = await (await bench.start()).ended();
  expect([again.outcome, again.problems.map(({ code }) => code)]).toEqual(['REFUSED', ['noStandby']]);
  const automatic = await (await bench.start(bench.message({ trigger: 'webhook' }))).ended();
  expect([automatic.outcome, automatic.problems[0]?.message]).toEqual([
    'REFUSED',
    expect.stringContaining('automatic starts for bitbucket-prod are blocked until'),
  ]);
});
