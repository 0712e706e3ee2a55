import { ApplicationFailure } from '@temporalio/common';
import { Worker } from '@temporalio/worker';
import { door } from '../../support/door';
import { LiveRun } from '../../support/live-run';
import { toyForEach } from '../../support/toy-for-each';
import type { ToyBench } from '../../support/toy-run';
import { TOY_POLICY } from '../../support/toy-world';
import type { ToyWorld } from '../../support/toy-world';
import { until } from '../../support/until';
import type { FleetProgress } from '../../../workflows/runbook/fleet-rules';

let bench: ToyBench;
let world: ToyWorld;

toyForEach((opened) => {
  bench = opened;
  world = opened.world;
  world.policy = {
    ...TOY_POLICY,
    gates: { go: 'auto' },
    failures: { default: 'abort', steps: {}, decisionTimeoutSeconds: 60 },
  };
});

let starts = 0;

function start(count: number, more: object = {}): Promise<LiveRun> {
  starts += 1;
  const input = { count, concurrency: 2, failuresAllowed: 0, ...more };
  return bench.start(input, `toyMany/${bench.instance}/${starts}`);
}

/** Tasks of these instances wait, from the first on, until they are let go. */
function gate(...numbers: number[]) {
  const { open, closed } = door();
  world.task = (instance) => (numbers.some((number) => instance === name(number)) ? closed : undefined);
  return { open };
}

function name(number: number): string {
  return `${bench.instance}-${number}`;
}

function begun(): readonly string[] {
  return world.log.flatMap((one) => (one.startsWith('task.run ') ? [one.slice('task.run '.length)] : []));
}

function fails(...numbers: number[]): void {
  world.task = (instance) => {
    if (numbers.some((number) => instance === name(number)))
      throw ApplicationFailure.nonRetryable('the disk is full', 'Terminal');
  };
}

async function fleetOf(run: LiveRun): Promise<FleetProgress> {
  return (await run.status()).fleet!;
}

test('every instance is done once, never more at once than allowed, and the report says how long the longest took', async () => {
  let [now, most] = [0, 0];
  world.task = async () => {
    most = Math.max(most, (now += 1));
    await new Promise((resolve) => setImmediate(resolve));
    now -= 1;
  };
  const run = await start(7, { concurrency: 3 });
  expect((await run.ended()).outcome).toBe('SUCCEEDED');
  expect([...begun()].sort()).toEqual(Array.from({ length: 7 }, (_, number) => name(number)));
  expect(most).toBeLessThanOrEqual(3);
  const { fleet, calls } = await run.report();
  expect(fleet).toMatchObject({
    total: 7,
    counts: { done: 7, failed: 0 },
    running: 0,
    waiting: 0,
    notes: [],
  });
  expect(fleet!.longest!.instance).toContain(bench.instance);
  expect(calls).toBeDefined();
});

test('a failure within the threshold is told, and the others are done', async () => {
  fails(1);
  const run = await start(4, { failuresAllowed: 1 });
  const state = await run.ended();
  expect([state.outcome, state.degraded]).toEqual(['DEGRADED', ['toyTask: 3 of 4 instances done, 1 failed']]);
  expect(state.fleet!.notes).toEqual([
    { instance: name(1), kind: 'failed', why: expect.stringContaining('the disk is full') },
  ]);
});

test('past the threshold none is started, those that run end, and the outcome says so', async () => {
  const { open } = gate(1);
  const slow = world.task;
  world.task = (instance) => {
    if (instance === name(0)) throw ApplicationFailure.nonRetryable('the disk is full', 'Terminal');
    return slow(instance);
  };
  const run = await start(5);
  await until('the failure to count', async () => (await run.status()).fleet?.stopped ?? undefined);
  open();
  const { outcome, conclusion } = await run.ended();
  expect([outcome, conclusion]).toEqual([
    'HANDED_OVER',
    '1 of 5 failed, and the run allows 0; toyTask: 1 of 5 instances done, 1 failed, 3 not started',
  ]);
  expect([...begun()].sort()).toEqual([name(0), name(1)]);
});

