import fc from 'fast-check';
import {
  afterEnd,
  afterStart,
  describeFleet,
  isForNext,
  isOver,
  nextStarts,
  openFleet,
  verdictOf,
} from '../../../workflows/runbook/fleet-rules';
import type { FleetLimits, FleetState, FleetVerdict } from '../../../workflows/runbook/fleet-rules';
import type { ChildEnd } from '../../../workflows/runbook/children';

const names = (count: number) => Array.from({ length: count }, (_, number) => `i-${number}`);

const verdict: fc.Arbitrary<FleetVerdict> = fc.oneof(
  fc.constant<FleetVerdict>({ kind: 'done', why: null }),
  fc.record({
    kind: fc.constantFrom('degraded' as const, 'skipped' as const, 'failed' as const, 'cancelled' as const),
    why: fc.string({ maxLength: 1000 }),
  }),
);

const limits = fc.record<FleetLimits>({
  concurrency: fc.integer({ min: 1, max: 20 }),
  failuresAllowed: fc.integer({ min: 0, max: 10 }),
  startsPerExecution: fc.integer({ min: 1, max: 15 }),
});

interface Lived {
  readonly state: FleetState;
  /** In the order of their start. */
  readonly started: readonly string[];
  readonly mostAtOnce: number;
  readonly executions: number;
}

/** Lives a fleet to its end: ends come in an order that `picks` decides, executions follow each other as the rules say. */
function live(
  count: number,
  given: FleetLimits,
  ends: readonly FleetVerdict[],
  picks: readonly number[],
): Lived {
  let state = openFleet('backup', 'backup/<instance>/of-1', names(count), given);
  const started: string[] = [];
  let [mostAtOnce, executions, turn] = [0, 1, 0];
  while (!isOver(state)) {
    const due = nextStarts(state, given);
    for (const instance of due) state = afterStart(state, instance);
    started.push(...due);
    mostAtOnce = Math.max(mostAtOnce, state.running.length);
    if (isForNext(state, given)) {
      executions += 1;
      state = JSON.parse(JSON.stringify({ ...state, started: 0 })) as FleetState;
    } else if (state.running.length > 0) {
      const index = (picks[turn % picks.length] ?? 0) % state.running.length;
      state = afterEnd(state, state.running[index]!, ends[turn % ends.length]!, turn);
      turn += 1;
    } else if (due.length === 0) throw new Error('nothing runs and nothing is started');
  }
  return { state, started, mostAtOnce, executions };
}

const fleets = fc.tuple(
  fc.integer({ min: 0, max: 80 }),
  limits,
  fc.array(verdict, { minLength: 1, maxLength: 40 }),
  fc.array(fc.nat(), { minLength: 1, maxLength: 40 }),
);

test('none is started twice, in the given order, never more at once than allowed', () => {
  fc.assert(
    fc.property(fleets, ([count, given, ends, picks]) => {
      const { started, mostAtOnce } = live(count, given, ends, picks);
      expect(started).toEqual(names(count).slice(0, started.length));
      expect(mostAtOnce).toBeLessThanOrEqual(given.concurrency);
    }),
  );
});

test('all are started, unless more failed than allowed; from then on none is', () => {
  fc.assert(
    fc.property(fleets, ([count, given, ends, picks]) => {
      const { state } = live(count, given, ends, picks);
      const { counts, waiting, stopped } = state.progress;
      expect(counts.failed > given.failuresAllowed).toBe(stopped !== null);
      if (stopped === null) expect(waiting).toBe(0);
      // Those that were running when the last one too many failed may fail as well.
      expect(counts.failed).toBeLessThanOrEqual(given.failuresAllowed + given.concurrency);
    }),
  );
});

test('the numbers add up at every moment, and what is kept does not grow with the instances', () => {
  fc.assert(
    fc.property(fleets, ([count, given, ends, picks]) => {
      const { progress } = live(count, given, ends, picks).state;
      const { counts, running, waiting, total, notes } = progress;
      expect(Object.values(counts).reduce((sum, one) => sum + one, running + waiting)).toBe(total);
      expect(notes.length).toBeLessThanOrEqual(50);
      expect(JSON.stringify(progress).length).toBeLessThan(40_000);
    }),
  );
});

test('an execution starts as many as it may, and the next one goes on with the rest', () => {
  const given = { concurrency: 4, failuresAllowed: 0, startsPerExecution: 10 };
  const { executions, started } = live(35, given, [{ kind: 'done', why: null }], [0]);
  expect([executions, started.length]).toEqual([4, 35]);
});

test('a busy or frozen instance is skipped, what people denied as well; every other refusal is a failure', () => {
  const refused = (...codes: string[]): ChildEnd =>
    ({
      workflowId: 'backup/a/of-1',
      outcome: 'REFUSED',
      report: { conclusion: 'no', problems: codes.map((code) => ({ code, message: code, remedy: '' })) },
    }) as unknown as ChildEnd;
  const ended = (outcome: ChildEnd['outcome']): ChildEnd => ({ workflowId: '', outcome, report: null });
  expect(verdictOf(refused('instanceBusy'))).toEqual({ kind: 'skipped', why: 'instanceBusy' });
  expect(verdictOf(refused('changeFreeze')).kind).toBe('skipped');
  expect(verdictOf(refused('noActiveSite')).kind).toBe('failed');
  expect(verdictOf(refused('instanceBusy', 'noActiveSite')).kind).toBe('failed');
  expect(verdictOf(refused()).kind).toBe('failed');
  expect(verdictOf(ended('DENIED')).kind).toBe('skipped');
  expect(verdictOf(ended('UNDONE')).kind).toBe('failed');
  expect(verdictOf({ ...ended(null), cancelled: true }).kind).toBe('cancelled');
  expect(verdictOf(ended(null))).toEqual({
    kind: 'failed',
    why: 'no outcome: it ended without a report',
  });
});

test('one sentence tells what was done and what was not', () => {
  const given = { concurrency: 2, failuresAllowed: 5, startsPerExecution: 99 };
  let state = openFleet('backup', '', names(5), given);
  for (const instance of names(3)) state = afterStart(state, instance);
  state = afterEnd(state, 'i-0', { kind: 'done', why: null }, 12);
  state = afterEnd(state, 'i-1', { kind: 'failed', why: 'broken' }, 3);
  expect(describeFleet(state.progress)).toBe(
    'backup: 1 of 5 instances done, 1 failed, 1 running, 2 not started',
  );
  expect(state.progress.longest).toEqual({ instance: 'i-0', seconds: 12 });
});
