import { ApplicationFailure } from '@temporalio/common';
import { WorkflowFailedError, WorkflowUpdateFailedError } from '@temporalio/client';
import { decision } from '../../../workflows/runbook/messages';
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
});

const broken = (message: string) => ApplicationFailure.nonRetryable(message, 'Terminal');

async function approved(): Promise<ToyRun> {
  const run = await bench.start();
  await run.approve('go', 'ben', 'cy');
  return run;
}

function reason(error: unknown): string {
  return error instanceof WorkflowUpdateFailedError ? String(error.cause?.message) : String(error);
}

describe('the life of a run', () => {
  test('ends SUCCEEDED with every step proven, after both people approved the plan', async () => {
    const run = await approved();
    const state = await run.ended();
    expect(state.outcome).toBe('SUCCEEDED');
    expect(state.steps.map((step) => [step.id, step.state, step.proof])).toEqual([
      ['first', 'done', { on: true }],
      ['second', 'done', { on: true }],
      ['oneWay', 'done', { on: true }],
      ['last', 'done', { on: true }],
      ['proof', 'done', { on: false }],
    ]);
    expect(await run.report()).toMatchObject({
      outcome: 'SUCCEEDED',
      toy: { done: true },
      calls: { total: 4, mutating: 4, byRegion: { 'toy-1': 4 } },
      asks: [{ id: 'go', result: 'approve', decisions: [{ actor: 'ben' }, { actor: 'cy' }] }],
    });
  });

  test('a dry run plans with checks only, takes no lease and changes nothing', async () => {
    const run = await bench.start({ dryRun: true });
    const state = await run.ended();
    expect(state.outcome).toBe('PLANNED');
    expect(world.log.filter((part) => !/check|look/.test(part))).toEqual([]);
    await expect(bench.client.workflow.getHandle(`lease/${bench.instance}`).describe()).rejects.toThrow();
  });

  test('text instead of a JSON object ends REFUSED and says what a start looks like', async () => {
    const run = await bench.start('bitbucket-prod');
    const error: unknown = await run.handle.result().catch((failure: unknown) => failure);
    expect(error).toBeInstanceOf(WorkflowFailedError);
    expect((error as WorkflowFailedError).cause).toMatchObject({ type: 'REFUSED' });
    expect((await run.status()).problems[0]?.message).toContain('one JSON object');
  });

  test('all problems of all steps are found before anything is touched', async () => {
    const problem = (code: string) => [{ code, message: `${code} is wrong.`, remedy: 'Mend it.' }];
    world.problems = { second: problem('roof'), last: problem('door') };
    const state = await (await bench.start()).ended();
    expect(state.outcome).toBe('REFUSED');
    expect(state.problems.map((one) => one.code)).toEqual(['roof', 'door']);
    expect(world.on.size).toBe(0);
  });

  test('a procedure that cannot be planned further is REFUSED with its problem', async () => {
    world.weather = 'gone';
    const state = await (await bench.start()).ended();
    expect([state.outcome, state.problems[0]?.code]).toEqual(['REFUSED', 'noWorld']);
  });
});

