import { ApplicationFailure } from '@temporalio/common';
import { renderDetails } from '../../../workflows/runbook/details';
import type { GatePolicy, RunPolicy } from '../../../workflows/runbook/policy';
import { refusalOf } from '../../support/refusal';
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
const ONE = { approvals: 1, roles: ['operator'], timeoutSeconds: 60 };

function gates(given: Readonly<Record<string, GatePolicy>>): RunPolicy {
  return { ...TOY_POLICY, gates: given };
}

/** Waits until an approval of this time, which holds for so long, has expired. */
async function outlived(closedAt: string | null, seconds: number): Promise<void> {
  const end = Date.parse(closedAt!) + seconds * 1000;
  await until('the approval to expire', () => (Date.now() > end + 50 ? true : undefined), seconds + 10);
}

async function ids(run: ToyRun): Promise<readonly string[]> {
  return (await run.status()).asks.map((ask) => `${ask.id} ${ask.result}`);
}

describe('escalation', () => {
  const escalate = { afterSeconds: 1.5, roles: ['manager'] };

  test('after its time the second group is told, and may decide as well', async () => {
    world.policy = gates({ go: { ...ONE, escalate } });
    const run = await bench.start();
    const { planHash, escalation } = await run.asked('go');
    expect(escalation).toMatchObject({ roles: ['manager'], since: null, told: null });
    const mia = { ask: 'go', verdict: 'approve', actor: 'mia', planHash: planHash! } as const;
    expect(await run.decide(mia).catch(refusalOf)).toContain(
      `none of the roles that may decide "go": operator; from ${escalation!.dueAt} on also manager`,
    );
    const state = await until('the escalation', async () => {
      const now = await run.status();
      return typeof now.asks[0]!.escalation?.told === 'string' ? now : undefined;
    });
    const { since, dueAt, told } = state.asks[0]!.escalation!;
    expect(Date.parse(since!)).toBeGreaterThanOrEqual(Date.parse(dueAt));
    expect(told).toBe("written to the worker's log for ben, mia");
    expect(renderDetails(state)).toContain('**Passed on to manager** at');
    expect(renderDetails(state)).toContain('a person with role operator or manager');
    await run.decide(mia);
    expect((await run.ended()).outcome).toBe('SUCCEEDED');
    expect(world.count('notify')).toBe(1);
  });

  test('a question that is answered in time is never passed on', async () => {
    world.policy = gates({ go: { ...ONE, escalate } });
    const run = await bench.start();
    await run.approve('go', 'cy');
    const { asks } = await run.ended();
    expect([asks[0]!.escalation?.since, world.count('notify')]).toEqual([null, 0]);
  });

  test('that nobody could be told is recorded, and stops neither the question nor its deadline', async () => {
    world.policy = gates({ go: { ...ONE, timeoutSeconds: 3, escalate: { ...escalate, afterSeconds: 0.5 } } });
    world.before = (part) => {
      if (part === 'notify') throw broken('the log is full');
    };
    const state = await (await bench.start()).ended();
    expect([state.outcome, state.asks[0]!.result]).toEqual(['DENIED', 'timeout']);
    expect(state.asks[0]!.escalation?.told).toBe('could not be told: the log is full');
  });

  test('a failed step is passed on as well', async () => {
    const failures = { ...TOY_POLICY.failures, escalate: { ...escalate, afterSeconds: 0.5 } };
    world.policy = { ...gates({ go: 'auto' }), failures };
    world.before = (part, occurrence) => {
      if (part === 'second.run' && occurrence === 1) throw broken('the switch is stuck');
    };
    const run = await bench.start();
    await until('the notice', () => (world.count('notify') === 1 ? true : undefined));
    const { id } = await run.asked('second.failed');
    await run.decide({ ask: id, verdict: 'retry', actor: 'mia' });
    expect((await run.ended()).outcome).toBe('SUCCEEDED');
  });
});

