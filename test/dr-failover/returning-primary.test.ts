import type { RegionOutage } from '../../lab/gateway/faults';
import type { Disaster } from '../../lab/world/disasters';
import { FailoverBench } from '../support/failover-bench';
import type { BenchOptions } from '../support/failover-bench';
import { footprint } from '../support/footprint';
import type { LiveRun } from '../support/live-run';
import { doorsOf, push, pushSoon } from '../support/push';
import { refusalOf } from '../support/refusal';
import { until } from '../support/until';
import { untilServing } from '../support/until-serving';
import { exposureOf } from '../sweeps/exposure';

let bench: FailoverBench;

async function open(options: BenchOptions = {}): Promise<void> {
  bench = await FailoverBench.open(options);
  await bench.startWorker();
}

/** Breaks the world, starts the failover, and holds it when a step is done; then the primary comes back. */
async function returningAfter(step: string, disaster: Disaster, mode: RegionOutage): Promise<LiveRun> {
  const { world } = bench;
  await bench.lose(disaster);
  world.gateway.faults.regionDown(world.sites.primary.layout.region, mode);
  const run = await bench.start();
  await run.approve('failover', 'grace', 'linus');
  await run.approve('unprovenFence', 'margaret');
  await run.step(step, ['checking', 'running', 'verifying', 'done']);
  await run.hold('ada');
  await run.step(step, ['done']);
  await world.heal();
  await untilServing(bench);
  return run;
}

async function expectFenced(run: LiveRun, doors: readonly string[]): Promise<void> {
  const state = await run.ended();
  expect([state.outcome, state.degraded]).toEqual(['SUCCEEDED', []]);
  const at = (id: string, edge: 'startedAt' | 'endedAt'): number =>
    Date.parse(state.steps.find((step) => step.id === id)![edge]!);
  expect(state.steps.find(({ id }) => id === 'proveFence')!.proof).toMatchObject({ proven: true });
  expect(at('proveFence', 'endedAt')).toBeLessThanOrEqual(at('startNode.1', 'startedAt'));
  expect(at('proveFence', 'endedAt')).toBeLessThanOrEqual(at('switchDns', 'startedAt'));
  expect((await run.report()).followUps.join()).not.toContain('Prove the fence');
  for (const door of doors) await expect(push(bench.world, door)).rejects.toThrow();
  for (const door of doorsOf(bench.world, 'standby')) await push(bench.world, door);
  expect(await bench.violations()).toEqual([]);
}

describe('a primary that comes back before the promotion', () => {
  beforeAll(() => open());
  afterAll(() => bench?.close());

  test('is told before anything final is done, and a denial takes everything back', async () => {
    const { world } = bench;
    const before = await footprint(bench);
    const run = await returningAfter('createHomeVolume', 'region-down', '503');
    await run.resume('ada');
    const ask = await run.asked('primaryAlive');
    expect(ask.evidence[0]).toContain('eu-central-1 answers again: 1 of 1 nodes serving');
    await run.decide({ ask: ask.id, verdict: 'deny', actor: 'margaret', note: 'users work again' });
    const state = await run.ended();
    expect([state.outcome, state.conclusion]).toEqual([
      'DENIED',
      expect.stringContaining('users work again; everything was undone'),
    ]);
    expect(await footprint(bench)).toEqual(before);
    for (const door of doorsOf(world, 'primary')) await push(world, door);
    expect(await bench.violations()).toEqual([]);
  });

  test('is fenced before the promotion when people go on all the same', async () => {
    const doors = doorsOf(bench.world, 'primary');
    const run = await returningAfter('createHomeVolume', 'region-down', 'timeout');
    await run.resume('ada');
    await run.approve('primaryAlive', 'margaret');
    await expectFenced(run, doors);
    const { steps } = await run.status();
    const proven = steps.find(({ id }) => id === 'proveFence')!.endedAt!;
    expect(proven <= steps.find(({ id }) => id === 'promoteReplica')!.startedAt!).toBe(true);
  });
});

