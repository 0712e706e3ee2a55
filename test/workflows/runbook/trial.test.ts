import { ApplicationFailure } from '@temporalio/common';
import { ToyBench } from '../../support/toy-run';
import type { ToyRun } from '../../support/toy-run';
import { TOY_POLICY, ToyWorld } from '../../support/toy-world';
import { until } from '../../support/until';

let bench: ToyBench;
let world: ToyWorld;

beforeEach(async () => {
  world = new ToyWorld();
  world.policy = { ...TOY_POLICY, gates: { go: 'auto' } };
  bench = await ToyBench.open(world);
});
afterEach(async () => {
  const lease = bench.client.workflow.getHandle(`lease/${bench.instance}/shed`);
  await lease.terminate().catch(() => {});
  await bench.close();
});

const broken = (message: string) => ApplicationFailure.nonRetryable(message, 'Terminal');
const start = (): Promise<ToyRun> => bench.start({}, `toyTrial/${bench.instance}/${Date.now()}`);
const trialOf = async (run: ToyRun) => (await run.report())['trial'];

test('what a temporary part has done is undone when it went well, the last first, and the run goes on', async () => {
  const run = await start();
  const state = await run.ended();
  expect([state.outcome, await trialOf(run)]).toEqual(['SUCCEEDED', { done: true, value: 'proven' }]);
  expect(world.log.filter((part) => /\.(run|undo)$/.test(part))).toEqual([
    ...['first.run', 'second.run', 'second.undo', 'first.undo', 'last.run'],
  ]);
  expect([...world.on]).toEqual(['last']);
});

test('a step that fails in an attempt is an answer: nobody is asked, and nothing of the part stays', async () => {
  world.before = (part) => {
    if (part === 'second.run') throw broken('no');
  };
  const run = await start();
  const state = await run.ended();
  expect([state.outcome, state.asks.filter(({ kind }) => kind !== 'gate')]).toEqual(['SUCCEEDED', []]);
  expect(await trialOf(run)).toEqual({ done: false, step: 'second', why: 'no' });
  expect([...world.on]).toEqual(['last']);
});

test('an attempt inside of it fails alone', async () => {
  world.before = (part) => {
    if (part === 'proof.verify') throw broken('torn');
  };
  const run = await start();
  expect((await run.ended()).outcome).toBe('SUCCEEDED');
  expect(await trialOf(run)).toEqual({ done: true, value: 'torn' });
  expect(world.count('first.undo')).toBe(1);
});

test('when its time is over it is ended and undone, although a person holds the run', async () => {
  world.policy = { ...world.policy, deadlines: { trial: 1.5 } };
  const run = await start();
  await run.step('first', ['running', 'verifying', 'done']);
  await run.hold('ben');
  await until('the undo', () => world.count('first.undo') > 0 || undefined);
  await run.resume('ben');
  const state = await run.ended();
  expect(state.outcome).toBe('SUCCEEDED');
  expect(await trialOf(run)).toMatchObject({ done: false, why: 'not done within 2 s' });
  expect([...world.on]).toEqual(['last']);
});

test('a cancel undoes it and ends the run', async () => {
  world.before = async (part) => {
    if (part === 'second.run') await new Promise((resolve) => setTimeout(resolve, 300));
  };
  const run = await start();
  await run.step('second', ['running']);
  await run.handle.cancel();
  const { outcome, conclusion } = await run.ended();
  expect([outcome, conclusion]).toEqual(['UNDONE', 'cancelled; everything was undone']);
  expect(world.on.size).toBe(0);
});

test('an undo that a person gives up leaves the run UNDO_INCOMPLETE when it is cancelled', async () => {
  world.before = async (part) => {
    if (part === 'first.undo') throw broken('stuck');
    if (part === 'second.run') await new Promise((resolve) => setTimeout(resolve, 300));
  };
  const run = await start();
  await run.step('second', ['running']);
  await run.handle.cancel();
  const ask = await run.asked('first.undo');
  await run.decide({ ask: ask.id, verdict: 'skip', actor: 'ben', note: 'by hand' });
  expect((await run.ended()).outcome).toBe('UNDO_INCOMPLETE');
});

test.each([
  ['went well', 'none', { done: true, value: 'proven' }],
  ['failed', 'second.run', { done: false, step: 'second' }],
])(
  'a tear-down that is given up of a part that %s leaves the run DEGRADED, with what stands',
  async (_how, fails, trial) => {
    world.before = (part) => {
      if (part === 'first.undo' || part === fails) throw broken('stuck');
    };
    const run = await start();
    const ask = await run.asked('first.undo');
    await run.decide({ ask: ask.id, verdict: 'skip', actor: 'ben', note: 'by hand' });
    const { outcome, conclusion, degraded } = await run.ended();
    expect([outcome, await trialOf(run)]).toMatchObject(['DEGRADED', trial]);
    expect(degraded).toEqual(['Toy first could not be taken back: stuck']);
    expect(conclusion).toContain('Toy first could not be taken back');
  },
);

test('a run of a part of the instance does not wait for one that holds the whole', async () => {
  let go = (): void => {};
  const waiting = new Promise<void>((resolve) => (go = resolve));
  world.before = (part) => (part === 'oneWay.run' ? waiting : undefined);
  const whole = await bench.start();
  await whole.step('oneWay', ['running']);
  const run = await start();
  expect((await run.ended()).outcome).toBe('SUCCEEDED');
  go();
  expect((await whole.ended()).outcome).toBe('SUCCEEDED');
});
