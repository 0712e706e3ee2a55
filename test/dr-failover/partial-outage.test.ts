import { Worker } from '@temporalio/worker';
import { FailoverBench } from '../support/failover-bench';
import { LiveRun } from '../support/live-run';
import { doorsOf, push, pushSoon } from '../support/push';
import { runMark } from '../../workflows/runbook/run-mark';

let bench: FailoverBench;

beforeEach(async () => {
  bench = await FailoverBench.open();
  await bench.startWorker();
});
afterEach(() => bench?.close());

/**
 * Users are cut off, and the site goes on: of AWS in its region this service alone is silent.
 * @returns what lets it answer again
 */
async function silence(service: string): Promise<() => void> {
  const { world } = bench;
  const { region } = world.sites.primary.layout;
  await bench.lose('partition');
  const silent = world.gateway.faults.add({ match: { region, service }, effect: { kind: 'dropBefore' } });
  world.gateway.faults.regionUp(region);
  return () => world.gateway.faults.remove(silent);
}

async function approved(...more: readonly string[]): Promise<LiveRun> {
  const run = await bench.start();
  await run.approve('failover', 'grace', 'linus');
  for (const consent of ['unprovenFence', ...more]) await run.approve(consent, 'margaret');
  return run;
}

/** With what a patch has decided in it. */
async function replay({ id, handle }: LiveRun): Promise<void> {
  const codePath = process.env['TEST_BUNDLE'] ?? '';
  await Worker.runReplayHistory({ workflowBundle: { codePath } }, await handle.fetchHistory(), id);
}

const endOf = (state: Awaited<ReturnType<LiveRun['status']>>, id: string): number =>
  Date.parse(state.steps.find((step) => step.id === id)!.endedAt!);
const fenceOf = async (run: LiveRun) =>
  ((await run.report()) as unknown as { fence: { state: string } }).fence.state;

test('while Auto Scaling is silent, database and home are denied before the promotion, and the nodes when it answers', async () => {
  const { world } = bench;
  const doors = doorsOf(world, 'primary').slice(1);
  const answer = await silence('autoscaling');
  for (const door of doors) await push(world, door);
  const run = await approved();
  await run.step('promoteReplica', ['checking', 'running', 'verifying', 'done']);
  const before = await run.status();
  for (const id of ['fenceDatabase', 'fenceHome']) {
    expect(before.steps.find((step) => step.id === id)).toMatchObject({ state: 'done' });
    expect(endOf(before, id)).toBeLessThanOrEqual(
      Date.parse(before.steps.find((step) => step.id === 'promoteReplica')!.startedAt!),
    );
  }
  expect((await world.probe()).primary).toMatchObject({ acceptsWrites: false });
  for (const door of doors) await expect(push(world, door)).rejects.toThrow();
  const told = JSON.stringify([before.problems, before.asks]);
  expect(told).not.toContain('does not answer any more');
  expect(before.facts.find(({ label }) => label === 'services in eu-central-1')?.value).toMatch(
    /RDS, EC2, .* answer; no answer from Auto Scaling/,
  );

  await run.step('startNode.1', ['checking', 'running', 'verifying', 'done']);
  answer();
  const state = await run.ended();
  expect([state.outcome, state.degraded]).toEqual(['SUCCEEDED', []]);
  expect(state.asks.map(({ id }) => id).sort()).toEqual(['failover', 'unprovenFence']);
  expect(await fenceOf(run)).toBe('proven');
  expect(endOf(state, 'fenceNodes')).toBeLessThanOrEqual(endOf(state, 'switchDns'));
  expect((await run.report()).followUps.join()).not.toContain('Prove the fence');
  for (const door of doorsOf(world, 'standby')) await pushSoon(world, door);
  await replay(run);
  expect(await bench.violations()).toEqual([]);
});

test('a home that takes no commands leaves the fence unproven, and the run that is left behind withdraws it', async () => {
  const answer = await silence('ssm');
  const run = await approved('primaryAlive');
  const state = await run.ended();
  expect(state.outcome).toBe('SUCCEEDED');
  // Nothing runs and nothing gets in, but the export was never withdrawn.
  expect(state.steps.find(({ id }) => id === 'proveFence')!.proof).toMatchObject({ proven: true });
  expect(await fenceOf(run)).toMatch(
    /^set, not proven: no answer in eu-central-1 to: run look-at-export\.sh/,
  );
  const { instance, runId } = state;
  const left = new LiveRun(
    bench.client.workflow.getHandle(`fenceLostSite/${instance}/after-${runMark(runId)}`),
  );
  // It asks about what it could not see when it planned, and looks again once people have answered.
  await left.asked('unprovenFence');
  answer();
  await left.approve('unprovenFence', 'margaret');
  expect((await left.ended()).outcome).toBe('SUCCEEDED');
  expect(await fenceOf(left)).toBe('proven');
  for (const one of [run, left]) await replay(one);
});

test('a part of the fence that people skip is not proven by that, whatever the plan foresaw', async () => {
  const { world } = bench;
  const { region } = world.sites.primary.layout;
  await bench.lose('partition');
  world.gateway.faults.regionUp(region);
  const run = await bench.start();
  await run.asked('failover');
  world.gateway.faults.add({
    match: { region, action: 'SendCommand' },
    effect: { kind: 'error', code: 'AccessDeniedException', status: 400, message: 'not authorized' },
  });
  await run.approve('failover', 'grace', 'linus');
  for (const consent of ['primaryAlive', 'unprovenFence']) await run.approve(consent, 'margaret');
  const ask = await run.asked('fenceHome.failed');
  expect(ask.verdicts).toContain('skip');
  await run.decide({ ask: ask.id, verdict: 'skip', actor: 'grace', note: 'its file server is off' });
  const state = await run.ended();
  expect([state.outcome, await fenceOf(run)]).toEqual([
    'DEGRADED',
    'set, not proven: the step that was to withdraw its home was skipped',
  ]);
  expect((await run.report()).followUps.join()).toContain('Prove the fence of primary');
});
