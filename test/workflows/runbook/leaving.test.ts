import { ApplicationFailure } from '@temporalio/common';
import { renderDetails } from '../../../workflows/runbook/details';
import { toyForEach } from '../../support/toy-for-each';
import type { ToyBench, ToyRun } from '../../support/toy-run';
import { TOY_POLICY } from '../../support/toy-world';
import type { ToyWorld } from '../../support/toy-world';
import { until } from '../../support/until';

let bench: ToyBench;
let world: ToyWorld;

toyForEach((opened) => {
  bench = opened;
  world = opened.world;
  world.policy = { ...TOY_POLICY, gates: { go: 'auto' }, lease: { ...TOY_POLICY.lease, preemptSeconds: 8 } };
});

const start = (runbook: string) => bench.start({}, `${runbook}/${bench.instance}/1`);

/** These parts are repeated for ever, as those of a region that does not answer. */
function silence(...parts: readonly string[]): void {
  world.before = (part) => {
    if (parts.includes(part))
      throw ApplicationFailure.create({ type: 'NotYet', message: 'no answer', nextRetryDelay: '50ms' });
  };
}

/** An emergency comes, and people agree that the other run shall let go. */
async function emergency(): Promise<ToyRun> {
  const run = await start('toyEmergency');
  await run.approve('preempt', 'ben');
  return run;
}

/** How the emergency goes: refused when it had to wait for too long. */
async function admitted(run: ToyRun): Promise<boolean> {
  const state = await until('the emergency to be let in or refused', async () => {
    const now = await run.status();
    return now.phase === 'ended' || now.planHash !== null ? now : undefined;
  });
  await run.handle.terminate();
  return state.outcome !== 'REFUSED';
}