describe('gates', () => {
  test.each([
    ['the starter', 'ada', 'started this run'],
    ['somebody unknown', 'mallory', 'not among the people'],
    ['somebody without the role', 'eve', 'none of the roles'],
  ])('%s cannot approve', async (_who, actor, why) => {
    const run = await bench.start();
    const { planHash } = await run.asked('go');
    const error = await run
      .decide({ ask: 'go', verdict: 'approve', actor, planHash: planHash! })
      .catch(reason);
    expect(error).toContain(why);
  });

  test('the same person counts once, and an approval of another plan is void', async () => {
    const run = await bench.start();
    await run.approve('go', 'ben');
    await expect(run.approve('go', 'ben').catch(reason)).resolves.toContain('each person counts once');
    const old = { ask: 'go', verdict: 'approve', actor: 'cy', planHash: '0123456789abcdef' } as const;
    expect(await run.decide(old).catch(reason)).toContain('present plan');
    expect(await run.decide({ ask: 'go', verdict: 'approve', actor: 'cy' }).catch(reason)).toContain(
      'names the plan',
    );
    expect((await run.status()).phase).toBe('asking');
  });

  test('a denial ends DENIED with its reason and nothing touched', async () => {
    const run = await bench.start();
    await run.asked('go');
    await run.decide({ ask: 'go', verdict: 'deny', actor: 'ben', note: 'not today' });
    const state = await run.ended();
    expect([state.outcome, state.conclusion]).toEqual(['DENIED', expect.stringContaining('not today')]);
    expect(world.on.size).toBe(0);
  });

  test('nobody answering in time counts as a denial', async () => {
    world.policy = { ...TOY_POLICY, gates: { go: { approvals: 1, roles: [], timeoutSeconds: 0.3 } } };
    const state = await (await bench.start()).ended();
    expect([state.outcome, state.asks[0]?.result]).toEqual(['DENIED', 'timeout']);
  });

  test('a gate that the policy sets to auto is recorded as the act of the policy', async () => {
    world.policy = { ...TOY_POLICY, gates: { go: 'auto' } };
    const state = await (await bench.start()).ended();
    expect([state.outcome, state.asks[0]?.result]).toEqual(['SUCCEEDED', 'policy']);
  });

  test('a problem with consent passes only with a reason', async () => {
    world.weather = 'storm';
    world.policy = {
      ...TOY_POLICY,
      gates: { go: 'auto', storm: { approvals: 1, roles: ['manager'], timeoutSeconds: 60 } },
    };
    const run = await bench.start();
    const { planHash } = await run.asked('storm');
    const bare = { ask: 'storm', verdict: 'approve', actor: 'ben', planHash: planHash! } as const;
    expect(await run.decide(bare).catch(reason)).toContain('needs a reason');
    await run.decide({ ...bare, note: 'the roof holds' });
    expect((await run.ended()).outcome).toBe('SUCCEEDED');
  });

  test('a denial of one question withdraws the others at once', async () => {
    world.weather = 'storm';
    const run = await bench.start();
    await run.asked('storm');
    await run.decide({ ask: 'go', verdict: 'deny', actor: 'ben', note: 'no' });
    const state = await run.ended();
    expect([state.outcome, state.asks.map((ask) => ask.result)]).toEqual(['DENIED', ['deny', 'withdrawn']]);
  });

  test('a decision by signal counts, and a wrong one is kept with the reason instead of failing the run', async () => {
    const run = await bench.start();
    const { planHash } = await run.asked('go');
    await run.handle.signal(decision, 'approve!' as never);
    await run.handle.signal(decision, { ask: 'go', verdict: 'approve', actor: 'ben', planHash: planHash! });
    await run.handle.signal(decision, { ask: 'go', verdict: 'approve', actor: 'cy', planHash: planHash! });
    const state = await run.ended();
    expect([state.outcome, state.refusals.length]).toEqual(['SUCCEEDED', 1]);
  });
});

