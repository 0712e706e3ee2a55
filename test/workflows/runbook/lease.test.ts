import { ApplicationFailure } from '@temporalio/common';
import { breakLease, lease } from '../../../workflows/runbook/lease';
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

async function approved(): Promise<ToyRun> {
  const run = await bench.start();
  await run.approve('go', 'ben', 'cy');
  return run;
}

const theLease = () => bench.client.workflow.getHandle(`lease/${bench.instance}`);
const named = (id: string, runbook = 'toyRunbook') => `${runbook}/${bench.instance}/${id}`;

describe('the lease', () => {
  test('a second run for the same instance is REFUSED and names the holder', async () => {
    const run = await bench.start({}, named('one'));
    await run.asked('go');
    const second = await (await bench.start({}, named('two'))).ended();
    expect([second.outcome, second.problems[0]?.code]).toEqual(['REFUSED', 'instanceBusy']);
    expect(second.problems[0]?.message).toContain(named('one'));
    await run.handle.cancel();
  });

  test('where the policy says wait, a second run waits its turn, and is REFUSED when that takes too long', async () => {
    const run = await bench.start({}, named('one'));
    await run.asked('go');
    world.policy = {
      ...TOY_POLICY,
      gates: { go: 'auto' },
      lease: { whenBusy: 'wait', waitSeconds: 1, preemptSeconds: 5 },
    };
    const impatient = await (await bench.start({}, named('two'))).ended();
    expect([impatient.outcome, impatient.problems[0]?.code]).toEqual(['REFUSED', 'instanceBusy']);
    world.policy = { ...world.policy, lease: { whenBusy: 'wait', waitSeconds: 30, preemptSeconds: 5 } };
    const patient = await bench.start({}, named('three'));
    await until('the wait', async () => ((await patient.status()).phase === 'waiting' ? true : undefined));
    await run.handle.cancel();
    expect((await patient.ended()).outcome).toBe('SUCCEEDED');
  });

  test('a run that is cancelled while it asks for the lease ends as cancelled, not as REFUSED', async () => {
    const run = await bench.start({}, named('one'));
    await run.asked('go');
    world.policy = { ...TOY_POLICY, lease: { whenBusy: 'wait', waitSeconds: 60, preemptSeconds: 5 } };
    let go = (): void => {};
    const held = new Promise<void>((resolve) => (go = resolve));
    let tries = 0;
    world.beforeLease = () => {
      tries += 1;
      return held;
    };
    const waiting = await bench.start({}, named('two'));
    await until('the try', async () => tries > 0 || undefined);
    await waiting.handle.cancel();
    await until('the cancel at the try', async () => {
      const { events } = await waiting.handle.fetchHistory();
      return events?.some((event) => event.activityTaskCancelRequestedEventAttributes) || undefined;
    });
    go();
    const state = await waiting.ended();
    expect([state.outcome, state.problems]).toEqual(['UNDONE', []]);
    expect((await waiting.handle.describe()).status.name).toBe('CANCELLED');
    await run.handle.cancel();
  });

  test('a holder that was terminated without releasing is replaced', async () => {
    const run = await bench.start();
    await run.asked('go');
    await run.handle.terminate();
    const next = await approved();
    expect((await next.ended()).outcome).toBe('SUCCEEDED');
  });

  test('a run whose lease is gone changes nothing more', async () => {
    const run = await bench.start();
    await run.asked('go');
    const { runId } = await run.status();
    await theLease().executeUpdate('release', { args: [{ runId, token: 1, blockSeconds: 0 }] });
    await run.approve('go', 'ben', 'cy');
    const state = await run.ended();
    expect([state.outcome, state.steps[0]?.error]).toEqual(['HANDED_OVER', expect.stringContaining('lease')]);
    expect(world.on.size).toBe(0);
  });

  test('automatic starts are blocked after a recovery until somebody acknowledges', async () => {
    world.policy = { ...TOY_POLICY, gates: { go: 'auto' }, antiFlap: { windowSeconds: 3600 } };
    expect((await (await bench.start()).ended()).outcome).toBe('SUCCEEDED');
    const blocked = await (await bench.start({ trigger: 'webhook' })).ended();
    expect([blocked.outcome, blocked.problems[0]?.message]).toEqual([
      'REFUSED',
      expect.stringContaining('blocked'),
    ]);
    await theLease().executeUpdate('acknowledge', { args: [{ actor: 'ben', note: 'looked' }] });
    expect((await (await bench.start({ trigger: 'webhook' })).ended()).outcome).toBe('SUCCEEDED');
  });
});