describe('an emergency', () => {
  test('cuts a wait of hours short, and what was done is taken back', async () => {
    silence('proof.verify');
    const run = await start('toyLeavable');
    await run.step('proof', ['verifying']);
    const other = await emergency();
    const { outcome, conclusion } = await run.ended();
    expect([outcome, conclusion]).toEqual(['UNDONE', expect.stringContaining('let go for toyEmergency')]);
    expect(world.on.size).toBe(0);
    expect(await admitted(other)).toBe(true);
  });

  test('does not wait for an undo that gets no answer: what is left is said, the rest is taken back', async () => {
    silence('proof.verify', 'second.undo');
    const run = await start('toyLeavable');
    await run.step('proof', ['verifying']);
    const other = await emergency();
    const { outcome, followUps, asks } = await run.ended();
    expect([outcome, asks]).toEqual(['UNDO_INCOMPLETE', []]);
    expect(followUps).toContain('Turn off by hand what is on.');
    expect((await run.report()).standing.join()).toMatch(/uncertain.*second.*not enough to take it back/);
    expect([...world.on]).toEqual(['second']);
    expect(await admitted(other)).toBe(true);
  });

  test('leaves as it is what may stand, and the report says in which state', async () => {
    silence('last.verify');
    const run = await start('toyLeavable');
    await run.step('last', ['verifying']);
    const other = await emergency();
    const { outcome, conclusion } = await run.ended();
    expect([outcome, conclusion]).toEqual([
      'HANDED_OVER',
      expect.stringContaining('the last toy is turned on by nobody'),
    ]);
    expect((await run.report()).standing.join()).toMatch(/uncertain.*last.*let go for/);
    expect([...world.on].sort()).toEqual(['first', 'last', 'oneWay', 'second']);
    expect(await admitted(other)).toBe(true);
  });

  test('cuts a point of no return as well where the part may be left; then nothing is taken back', async () => {
    silence('oneWay.verify');
    const run = await start('toyLeavable');
    await run.step('oneWay', ['verifying']);
    const other = await emergency();
    const { outcome, conclusion } = await run.ended();
    expect([outcome, conclusion]).toEqual([
      'HANDED_OVER',
      expect.stringContaining('past the point of no return (oneWay): let go'),
    ]);
    expect(world.on.has('first')).toBe(true);
    expect(await admitted(other)).toBe(true);
  });

  test('ends a hold where the run may be left', async () => {
    let go = (): void => {};
    const slow = new Promise<void>((resolve) => (go = resolve));
    world.before = (part) => (part === 'second.run' ? slow : undefined);
    const run = await start('toyLeavable');
    await run.step('second', ['running']);
    await run.hold('ben');
    go();
    await run.step('second', ['done']);
    const other = await emergency();
    expect((await run.ended()).outcome).toBe('UNDONE');
    expect(await admitted(other)).toBe(true);
  });

  test('withdraws the question about a failed step; the report says what stands', async () => {
    world.before = (part) => {
      if (part === 'last.run') throw ApplicationFailure.nonRetryable('broken', 'Terminal');
    };
    const run = await start('toyLeavable');
    await run.asked('last.failed');
    const other = await emergency();
    const { outcome, asks, conclusion } = await run.ended();
    expect([outcome, asks[0]?.result]).toEqual(['HANDED_OVER', 'withdrawn']);
    expect(conclusion).toContain('the last toy is turned on by nobody');
    expect(await admitted(other)).toBe(true);
  });

  test('withdraws the question about a failed undo, wherever the run was', async () => {
    world.policy = { ...world.policy, failures: { ...TOY_POLICY.failures, default: 'abort' } };
    world.before = (part) => {
      if (part === 'second.verify' || part === 'second.undo')
        throw ApplicationFailure.nonRetryable('broken', 'Terminal');
    };
    const run = await start('toyRunbook');
    await run.asked('second.undo');
    const other = await emergency();
    const { outcome, asks } = await run.ended();
    expect([outcome, asks.at(-1)?.result]).toEqual(['UNDO_INCOMPLETE', 'withdrawn']);
    expect([...world.on]).toEqual(['second']);
    expect(await admitted(other)).toBe(true);
  });

  test('that asks while the first change is being checked is heard, although the check ends first', async () => {
    let go = (): void => {};
    const slow = new Promise<void>((resolve) => (go = resolve));
    world.before = (part, occurrence) => (part === 'first.check' && occurrence === 2 ? slow : undefined);
    const run = await start('toyRunbook');
    await until('the check', () => world.count('first.check') === 2 || undefined);
    const other = await emergency();
    await until('the wish', async () => (await run.status()).preemptedBy ?? undefined);
    go();
    const { outcome, conclusion } = await run.ended();
    expect([outcome, conclusion]).toEqual([
      'UNDONE',
      expect.stringMatching(/let go for.*nothing was touched/),
    ]);
    expect(world.count('first.run')).toBe(0);
    expect(await admitted(other)).toBe(true);
  });

  test('does not wait for a plan whose looks get no answer', async () => {
    silence('lookAround.look');
    const run = await start('toyLeavable');
    await until('the look', async () => world.count('lookAround.look') > 1 || undefined);
    const other = await emergency();
    expect((await run.ended()).conclusion).toMatch(/let go for toyEmergency.*nothing was touched/);
    await other.handle.terminate();
  });
});

describe('while people are not waited for', () => {
  test('a hold takes effect afterwards, and the page says so', async () => {
    let go = (): void => {};
    const slow = new Promise<void>((resolve) => (go = resolve));
    world.before = (part) => (part === 'second.run' ? slow : undefined);
    const run = await start('toyHurried');
    await run.step('second', ['running']);
    await run.hold('ben');
    expect(renderDetails(await run.status())).toContain('Held by ben**, but not while the lid is open');
    go();
    await run.step('proof', ['done']);
    await until('the end of the hurry', async () => (await run.status()).hurry === null || undefined);
    expect(world.count('last.run')).toBe(0);
    await run.resume('ben');
    expect((await run.ended()).outcome).toBe('SUCCEEDED');
  });

  test('a failed step aborts, after the tries that the policy gives it', async () => {
    world.policy = { ...world.policy, failures: { ...TOY_POLICY.failures, steps: { second: { retry: 2 } } } };
    world.before = (part) => {
      if (part === 'second.run') throw ApplicationFailure.nonRetryable('broken', 'Terminal');
    };
    const run = await start('toyHurried');
    const { outcome, conclusion, asks } = await run.ended();
    expect([outcome, asks, world.count('second.run')]).toEqual(['UNDONE', [], 3]);
    expect(conclusion).toContain('nobody is asked while the lid is open: broken');
    expect(world.on.size).toBe(0);
  });

  test('a step that is no longer what was approved aborts', async () => {
    world.before = (part) => {
      if (part === 'first.run') world.material = { second: 'red' };
    };
    const { outcome, conclusion } = await (await start('toyHurried')).ended();
    expect([outcome, conclusion]).toEqual(['UNDONE', expect.stringContaining('no longer what was approved')]);
  });

  test('the time is limited', async () => {
    world.policy = { ...world.policy, deadlines: { hurry: 1 } };
    silence('proof.verify');
    const { outcome, conclusion } = await (await start('toyHurried')).ended();
    expect([outcome, conclusion]).toEqual(['UNDONE', expect.stringContaining('not done within 1 s')]);
    expect(world.on.size).toBe(0);
  });
});