describe('failures', () => {
  test('a failed step asks, and retry goes on', async () => {
    world.before = (part, occurrence) => {
      if (part === 'second.run' && occurrence === 1) throw broken('the switch is stuck');
    };
    const run = await approved();
    const ask = await run.asked('second.failed');
    expect(ask.evidence).toEqual(['the switch is stuck']);
    await run.decide({ ask: ask.id, verdict: 'retry', actor: 'ada' });
    expect((await run.ended()).outcome).toBe('SUCCEEDED');
  });

  test('what passes by itself is retried without asking; what does not is asked about after eight tries', async () => {
    world.policy = { ...TOY_POLICY, gates: { go: 'auto' } };
    world.before = (part, occurrence) => {
      if (part === 'first.run' && occurrence < 4) throw new Error('a hiccup');
      if (part === 'second.run') throw new Error('a real fault');
    };
    const run = await bench.start();
    const ask = await run.asked('second.failed');
    expect(ask.evidence).toEqual(['failed 8 times, at last: a real fault']);
    expect([world.count('first.run'), world.count('second.run')]).toEqual([4, 8]);
    await run.handle.cancel();
  });

  test('skip needs a reason and leaves the run DEGRADED', async () => {
    world.before = (part) => {
      if (part === 'last.run') throw broken('no lamp');
    };
    const run = await approved();
    const { id } = await run.asked('last.failed');
    expect(await run.decide({ ask: id, verdict: 'skip', actor: 'ben' }).catch(reason)).toContain(
      'needs a reason',
    );
    await run.decide({ ask: id, verdict: 'skip', actor: 'ben', note: 'there is daylight' });
    const state = await run.ended();
    expect([state.outcome, state.degraded[0]]).toEqual(['DEGRADED', expect.stringContaining('daylight')]);
  });

  test('abort undoes everything in reverse, the failed step included', async () => {
    world.before = (part) => {
      if (part === 'second.verify') throw broken('it is dark');
    };
    const run = await approved();
    const { id } = await run.asked('second.failed');
    await run.decide({ ask: id, verdict: 'abort', actor: 'ben' });
    expect((await run.ended()).outcome).toBe('UNDONE');
    expect(world.log.filter((part) => part.endsWith('.undo'))).toEqual(['second.undo', 'first.undo']);
    expect(world.on.size).toBe(0);
    expect((await run.report()).followUps).toEqual(['look after second', 'look after first']);
  });

  test('an undo that fails asks; skipping it ends UNDO_INCOMPLETE and says what stands', async () => {
    world.before = (part) => {
      if (part === 'second.run' || part === 'first.undo') throw broken(`${part} is stuck`);
    };
    const run = await approved();
    await run.decide({ ask: (await run.asked('second.failed')).id, verdict: 'abort', actor: 'ben' });
    await run.decide({
      ask: (await run.asked('first.undo')).id,
      verdict: 'skip',
      actor: 'ben',
      note: 'by hand',
    });
    expect((await run.ended()).outcome).toBe('UNDO_INCOMPLETE');
    expect((await run.report()).standing).toContainEqual(expect.stringContaining('Toy first'));
  });

  test('past the point of no return abort hands over without undoing', async () => {
    world.before = (part) => {
      if (part === 'last.run') throw broken('no lamp');
    };
    const run = await approved();
    await run.decide({ ask: (await run.asked('last.failed')).id, verdict: 'abort', actor: 'ben' });
    const state = await run.ended();
    expect([state.outcome, state.pastPointOfNoReturn]).toEqual(['HANDED_OVER', 'oneWay']);
    expect(world.log.some((part) => part.endsWith('.undo'))).toBe(false);
    const report = await run.report();
    expect(report.standing).toContainEqual(expect.stringContaining('stands: Toy oneWay'));
    expect(report.remaining).toMatchObject([
      { id: 'last', what: 'look', calls: [{ action: 'TurnOn', target: 'last' }] },
      { id: 'proof', what: 'do', calls: [] },
    ]);
  });

  test('a point of no return whose run failed counts as passed: its answer may be lost', async () => {
    world.after = (part) => {
      if (part === 'oneWay.run') throw broken('the answer was lost');
    };
    const run = await approved();
    await run.decide({ ask: (await run.asked('oneWay.failed')).id, verdict: 'abort', actor: 'ben' });
    expect((await run.ended()).outcome).toBe('HANDED_OVER');
  });

  test('a world that differs from the approved plan asks again before the step', async () => {
    const run = await bench.start();
    await run.asked('go');
    world.material = { second: 'red' };
    await run.approve('go', 'ben', 'cy');
    const ask = await run.asked('second.drift');
    expect(ask.evidence).toEqual(['colour: approved green, now red']);
    await run.decide({ ask: ask.id, verdict: 'deny', actor: 'ben', note: 'not red' });
    expect((await run.ended()).outcome).toBe('DENIED');
    expect(world.on.size).toBe(0);
  });
});