describe('the queue', () => {
  test('runs that wait get the lease in the order in which they came', async () => {
    const run = await bench.start({}, named('one'));
    await run.asked('go');
    world.policy = {
      ...TOY_POLICY,
      gates: { go: 'auto' },
      lease: { whenBusy: 'wait', waitSeconds: 60, preemptSeconds: 5 },
    };
    const waiting: ToyRun[] = [];
    for (const id of ['two', 'three', 'four']) {
      waiting.push(await bench.start({}, named(id)));
      await until(
        `${id} in the queue`,
        async () =>
          (await theLease().query(lease)).waiting.some((one) => one.workflowId === named(id)) || undefined,
      );
    }
    await run.handle.cancel();
    for (const one of waiting) expect((await one.ended()).outcome).toBe('SUCCEEDED');
    const { events } = await theLease().query(lease);
    expect(events.filter(({ kind }) => kind === 'granted').map(({ who }) => who)).toEqual(
      ['one', 'two', 'three', 'four'].map((id) => named(id)),
    );
  });
});

describe('an emergency', () => {
  const emergency = () => bench.start({}, named('now', 'toyEmergency'));

  test('asks people first, and then a run that has changed nothing lets go at once', async () => {
    const run = await bench.start({}, named('planned'));
    await run.asked('go');
    const other = await emergency();
    const ask = await other.asked('preempt');
    expect(ask.evidence.join(' ')).toContain(named('planned'));
    expect((await run.status()).preemptedBy).toBeNull();
    await other.approve('preempt', 'ben');
    const ended = await run.ended();
    expect([ended.outcome, ended.asks[0]?.result]).toEqual(['UNDONE', 'withdrawn']);
    expect(ended.conclusion).toContain(named('now', 'toyEmergency'));
    await other.approve('go', 'ben', 'cy');
    expect((await other.ended()).outcome).toBe('SUCCEEDED');
  });

  test('asks again when another run holds the instance by the time people have consented', async () => {
    const run = await bench.start({}, named('planned'));
    await run.asked('go');
    const other = await emergency();
    await other.asked('preempt');
    await run.handle.cancel();
    await run.ended();
    const between = await bench.start({}, named('between'));
    await between.asked('go');
    await other.approve('preempt', 'ben');
    const ask = await other.asked('preempt.2');
    expect(ask.evidence.join(' ')).toContain(named('between'));
    expect((await between.status()).preemptedBy).toBeNull();
    await other.approve('preempt.2', 'ben');
    expect((await between.ended()).outcome).toBe('UNDONE');
    await other.approve('go', 'ben', 'cy');
    expect((await other.ended()).outcome).toBe('SUCCEEDED');
  });

  test('that is denied leaves the other run alone', async () => {
    const run = await bench.start({}, named('planned'));
    await run.asked('go');
    const other = await emergency();
    await other.asked('preempt');
    await other.decide({ ask: 'preempt', verdict: 'deny', actor: 'ben', note: 'nearly done' });
    expect((await other.ended()).outcome).toBe('DENIED');
    await run.approve('go', 'ben', 'cy');
    expect((await run.ended()).outcome).toBe('SUCCEEDED');
  });

  test('finds a run at work ended at its safe point, with the state in which it was left', async () => {
    let go = (): void => {};
    const held = new Promise<void>((resolve) => (go = resolve));
    world.before = (part) => (part === 'first.run' ? held : undefined);
    world.policy = {
      ...TOY_POLICY,
      gates: { go: 'auto' },
      lease: { ...TOY_POLICY.lease, preemptSeconds: 60 },
    };
    const run = await bench.start({}, named('planned'));
    await run.step('first', ['running']);
    const other = await emergency();
    await other.approve('preempt', 'ben');
    await until('the wish', async () => (await run.status()).preemptedBy ?? undefined);
    go();
    const ended = await run.ended();
    expect([ended.outcome, ended.conclusion]).toEqual([
      'HANDED_OVER',
      expect.stringContaining('at a safe point: two toys are on'),
    ]);
    expect(world.log.filter((part) => part === 'oneWay.run' || part.endsWith('.undo'))).not.toContain(
      'first.undo',
    );
    const report = await run.report();
    expect(report.standing).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/stands: .*first/),
        expect.stringMatching(/not done: .*last/),
      ]),
    );
    expect((await other.ended()).outcome).toBe('SUCCEEDED');
  });

  test('that an alarm started gets the lease of a recovery that let go for it', async () => {
    let go = (): void => {};
    const held = new Promise<void>((resolve) => (go = resolve));
    world.before = (part) => (part === 'first.run' ? held : undefined);
    world.policy = {
      ...TOY_POLICY,
      gates: { go: 'auto' },
      lease: { ...TOY_POLICY.lease, preemptSeconds: 60 },
      antiFlap: { windowSeconds: 3600 },
    };
    const run = await bench.start({}, named('planned'));
    await run.step('first', ['running']);
    const other = await bench.start({ trigger: 'webhook' }, named('now', 'toyEmergency'));
    await other.approve('preempt', 'ben');
    await until('the wish', async () => (await run.status()).preemptedBy ?? undefined);
    go();
    expect((await run.ended()).outcome).toBe('HANDED_OVER');
    const { outcome, problems } = await other.ended();
    expect([outcome, problems]).toEqual(['SUCCEEDED', []]);
  });

  test('that an alarm started after a recovery is REFUSED before anybody is asked to let go', async () => {
    world.policy = { ...TOY_POLICY, gates: { go: 'auto' }, antiFlap: { windowSeconds: 3600 } };
    expect((await (await bench.start()).ended()).outcome).toBe('SUCCEEDED');
    world.policy = { ...world.policy, gates: TOY_POLICY.gates };
    const run = await bench.start({}, named('planned'));
    await run.asked('go');
    const other = await (await bench.start({ trigger: 'webhook' }, named('now', 'toyEmergency'))).ended();
    expect([other.outcome, other.asks, other.problems[0]?.remedy]).toEqual([
      'REFUSED',
      [],
      expect.stringContaining('runbooks acknowledge'),
    ]);
    expect((await run.status()).preemptedBy).toBeNull();
    await run.handle.cancel();
  });

  test('makes a run that waits with a failed step take back what it did', async () => {
    world.policy = {
      ...TOY_POLICY,
      gates: { go: 'auto' },
      lease: { ...TOY_POLICY.lease, preemptSeconds: 60 },
    };
    world.before = (part, occurrence) => {
      if (part === 'second.verify' && occurrence === 1)
        throw ApplicationFailure.nonRetryable('broken', 'Terminal');
    };
    const run = await bench.start({}, named('planned'));
    await run.asked('second.failed');
    const other = await emergency();
    await other.approve('preempt', 'ben');
    expect((await run.ended()).outcome).toBe('UNDONE');
    expect((await other.ended()).outcome).toBe('SUCCEEDED');
  });

  test('never preempts another emergency', async () => {
    const run = await emergency();
    await run.asked('go');
    const other = await (await bench.start({}, named('too', 'toyEmergency'))).ended();
    expect([other.outcome, other.problems[0]?.code]).toEqual(['REFUSED', 'instanceBusy']);
    await run.handle.cancel();
  });

  test('for which a run does not make room in time is REFUSED, and says how to take the lease', async () => {
    world.policy = {
      ...TOY_POLICY,
      gates: { go: 'auto' },
      lease: { ...TOY_POLICY.lease, preemptSeconds: 1 },
    };
    let go = (): void => {};
    const held = new Promise<void>((resolve) => (go = resolve));
    world.before = (part) => (part === 'first.run' ? held : undefined);
    const run = await bench.start({}, named('planned'));
    await run.step('first', ['running']);
    const other = await emergency();
    await other.approve('preempt', 'ben');
    const ended = await other.ended();
    expect([ended.outcome, ended.problems[0]?.remedy]).toEqual([
      'REFUSED',
      expect.stringContaining('runbooks lease break'),
    ]);
    go();
    await run.ended();
  });
});

