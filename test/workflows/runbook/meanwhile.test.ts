import { ApplicationFailure } from '@temporalio/common';
import { door } from '../../support/door';
import { toyForEach } from '../../support/toy-for-each';
import type { ToyBench } from '../../support/toy-run';
import type { ToyWorld } from '../../support/toy-world';
import { until } from '../../support/until';

let bench: ToyBench;
let world: ToyWorld;

toyForEach((opened) => {
  bench = opened;
  world = opened.world;
});

const start = () => bench.start({}, `toyMeanwhile/${bench.instance}/1`);
const notYet = () => ApplicationFailure.create({ message: 'not yet', nextRetryDelay: 10 });
const ranParts = () => world.log.filter((part) => part.endsWith('.run'));

/** Keeps a part from going on until it is opened. */
function doorAt(part: string) {
  const { open, closed } = door();
  return { open, hold: (one: string) => (one === part ? closed : undefined) };
}

test('what comes while the work is done is met at once, beside it', async () => {
  const { open, hold } = doorAt('first.run');
  world.before = hold;
  const run = await start();
  await run.step('second', ['done']);
  expect(ranParts()).toEqual(['first.run', 'second.run']);
  open();
  expect((await run.ended()).outcome).toBe('SUCCEEDED');
  expect(ranParts()).toEqual(['first.run', 'second.run', 'last.run']);
});

test('the run goes on only when what was begun beside the work has come to its end', async () => {
  const { open, hold } = doorAt('second.run');
  world.before = hold;
  const run = await start();
  await run.step('first', ['done']);
  await run.step('second', ['running']);
  expect(world.on.has('last')).toBe(false);
  open();
  expect((await run.ended()).outcome).toBe('SUCCEEDED');
});

test('with the work done nobody waits for what did not come', async () => {
  world.before = (part) => {
    if (part === 'proof.verify') throw notYet();
  };
  const run = await start();
  const state = await run.ended();
  expect([state.outcome, state.degraded]).toEqual(['SUCCEEDED', []]);
  expect(ranParts()).toEqual(['first.run', 'second.run', 'last.run']);
});

test('a look that fails for good degrades the run, which goes on', async () => {
  world.before = (part) => {
    if (part === 'proof.verify') throw ApplicationFailure.nonRetryable('no permission to look');
  };
  const state = await (await start()).ended();
  expect([state.outcome, state.degraded]).toEqual(['DEGRADED', ['Toy proof: no permission to look']]);
});

test('work that fails is undone only after what was begun beside it has ended', async () => {
  const { open, hold } = doorAt('second.run');
  world.before = (part) => {
    if (part === 'first.run') throw ApplicationFailure.nonRetryable('broken');
    return hold(part);
  };
  const run = await start();
  await run.step('second', ['running']);
  const { id: ask } = await run.asked('first.failed');
  await run.decide({ ask, verdict: 'abort', actor: 'ben' });
  expect(world.count('first.undo') + world.count('second.undo')).toBe(0);
  open();
  expect((await run.ended()).outcome).toBe('UNDONE');
  await until('the undo', () => (world.on.size === 0 ? true : undefined));
});

test('a cancel ends the wait together with the work', async () => {
  const { open, hold } = doorAt('first.run');
  world.before = (part) => {
    if (part === 'proof.verify') throw notYet();
    return hold(part);
  };
  const run = await start();
  await run.step('first', ['running']);
  await run.handle.cancel();
  open();
  expect((await run.ended()).outcome).toBe('UNDONE');
  expect(world.on.size).toBe(0);
});