test('a hold starts none further and holds those that run; a resume goes on', async () => {
  const { open } = gate(0);
  const run = await start(3, { concurrency: 1 });
  await until('the first', () => begun().length === 1 || undefined);
  await run.hold('ben');
  const { children } = await fleetOf(run);
  const child = new LiveRun(bench.client.workflow.getHandle(children.replace('<instance>', name(0))));
  await until('the hold to reach the child', async () => (await child.status()).heldWithParent ?? undefined);
  open();
  await until('its end', async () => (await fleetOf(run)).counts.done === 1 || undefined);
  expect([await fleetOf(run), begun()]).toMatchObject([{ running: 0, waiting: 2 }, [name(0)]]);
  await run.resume('ben');
  expect((await run.ended()).outcome).toBe('SUCCEEDED');
});

test('a cancel takes back what runs, starts none further, and says what stands', async () => {
  const { open } = gate(2, 3);
  const run = await start(6);
  await until('two that run', () => begun().length === 4 || undefined);
  await run.handle.cancel();
  await until('the cancel to reach a child', async () => {
    const { children } = await fleetOf(run);
    const { events } = await bench.client.workflow
      .getHandle(children.replace('<instance>', name(2)))
      .fetchHistory();
    return events?.some((event) => event.workflowExecutionCancelRequestedEventAttributes) || undefined;
  });
  open();
  const { outcome, conclusion } = await run.ended();
  expect([outcome, conclusion]).toEqual([
    'HANDED_OVER',
    'cancelled; toyTask: 2 of 6 instances done, 2 cancelled, 2 not started',
  ]);
  expect((await run.handle.describe()).status.name).toBe('CANCELLED');
  expect(world.log.filter((one) => one.startsWith('task.undo')).sort()).toEqual([
    `task.undo ${name(2)}`,
    `task.undo ${name(3)}`,
  ]);
});

test('a cancel before the first child leaves nothing', async () => {
  world.policy = { ...world.policy, gates: { go: { approvals: 1, roles: [], timeoutSeconds: 60 } } };
  const run = await start(2);
  await run.asked('go');
  await run.handle.cancel();
  expect([(await run.ended()).outcome, begun()]).toEqual(['UNDONE', []]);
});

test('an instance that another run holds is skipped and told; the others are done', async () => {
  const { open } = gate(1);
  const holder = await bench.start({ instance: name(1) }, `toyTask/${name(1)}/by-hand`);
  await until('the other run', () => begun().length === 1 || undefined);
  const run = await start(3);
  const state = await run.ended();
  expect([state.outcome, state.fleet!.counts]).toMatchObject([
    'DEGRADED',
    { done: 2, skipped: 1, failed: 0 },
  ]);
  expect(state.fleet!.notes).toEqual([
    {
      instance: name(1),
      kind: 'skipped',
      why: expect.stringContaining(`held by toyTask/${name(1)}/by-hand`),
    },
  ]);
  open();
  expect((await holder.ended()).outcome).toBe('SUCCEEDED');
});

test('of two runs over the same the second is refused, and nothing is done twice', async () => {
  const { open } = gate(0);
  const first = await start(2);
  await until('the first child', () => begun().includes(name(0)) || undefined);
  const second = await start(2);
  const { outcome, problems } = await second.ended();
  expect([outcome, problems.map(({ code }) => code)]).toEqual(['REFUSED', ['instanceBusy']]);
  open();
  expect((await first.ended()).outcome).toBe('SUCCEEDED');
  expect(begun()).toHaveLength(2);
});

test('a run over many continues as new, with its lease, its approval and its numbers; each execution replays', async () => {
  world.policy = { ...world.policy, gates: { go: { approvals: 1, roles: [], timeoutSeconds: 60 } } };
  const { open } = gate(3);
  const run = await start(5, { startsPerExecution: 2 });
  await run.approve('go', 'ben');
  const first = (await run.status()).runId;
  await until('the second execution', () => begun().includes(name(3)) || undefined);
  const second = await run.status();
  expect(second.runId).not.toBe(first);
  const rival = await start(5);
  expect((await rival.ended()).problems.map(({ code }) => code)).toEqual(['instanceBusy']);
  open();
  const state = await run.ended();
  expect([state.outcome, state.asks.map(({ id, result }) => [id, result])]).toEqual([
    'SUCCEEDED',
    [['go', 'approve']],
  ]);
  expect(state.fleet).toMatchObject({ total: 5, counts: { done: 5 }, waiting: 0 });
  expect(state.startedAt).toBe(second.startedAt);
  expect([...begun()].sort()).toEqual([0, 1, 2, 3, 4].map(name));
  const executions = [first, second.runId, state.runId];
  expect(new Set(executions).size).toBe(3);
  for (const runId of executions) {
    const history = await bench.client.workflow.getHandle(run.id, runId).fetchHistory();
    const codePath = process.env['TEST_BUNDLE'] ?? '';
    await Worker.runReplayHistory({ workflowBundle: { codePath } }, history, run.id);
  }
});