describe('a broken lease', () => {
  test('stops its former holder before the next change, and the reason is kept', async () => {
    const run = await bench.start();
    await run.asked('go');
    const before = await theLease().query(lease);
    const after = await theLease().executeUpdate(breakLease, { args: [{ actor: 'eve', note: 'it hangs' }] });
    expect([after.holder, after.token]).toEqual([null, before.token + 1]);
    expect(after.events.at(-1)).toMatchObject({
      kind: 'broken',
      who: 'eve',
      note: expect.stringContaining('it hangs'),
    });
    await run.approve('go', 'ben', 'cy');
    const state = await run.ended();
    expect([state.outcome, state.steps[0]?.error]).toEqual([
      'HANDED_OVER',
      expect.stringContaining('it hangs'),
    ]);
    expect(world.on.size).toBe(0);
    expect((await (await approved()).ended()).outcome).toBe('SUCCEEDED');
  });

  test.each(['abort', 'cancel'] as const)(
    'ends an undo after %s without a question: what stands is handed over',
    async (how) => {
      world.before = (part) => {
        if (part === 'second.verify') throw ApplicationFailure.nonRetryable('broken', 'Terminal');
      };
      const run = await approved();
      const { id } = await run.asked('second.failed');
      await theLease().executeUpdate(breakLease, { args: [{ actor: 'eve', note: 'it hangs' }] });
      if (how === 'abort') await run.decide({ ask: id, verdict: 'abort', actor: 'ben' });
      else await run.handle.cancel();
      const { outcome, conclusion, asks } = await run.ended();
      expect([outcome, asks.filter(({ kind }) => kind === 'failedUndo')]).toEqual(['HANDED_OVER', []]);
      expect(conclusion).toContain('it hangs');
      expect((await run.report()).standing).toEqual(
        expect.arrayContaining([
          expect.stringContaining('stands: Toy first'),
          expect.stringContaining('uncertain, look before acting: Toy second'),
        ]),
      );
      expect([...world.on].sort()).toEqual(['first', 'second']);
      expect((await run.handle.describe()).status.name).toBe(how === 'abort' ? 'FAILED' : 'CANCELLED');
    },
  );

  test('also ends the undo of a temporary part, and the run', async () => {
    let go = (): void => {};
    const slow = new Promise<void>((resolve) => (go = resolve));
    world.policy = { ...TOY_POLICY, gates: { go: 'auto' } };
    world.before = (part) => (part === 'proof.verify' ? slow : undefined);
    const run = await bench.start({}, `toyTrial/${bench.instance}/1`);
    await run.step('proof', ['verifying']);
    const shed = bench.client.workflow.getHandle(`lease/${bench.instance}/shed`);
    await shed.executeUpdate(breakLease, { args: [{ actor: 'eve', note: 'it hangs' }] });
    go();
    const { outcome, asks } = await run.ended();
    expect([outcome, asks.filter(({ kind }) => kind !== 'gate')]).toEqual(['HANDED_OVER', []]);
    expect([...world.on].sort()).toEqual(['first', 'second']);
    await shed.terminate();
  });

  test.each([undefined, {}, { actor: 'eve' }, { actor: 'eve', note: ' ' }])(
    'needs a name and a reason: %j',
    async (word) => {
      const run = await bench.start();
      await run.asked('go');
      await expect(theLease().executeUpdate('break', { args: [word] })).rejects.toMatchObject({
        cause: { message: expect.stringContaining('"note": "why"') },
      });
      expect((await theLease().query(lease)).holder).not.toBeNull();
      await run.handle.cancel();
    },
  );
});