describe('what the run can do without', () => {
  const broken = (...parts: readonly string[]) => {
    world.before = (part) => {
      if (parts.includes(part)) throw ApplicationFailure.nonRetryable('broken', 'Terminal');
    };
  };
  const policy = (steps: (typeof TOY_POLICY)['failures']['steps']) => {
    world.policy = { ...world.policy, failures: { ...TOY_POLICY.failures, steps } };
  };

  test('is left out where the policy says so: taken back, told, and the run goes on', async () => {
    policy({ proof: { retry: 1, then: 'degrade' } });
    broken('proof.verify');
    const run = await start('toyOptional');
    const { outcome, degraded, asks } = await run.ended();
    expect([outcome, asks, world.count('proof.verify')]).toEqual(['DEGRADED', [], 2]);
    expect(degraded).toEqual(['the second toy was left out: Toy proof: broken']);
    expect([...world.on].sort()).toEqual(['first', 'last', 'oneWay']);
    expect(await run.report()).toMatchObject({ got: null });
  });

  test('is asked about where the policy says nothing', async () => {
    broken('proof.verify');
    const run = await start('toyOptional');
    await run.decide({ ask: (await run.asked('proof.failed')).id, verdict: 'abort', actor: 'ben' });
    expect((await run.ended()).outcome).toBe('UNDONE');
    expect(world.on.size).toBe(0);
  });

  test('stays as it is past a point of no return', async () => {
    policy({ last: 'degrade' });
    broken('last.verify');
    const { outcome } = await (await start('toyOptional')).ended();
    expect(outcome).toBe('DEGRADED');
    expect([...world.on].sort()).toEqual(['first', 'last', 'oneWay', 'second']);
  });

  test('a step that the run cannot do without asks, whatever the policy says of leaving it out', async () => {
    policy({ first: 'degrade' });
    broken('first.run');
    const run = await start('toyOptional');
    await run.asked('first.failed');
    await run.handle.cancel();
    await run.ended();
  });
});

describe('the policy and the clock answer for people', () => {
  test('a failed step is tried again so many times, and nobody is asked when that helps', async () => {
    world.policy = { ...world.policy, failures: { ...TOY_POLICY.failures, steps: { second: { retry: 2 } } } };
    world.before = (part, occurrence) => {
      if (part === 'second.run' && occurrence < 3)
        throw ApplicationFailure.nonRetryable('broken', 'Terminal');
    };
    const { outcome, asks, steps } = await (await start('toyRunbook')).ended();
    expect([outcome, asks.filter(({ kind }) => kind === 'failedStep')]).toEqual(['SUCCEEDED', []]);
    expect(steps.find(({ id }) => id === 'second')?.tries).toBe(3);
  });

  test('when it does not help people are asked; when nobody decides in time it counts as abort', async () => {
    const failures = { ...TOY_POLICY.failures, decisionTimeoutSeconds: 1, steps: { second: { retry: 1 } } };
    world.policy = { ...world.policy, failures };
    world.before = (part) => {
      if (part === 'second.run') throw ApplicationFailure.nonRetryable('broken', 'Terminal');
    };
    const { outcome, conclusion, asks } = await (await start('toyRunbook')).ended();
    expect([outcome, conclusion]).toEqual(['UNDONE', expect.stringContaining('nobody decided in time')]);
    expect([asks.at(-1)?.id, asks.at(-1)?.result]).toEqual(['second.failed', 'timeout']);
    expect([world.count('second.run'), world.on.size]).toEqual([2, 0]);
  });
});