test('a hold and a cancel hold for the executions that follow', async () => {
  const { open } = gate(0, 1);
  const run = await start(4, { startsPerExecution: 2 });
  await until('both', () => begun().length === 2 || undefined);
  const first = (await run.status()).runId;
  await run.hold('ben');
  open();
  await until('the next execution', async () => {
    const { runId } = await run.status();
    return runId !== first || undefined;
  });
  const state = await run.status();
  expect([state.held?.actor, state.fleet?.waiting]).toEqual(['ben', 2]);
  await run.handle.cancel();
  expect((await run.ended()).conclusion).toBe('cancelled; toyTask: 2 of 4 instances done, 2 not started');
  expect(begun()).toHaveLength(2);
});

describe('an approval that has expired while the run was held', () => {
  beforeEach(() => {
    const go = { approvals: 1, roles: [], timeoutSeconds: 60, approvalLifetimeSeconds: 1 };
    world.policy = { ...world.policy, gates: { go } };
  });

  /** Until the first child has ended, and the approval with it; in the execution that follows where one does. */
  async function heldTooLong(more: { readonly startsPerExecution?: number } = {}): Promise<LiveRun> {
    const { open } = gate(0);
    const run = await start(3, { concurrency: 1, ...more });
    const { runId } = await run.status();
    await run.approve('go', 'ben');
    await until('the first', () => begun().length === 1 || undefined);
    await run.hold('ben');
    open();
    await until('its end', async () => (await fleetOf(run)).counts.done === 1 || undefined);
    const isLast = more.startsPerExecution === undefined;
    await until('its execution', async () => isLast || (await run.status()).runId !== runId || undefined);
    const endedAt = Date.now();
    await until('the approval to expire', () => Date.now() - endedAt > 2000 || undefined);
    await run.resume('ben');
    return run;
  }

  test('is asked for again before the next child is started', async () => {
    const run = await heldTooLong();
    const { title } = await run.asked('go.2');
    expect([title, begun()]).toEqual(['Again: Run 3 toys', [name(0)]]);
    await run.approve('go.2', 'cy');
    expect((await run.ended()).outcome).toBe('SUCCEEDED');
    expect(begun()).toHaveLength(3);
  });

  test('is asked for again by the execution that follows as well', async () => {
    const run = await heldTooLong({ startsPerExecution: 1 });
    await run.asked('go.2');
    expect(begun()).toEqual([name(0)]);
    await run.approve('go.2', 'cy');
    expect((await run.ended()).outcome).toBe('SUCCEEDED');
  });

  test('and is denied then starts none further, and says what was done', async () => {
    const run = await heldTooLong();
    await run.asked('go.2');
    await run.decide({ ask: 'go.2', verdict: 'deny', actor: 'ben', note: 'too late in the day' });
    const { outcome, conclusion } = await run.ended();
    expect([outcome, conclusion]).toEqual([
      'HANDED_OVER',
      'ben denied "go.2": too late in the day; toyTask: 1 of 3 instances done, 2 not started',
    ]);
    expect(begun()).toHaveLength(1);
  });
});

test('nobody but the server makes a run a continuation: the approval is asked for', async () => {
  world.policy = { ...world.policy, gates: { go: { approvals: 1, roles: [], timeoutSeconds: 60 } } };
  const forged = { admission: {}, plan: { gates: [] }, passed: ['go'], state: {}, fleet: {} };
  const handle = await bench.client.workflow.start('toyMany', {
    workflowId: `toyMany/${bench.instance}/forged`,
    taskQueue: bench.instance,
    args: [{ count: 2, concurrency: 1, failuresAllowed: 0 }, forged],
  });
  const run = new LiveRun(handle);
  await run.asked('go');
  expect(begun()).toEqual([]);
  await handle.cancel();
  await run.ended();
});