describe('a primary that comes back after the promotion', () => {
  // The default of an estate: on a busy machine a late answer would look like a region that is still away.
  beforeAll(() => open({ requestTimeoutSeconds: 10 }));
  afterAll(() => bench?.close());

  test('is fenced at once, before its successor takes any write', async () => {
    const doors = doorsOf(bench.world, 'primary');
    for (const door of doors) await push(bench.world, door);
    const run = await returningAfter('promoteReplica', 'partition', '503');
    // Whoever still reaches it loses what he pushes: it must not go on for longer than it takes to notice.
    for (const door of doors) await push(bench.world, door);
    await run.resume('ada');
    await expectFenced(run, doors);
  });
});

describe('a primary that comes back while its successor is verified', () => {
  beforeAll(() => open());
  afterAll(() => bench?.close());

  test('is fenced by the run as soon as it answers, and not only after the end', async () => {
    const { world } = bench;
    const { faults } = world.gateway;
    const doors = doorsOf(world, 'primary');
    await bench.lose('region-down');
    const run = await bench.start();
    await run.approve('failover', 'grace', 'linus');
    await run.approve('unprovenFence', 'margaret');
    await run.step('switchDns', ['checking', 'running', 'verifying', 'done']);
    await run.hold('ada');
    await run.step('switchDns', ['done']);
    // The proof of service cannot be made for a while: the run goes on, and asks.
    const blind = faults.add({
      match: { region: world.sites.standby.layout.region, action: 'DescribeAutoScalingGroups' },
      effect: { kind: 'error', code: 'AccessDenied', status: 403 },
    });
    await run.resume('ada');
    const { id: ask } = await run.asked('verifyService.failed');
    const returnedAt = Date.now();
    await world.heal();
    await until('the fence', async () => {
      const { proof } = (await run.status()).steps.find(({ id }) => id === 'proveFence')!;
      return proof['proven'] === true || undefined;
    });
    for (const door of doors) await expect(push(world, door)).rejects.toThrow();
    faults.remove(blind);
    await run.decide({ ask, verdict: 'retry', actor: 'grace' });
    const state = await run.ended();
    expect([state.outcome, state.degraded]).toEqual(['SUCCEEDED', []]);
    expect(state.facts.find(({ label }) => label === 'came back')?.value).toContain('answers again');
    expect((await run.report()).followUps.join()).not.toContain('Prove the fence');
    for (const door of doorsOf(world, 'standby')) await pushSoon(world, door);
    const { excused } = exposureOf(world.overlaps, state, returnedAt);
    const violations = await bench.violations();
    expect(violations.filter((line) => !excused.some((one) => line.endsWith(one)))).toEqual([]);
  });
});

describe('a region that falls silent after the approval', () => {
  beforeAll(() => open());
  afterAll(() => bench?.close());

  test('is asked about before anything is changed: a fence that nobody can see needs its own consent', async () => {
    const { world, mark } = bench;
    await bench.lose('database-down');
    const run = await bench.start();
    await run.asked('failover');
    await world.breakIt('partition');
    world.gateway.faults.regionDown(world.sites.primary.layout.region, '503');
    await run.approve('failover', 'grace', 'linus');
    const { id, planHash } = await run.asked('unprovenFence');
    expect(bench.changesSince(mark)).toEqual([]);
    const consent = { ask: id, verdict: 'approve', planHash: planHash! } as const;
    expect(await run.decide({ ...consent, actor: 'grace', note: 'go' }).catch(refusalOf)).toContain(
      'none of the roles',
    );
    expect(await run.decide({ ...consent, actor: 'margaret' }).catch(refusalOf)).toContain('needs a reason');
    await run.decide({ ...consent, actor: 'margaret', note: 'the provider has cut the power' });
    const state = await run.ended();
    expect(state.asks.map((ask) => [ask.id, ask.result])).toEqual([
      ['failover', 'approve'],
      ['unprovenFence', 'approve'],
    ]);
    expect(state.outcome).toBe('SUCCEEDED');
    expect((await run.report()).followUps.join()).toContain('Prove the fence of primary');
    expect(await bench.violations()).toEqual([]);
  });
});