describe('an approval expires', () => {
  test('when the run was held for longer before its first change: the gate asks again', async () => {
    world.policy = gates({ go: { ...ONE, approvalLifetimeSeconds: 1 } });
    const run = await bench.start();
    await run.asked('go');
    await run.hold('ada');
    await run.approve('go', 'cy');
    const { asks } = await run.status();
    await outlived(asks[0]!.closedAt, 1);
    await run.resume('ada');
    const again = await run.asked('go.2');
    expect(again.title).toBe('Again: Go ahead');
    expect(again.evidence[0]).toMatch(
      /^approved at .* UTC by cy; that holds for 1 s in which nothing is done$/,
    );
    expect(world.on.size).toBe(0);
    await run.approve('go.2', 'ben');
    expect((await run.ended()).outcome).toBe('SUCCEEDED');
  });

  test('not while it holds, nor past the point of no return, where there is nothing to withdraw', async () => {
    world.policy = gates({ go: { ...ONE, approvalLifetimeSeconds: 1 } });
    world.before = async (part) => {
      if (part === 'oneWay.verify') await run.hold('ada');
    };
    const run = await bench.start();
    await run.approve('go', 'cy');
    await run.step('oneWay', ['done']);
    const { steps } = await run.status();
    await outlived(steps.find(({ id }) => id === 'oneWay')!.endedAt, 1);
    await run.resume('ada');
    expect((await run.ended()).outcome).toBe('SUCCEEDED');
    expect(await ids(run)).toEqual(['go approve']);
  });

  test('when the run stands still for longer between two changes; a denial then undoes', async () => {
    world.policy = gates({ go: { ...ONE, approvalLifetimeSeconds: 1 } });
    world.before = async (part) => {
      if (part === 'first.verify') await run.hold('ada');
    };
    const run = await bench.start();
    await run.approve('go', 'cy');
    await run.step('first', ['done']);
    const { steps } = await run.status();
    await outlived(steps[0]!.endedAt, 1);
    await run.resume('ada');
    await run.asked('go.2');
    await run.decide({ ask: 'go.2', verdict: 'deny', actor: 'ben', note: 'too late' });
    expect((await run.ended()).outcome).toBe('DENIED');
    expect(world.on.size).toBe(0);
  });

  test('while the other questions of the plan wait: only what has expired is asked again', async () => {
    world.weather = 'storm';
    const storm = { approvals: 1, roles: ['manager'], timeoutSeconds: 60, approvalLifetimeSeconds: 60 };
    world.policy = gates({ go: { ...ONE, approvalLifetimeSeconds: 1 }, storm });
    const run = await bench.start();
    await run.approve('go', 'cy');
    await outlived((await run.status()).asks.find(({ id }) => id === 'go')!.closedAt, 1);
    await run.approve('storm', 'mia');
    await run.approve('go.2', 'cy');
    expect((await run.ended()).outcome).toBe('SUCCEEDED');
    expect(await ids(run)).toEqual(['go approve', 'storm approve', 'go.2 approve']);
  });
});

describe('what was approved after the plan expires as well', () => {
  const brief = { ...ONE, approvalLifetimeSeconds: 1 };

  test('a drift, where the policy itself approved the plan', async () => {
    world.policy = gates({ go: 'auto', drift: brief });
    world.before = (part) => {
      if (part === 'first.run') world.material = { second: 'red' };
    };
    const run = await bench.start();
    await run.asked('second.drift');
    await run.hold('ada');
    await run.approve('second.drift', 'cy');
    await outlived((await run.status()).asks.at(-1)!.closedAt, 1);
    await run.resume('ada');
    const again = await run.asked('second.drift.2');
    expect(again.evidence).toEqual([
      expect.stringMatching(/^approved at .* UTC by cy/),
      'colour: approved green, now red',
    ]);
    expect(world.count('second.run')).toBe(0);
    await run.approve('second.drift.2', 'ben');
    expect((await run.ended()).outcome).toBe('SUCCEEDED');
  });

  test('a consent, although another one of its name was given later: both are asked again', async () => {
    const problem = (code: string) => ({
      code,
      message: `${code} comes.`,
      remedy: 'Wait.',
      consent: 'storm',
    });
    world.policy = gates({ go: 'auto', storm: brief });
    world.before = (part, occurrence) => {
      if (part !== 'second.check') return;
      if (occurrence === 2) world.problems = { second: [problem('hail')] };
      if (occurrence === 3) world.problems = { second: [problem('hail'), problem('wind')] };
    };
    const run = await bench.start();
    await run.approve('storm', 'ben');
    expect((await run.asked('storm.2')).evidence).toEqual(['wind comes. Wait.']);
    await outlived((await run.status()).asks.find(({ id }) => id === 'storm')!.closedAt, 1);
    await run.approve('storm.2', 'cy');
    const again = await run.asked('storm.3');
    expect(again.evidence).toEqual([
      expect.stringMatching(/^approved at .* UTC by ben/),
      'hail comes. Wait.',
      'wind comes. Wait.',
    ]);
    expect(world.count('second.run')).toBe(0);
    await run.approve('storm.3', 'ben');
    expect((await run.ended()).outcome).toBe('SUCCEEDED');
  });
});