describe('hold and cancel', () => {
  test('a held run does no further step and still answers', async () => {
    const run = await bench.start();
    await run.asked('go');
    await run.hold('eve');
    await run.approve('go', 'ben', 'cy');
    const held = await run.status();
    expect([held.held?.actor, world.on.size]).toEqual(['eve', 0]);
    await run.resume('eve');
    expect((await run.ended()).outcome).toBe('SUCCEEDED');
  });

  test.each(['first.run', 'first.verify', 'second.check', 'second.run', 'second.verify'])(
    'cancel at %s leaves the world as it was, closed as cancelled',
    async (at) => {
      let reached = false;
      world.before = async (part) => {
        if (part !== at || world.count(part) < (part.endsWith('check') ? 2 : 1)) return;
        reached = true;
        await new Promise((resolve) => setTimeout(resolve, 300));
      };
      const run = await approved();
      await until(at, () => reached || undefined);
      await run.handle.cancel();
      const state = await run.ended();
      expect([state.outcome, ...world.on]).toEqual(['UNDONE']);
      expect((await run.handle.describe()).status.name).toBe('CANCELLED');
    },
  );

  test.each(['oneWay.run', 'oneWay.verify', 'last.run'])(
    'cancel at %s hands over what stands',
    async (at) => {
      let reached = false;
      world.before = async (part) => {
        if (part !== at) return;
        reached = true;
        await new Promise((resolve) => setTimeout(resolve, 300));
      };
      const run = await approved();
      await until(at, () => reached || undefined);
      await run.handle.cancel();
      const state = await run.ended();
      expect([state.outcome, world.on.has('oneWay'), world.on.has('first')]).toEqual([
        'HANDED_OVER',
        true,
        true,
      ]);
      expect((await run.handle.describe()).status.name).toBe('CANCELLED');
    },
  );

  test.each(['abort', 'ask'] as const)(
    'cancel during a look that does not see the effect yet is a cancel where the policy says %s',
    async (rule) => {
      world.policy = {
        ...TOY_POLICY,
        gates: { go: 'auto' },
        failures: { ...TOY_POLICY.failures, default: rule },
      };
      world.before = async (part) => {
        if (part !== 'second.verify') return;
        await new Promise((resolve) => setTimeout(resolve, 300));
        throw ApplicationFailure.create({ type: 'NotYet', message: 'dark', nextRetryDelay: '50ms' });
      };
      const run = await bench.start();
      await until('the look', () => world.count('second.verify') > 0 || undefined);
      await run.handle.cancel();
      const { outcome, conclusion, asks } = await run.ended();
      expect([outcome, conclusion]).toEqual(['UNDONE', 'cancelled; everything was undone']);
      expect(asks.filter(({ kind }) => kind === 'failedStep')).toEqual([]);
      expect((await run.handle.describe()).status.name).toBe('CANCELLED');
    },
  );

  test('cancel during a look of an observation is a cancel', async () => {
    world.before = async (part, occurrence) => {
      if (part !== 'lookAround.look' || occurrence < 2) return;
      await new Promise((resolve) => setTimeout(resolve, 300));
      throw new Error('a hiccup');
    };
    const run = await approved();
    await until('the look', () => world.count('lookAround.look') > 1 || undefined);
    await run.handle.cancel();
    const { conclusion } = await run.ended();
    expect(conclusion).toBe('cancelled; nothing was touched');
    expect((await run.handle.describe()).status.name).toBe('CANCELLED');
  });

  test('cancel while people are asked withdraws the question', async () => {
    const run = await bench.start();
    await run.asked('go');
    await run.handle.cancel();
    const state = await run.ended();
    expect([state.outcome, state.asks[0]?.result]).toEqual(['UNDONE', 'withdrawn']);
  });
});
