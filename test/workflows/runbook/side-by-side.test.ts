import { ApplicationFailure } from '@temporalio/common';
import { door } from '../../support/door';
import { toyForEach } from '../../support/toy-for-each';
import type { ToyBench, ToyRun } from '../../support/toy-run';
import type { ToyWorld } from '../../support/toy-world';

let bench: ToyBench;
let world: ToyWorld;

toyForEach((opened) => {
  bench = opened;
  world = opened.world;
});

const start = (message: object = {}, runbook = 'toyBeside') =>
  bench.start(message, `${runbook}/${bench.instance}/1`);
const broken = () => ApplicationFailure.nonRetryable('broken', 'Terminal');
const notYet = () => ApplicationFailure.create({ message: 'not yet', nextRetryDelay: 10 });

async function abort(run: ToyRun, id: string): Promise<void> {
  const { id: ask } = await run.asked(id);
  await run.decide({ ask, verdict: 'abort', actor: 'ben' });
}

test('an abort ends what waits beside it, and nothing more is begun before all is taken back', async () => {
  world.before = (part) => {
    if (part === 'first.run') throw broken();
    // Never there: without the abort it would be waited for until the step's time is over.
    if (part === 'second.verify') throw notYet();
  };
  const run = await start();
  await run.step('second', ['verifying']);
  await abort(run, 'first.failed');
  const state = await run.ended();
  expect([state.outcome, state.conclusion]).toEqual(['UNDONE', expect.stringContaining('Toy first failed')]);
  // It did not come to the end of its time, which people would have been asked about.
  expect(state.asks.map(({ id }) => id)).toEqual(['first.failed']);
  expect(world.count('last.check')).toBe(1);
  expect(world.log.slice(-2).toSorted()).toEqual(['first.undo', 'second.undo']);
  expect(world.on.size).toBe(0);
});

test('an abort withdraws what is asked beside it', async () => {
  world.before = (part) => {
    if (part === 'first.run' || part === 'second.run') throw broken();
  };
  const run = await start();
  await run.asked('second.failed');
  await abort(run, 'first.failed');
  const { outcome, asks } = await run.ended();
  expect(outcome).toBe('UNDONE');
  expect(asks.map(({ id, result }) => [id, result])).toEqual(
    expect.arrayContaining([
      ['first.failed', 'abort'],
      ['second.failed', 'withdrawn'],
    ]),
  );
});

test('what a hold keeps from going on is aborted without being resumed', async () => {
  const { open, closed } = door();
  world.before = (part) => {
    if (part === 'first.run') throw broken();
    return part === 'second.run' ? closed : undefined;
  };
  const run = await start();
  await run.step('second', ['running']);
  await run.hold('ada');
  open();
  await run.step('second', ['done']);
  await abort(run, 'first.failed');
  expect((await run.ended()).outcome).toBe('UNDONE');
  expect(world.count('last.run')).toBe(0);
});

test('past a point of no return what is under way beside an abort comes to its end, and is told as done', async () => {
  const { open, closed } = door();
  world.before = (part) => {
    if (part === 'first.run') throw broken();
    return part === 'second.run' ? closed : undefined;
  };
  const run = await start({ late: true });
  await run.step('second', ['running']);
  await abort(run, 'first.failed');
  open();
  const { outcome, steps } = await run.ended();
  expect(outcome).toBe('HANDED_OVER');
  expect(steps.map(({ id, state }) => [id, state])).toEqual([
    ['oneWay', 'done'],
    ['first', 'failed'],
    ['second', 'done'],
    ['last', 'done'],
  ]);
});

test('an abort of what was begun beside the work ends the work', async () => {
  world.before = (part) => {
    if (part === 'second.run') throw broken();
    if (part === 'first.verify') throw notYet();
  };
  const run = await start({}, 'toyMeanwhile');
  await run.step('first', ['verifying']);
  await abort(run, 'second.failed');
  const state = await run.ended();
  expect([state.outcome, state.conclusion]).toEqual(['UNDONE', expect.stringContaining('Toy second failed')]);
  expect(world.on.size).toBe(0);
});