describe('while a consent is open', () => {
  const problem = { code: 'hail', message: 'Hail comes.', remedy: 'Wait.', consent: 'storm' };
  const start = () => bench.start({}, `toyLeavable/${bench.instance}/1`);

  beforeEach(() => {
    world.policy = gates({ go: 'auto', storm: ONE });
    world.before = async (part, occurrence) => {
      if (occurrence !== 2 || !/^(first|second).check$/.test(part)) return;
      world.problems = { first: [problem], second: [problem] };
      // The second comes to its check when the question of the first is open.
      if (part === 'second.check') await asked;
    };
  });
  let open = (): void => {};
  let asked: Promise<void>;
  beforeEach(() => {
    asked = new Promise((resolve) => (open = resolve));
  });

  async function bothChecked(): Promise<ToyRun> {
    const run = await start();
    await run.asked('storm');
    open();
    await run.step('second', ['waiting', 'running', 'verifying', 'done']);
    return run;
  }

  test('a step beside it that needs the same waits for it: nothing is changed, nobody is asked twice', async () => {
    const run = await bothChecked();
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(world.count('second.run')).toBe(0);
    await run.approve('storm', 'ben');
    expect((await run.ended()).outcome).toBe('SUCCEEDED');
    expect(await ids(run)).toEqual(['storm approve']);
  });

  test('a denial of it is one for the step beside it as well', async () => {
    const run = await bothChecked();
    await run.decide({ ask: 'storm', verdict: 'deny', actor: 'ben', note: 'no' });
    expect((await run.ended()).outcome).toBe('DENIED');
    expect([await ids(run), world.on.size]).toEqual([['storm deny'], 0]);
    expect(world.count('second.run')).toBe(0);
  });
});