describe('a change freeze', () => {
  beforeEach(() => {
    world.freeze = { until: '2099-01-02T00:00:00Z', reason: 'end of year' };
    world.policy = { ...TOY_POLICY, gates: { go: 'auto' } };
  });

  test('stops a start by hand, says until when and how to break it; a plan may be made', async () => {
    const state = await (await bench.start()).ended();
    expect([state.outcome, state.problems[0]]).toMatchObject([
      'REFUSED',
      {
        code: 'changeFreeze',
        message: expect.stringContaining('end of year'),
        remedy: expect.stringContaining('breakGlass'),
      },
    ]);
    expect((await (await bench.start({ dryRun: true })).ended()).outcome).toBe('PLANNED');
  });

  test('is broken by a person with a reason, which is in the report', async () => {
    const run = await bench.start({ breakGlass: 'the region is gone' });
    expect((await run.ended()).outcome).toBe('SUCCEEDED');
    expect((await run.report()).facts).toContainEqual({
      label: 'change freeze broken',
      value: expect.stringContaining('the region is gone'),
    });
  });

  test('cannot be broken by an automatic start', async () => {
    const state = await (await bench.start({ trigger: 'webhook', breakGlass: 'I am a script' })).ended();
    expect([state.outcome, state.problems[0]?.code]).toEqual(['REFUSED', 'changeFreeze']);
  });
});