describe('drift', () => {
  const drift = { drift: { approvals: 1, roles: ['operator'], timeoutSeconds: 60 } };

  /** At the gate; what the test changes then is what the execution meets. */
  async function atTheGate(given: Readonly<Record<string, GatePolicy>> = {}): Promise<ToyRun> {
    world.policy = gates({ go: ONE, ...drift, ...given });
    const run = await bench.start();
    await run.asked('go');
    return run;
  }

  test('shows what differs, fact by fact, and an approval of the former plan is void', async () => {
    const run = await atTheGate();
    const approved = (await run.status()).planHash!;
    world.material = { second: 'red' };
    world.weather = 'sunny';
    const call = { service: 'toy', action: 'TearDown', region: 'toy-1', target: 'the shed' };
    world.checks = { second: { calls: [call] } };
    await run.approve('go', 'cy');
    const ask = await run.asked('second.drift');
    expect(ask.evidence).toEqual([
      'colour: approved green, now red',
      'would also call toy.TearDown the shed in toy-1',
      '(also moved) no longer calls toy.TurnOn second',
      '(also moved) weather: approved fair, now sunny',
    ]);
    expect(renderDetails(await run.status())).toContain('colour: approved green, now red');
    expect(ask.planHash).not.toBe(approved);
    const old = { ask: ask.id, verdict: 'approve', actor: 'cy', planHash: approved } as const;
    expect(await run.decide(old).catch(refusalOf)).toContain(`names plan ${approved}, the present plan is`);
    await run.approve(ask.id, 'cy');
    const state = await run.ended();
    expect([state.outcome, state.planHash]).toEqual(['SUCCEEDED', ask.planHash]);
  });

  test('is asked about again when the world has moved on while people decided', async () => {
    const run = await atTheGate();
    world.material = { second: 'red' };
    await run.approve('go', 'cy');
    await run.asked('second.drift');
    world.material = { second: 'blue' };
    await run.approve('second.drift', 'cy');
    expect((await run.asked('second.drift.2')).evidence).toEqual(['colour: approved red, now blue']);
    await run.approve('second.drift.2', 'cy');
    expect((await run.ended()).outcome).toBe('SUCCEEDED');
  });

  test('a problem that comes up at a step needs the consent that it names, not that of the drift gate', async () => {
    const rule = { approvals: 1, roles: ['manager'], timeoutSeconds: 60 };
    const run = await atTheGate({ storm: rule });
    const problem = { code: 'hail', message: 'Hail comes.', remedy: 'Wait.', consent: 'storm' };
    world.problems = { second: [problem] };
    await run.approve('go', 'cy');
    const ask = await run.asked('storm');
    expect([ask.kind, ask.evidence]).toEqual(['consent', ['Hail comes. Wait.']]);
    await run.approve('storm', 'mia');
    expect((await run.ended()).outcome).toBe('SUCCEEDED');
    expect(await ids(run)).toEqual(['go approve', 'storm approve']);
  });

  test('a consent covers a figure up to twice the one that people were shown, and is asked for again beyond', async () => {
    const lag = (figure: number) => ({
      second: [
        { code: 'lag', message: `It lags by ${figure} s.`, remedy: 'Consent.', consent: 'storm', figure },
      ],
    });
    world.problems = lag(10);
    world.policy = gates({ go: ONE, storm: ONE });
    world.before = (part, occurrence) => {
      if (part === 'second.check' && occurrence === 2) world.problems = lag(20);
      if (part === 'second.verify' && occurrence === 1) throw broken('look again');
      if (part === 'second.check' && occurrence === 3) world.problems = lag(21);
    };
    const run = await bench.start();
    await run.approve('go', 'ben');
    await run.approve('storm', 'ben');
    const { id: failed } = await run.asked('second.failed');
    expect(await ids(run)).toEqual(['go approve', 'storm approve', `${failed} null`]);
    await run.decide({ ask: failed, verdict: 'retry', actor: 'ben' });
    const again = await run.asked('storm.2');
    expect(again.evidence).toEqual(['It lags by 21 s. Consent.']);
    await run.approve('storm.2', 'ben');
    expect((await run.ended()).outcome).toBe('SUCCEEDED');
  });

  test('what only moves by itself asks nobody', async () => {
    const run = await atTheGate();
    const elsewhere = [{ service: 'toy', action: 'TurnOn', target: 'second, the new one' }];
    world.checks = { first: { calls: [] }, second: { calls: elsewhere, before: { on: 'perhaps' } } };
    world.weather = 'sunny';
    await run.approve('go', 'cy');
    expect((await run.ended()).outcome).toBe('SUCCEEDED');
    expect(await ids(run)).toEqual(['go approve']);
  });

  test("a step's own effect asks nobody, however a retried step finds it; somebody else's does", async () => {
    world.after = (part, occurrence) => {
      if (part !== 'second.run' || occurrence > 1) return;
      world.checks = { second: { material: {} } };
      throw broken('the answer was lost');
    };
    const run = await atTheGate();
    await run.approve('go', 'cy');
    await run.decide({ ask: (await run.asked('second.failed')).id, verdict: 'retry', actor: 'cy' });
    expect((await run.ended()).outcome).toBe('SUCCEEDED');
    expect(await ids(run)).toEqual(['go approve', 'second.failed retry']);

    world.on.clear();
    world.after = () => {};
    world.checks = {};
    const other = await atTheGate();
    world.on.add('second');
    world.checks = { second: { material: {} } };
    await other.approve('go', 'cy');
    expect((await other.asked('second.drift')).evidence).toEqual(['colour: approved green, now nothing']);
    await other.handle.cancel();
    expect((await other.ended()).outcome).toBe('UNDONE');
  });

  test('a change by somebody else under a failed step asks before the retry', async () => {
    world.before = (part, occurrence) => {
      if (part === 'second.run' && occurrence === 1) throw broken('refused');
    };
    const run = await atTheGate();
    await run.approve('go', 'cy');
    await run.asked('second.failed');
    world.material = { second: 'red' };
    await run.decide({ ask: 'second.failed', verdict: 'retry', actor: 'cy' });
    expect((await run.asked('second.drift')).evidence).toEqual(['colour: approved green, now red']);
    await run.approve('second.drift', 'cy');
    expect((await run.ended()).outcome).toBe('SUCCEEDED');
  });

  test('a way back that is no longer there asks', async () => {
    const run = await atTheGate();
    world.checks = { second: { undo: undefined as never } };
    await run.approve('go', 'cy');
    expect((await run.asked('second.drift')).evidence).toEqual([
      'undo: approved "turns second off", now there is no way back',
    ]);
    await run.handle.cancel();
    expect((await run.ended()).outcome).toBe('UNDONE');
  });

  test('a gate that the approved plan lacks is asked by its own rule', async () => {
    const run = await atTheGate({ boats: { approvals: 1, roles: ['manager'], timeoutSeconds: 60 } });
    world.weather = 'flood';
    await run.approve('go', 'cy');
    const ask = await run.asked('boats');
    expect([ask.kind, ask.title, ask.roles, ask.evidence[0]]).toEqual([
      'gate',
      'Take the boats',
      ['manager'],
      'gate boats was not in the approved plan',
    ]);
    await run.approve('boats', 'mia');
    expect((await run.ended()).outcome).toBe('SUCCEEDED');
  });

  test('a cancel at the check before the point of no return is in time', async () => {
    let reached = false;
    world.before = async (part, occurrence) => {
      if (part !== 'oneWay.check' || occurrence < 2) return;
      reached = true;
      await new Promise((resolve) => setTimeout(resolve, 300));
    };
    const run = await atTheGate();
    await run.approve('go', 'cy');
    await until('the check', () => reached || undefined);
    await run.handle.cancel();
    expect((await run.ended()).outcome).toBe('UNDONE');
    expect(world.on.size).toBe(0);
  });
});
