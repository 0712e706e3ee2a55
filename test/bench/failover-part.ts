import { labPolicy } from '../../lab/world/lab-policy';
import type { FailoverBench } from '../support/failover-bench';
import type { LiveRun } from '../support/live-run';
import { callsWhileWaiting, countCalls } from './aws-calls';
import { USES } from './attribute-time';
import { CONTRACT_EXPECTED, contractOf, failoverTime } from './failover-time';
import { readHistory } from './history';
import type { HistoryFigures } from './history';
import type { Part, Row } from './row';
import { round, row, seconds } from './row';
import { waitsOf } from './waits';
import { WaitWatch } from './watch-waits';
import type { SeenWait } from './watch-waits';

const NODES = 2;

export interface FailoverPart extends Part {
  readonly history: HistoryFigures;
  readonly handle: LiveRun['handle'];
  /** How long each wait took, at AWS's own length: seconds by contract. */
  readonly took: Readonly<Record<string, number>>;
}

/** How the waits are paced: as the contracts expect them, or as a former failover of the same world took. */
export interface Expectation {
  readonly words: string;
  readonly expected: Readonly<Record<string, number>>;
}

const AS_CONTRACTS: Expectation = { words: '', expected: {} };

/** The region is lost and failed over, approved at once: time, calls, history, and how soon people are asked. */
export async function measureFailover(
  bench: FailoverBench,
  scale: number,
  { words, expected }: Expectation = AS_CONTRACTS,
): Promise<FailoverPart> {
  const { world } = bench;
  await bench.changeEstate((estate) => ({
    ...estate,
    policy: { ...estate.policy, expected: { ...estate.policy?.expected, ...scaledDown(expected, scale) } },
  }));
  await bench.lose('region-down');
  const watch = new WaitWatch(world, await waitsOf(bench, NODES));
  const { mark } = bench;
  const startedAt = Date.now();
  const run = await bench.start();
  await run.asked('failover');
  const askedAfter = Date.now() - startedAt;
  await run.approve('failover', 'grace', 'linus');
  for (const ask of (await run.status()).asks.filter(({ result }) => result === null)) {
    await run.approve(ask.id, 'margaret');
  }
  const state = await run.ended(900);
  if (state.outcome !== 'SUCCEEDED')
    throw new Error(`drFailover ended ${state.outcome}: ${state.conclusion}`);
  const waits = await watch.finish();
  const history = await readHistory(run.handle);
  const entries = world.gateway.ledger.entries().slice(mark);
  // As against AWS: those of this lab are scaled.
  const { fastest, slowest } = labPolicy(1).polling ?? {};
  const polling = { fastestSeconds: Number(fastest), slowestSeconds: Number(slowest) };
  const time = failoverTime(history, state, waits, {
    ...{ scale, polling },
    expected: { ...CONTRACT_EXPECTED, ...expected },
  });
  const calls = countCalls(entries);
  const waiting = callsWhileWaiting(entries, waits, world.clock);
  const looks = waiting.reduce((sum, one) => sum + one.looks, 0);
  const waiterLooks = waiting.reduce((sum, one) => sum + one.waiterLooks, 0);
  const minutes = waiting.reduce((sum, one) => sum + one.seconds, 0) / 60;
  const rows: Row[] = [
    row(
      `wall ÷ critical path, at AWS pace${words}`,
      String(time.atAwsPace.ratio),
      '≤ 1.05',
      time.atAwsPace.ratio <= 1.05,
    ),
    row(`wall ÷ critical path, as run (waits ÷ ${scale})`, String(time.asRun.ratio)),
    row(`overhead: the pace of looking${words}`, `${time.paceSeconds} s`),
    row('overhead: looks later than the pace', `${time.lateSeconds} s`),
    row('overhead: checks, observations and other calls', seconds(time.spent.calls)),
    row('overhead: Temporal and the kit', seconds(time.spent.temporal)),
    row('start → first ask, region silent', seconds(askedAfter), '< 2 s', askedAfter < 2000),
    row(
      'history of drFailover',
      `${history.events} events, ${Math.round(history.bytes / 1000)} KB`,
      '< 2000 events',
      history.events < 2000,
    ),
    row(
      'round trips of drFailover',
      `${history.workflowTasks} workflow tasks, ${history.activities} activities`,
    ),
    row('AWS calls of drFailover', `${calls.total}, ${calls.mutating} of them mutating`),
    row(
      `AWS calls per waiting minute, SDK waiter${words}`,
      `${round(looks / minutes, 1)}, ${round(waiterLooks / minutes, 1)}`,
      '≤ a plain waiter’s',
      looks <= waiterLooks,
    ),
  ];
  const { activitySpans, starts: _starts, ...temporal } = history;
  const figures = {
    ...{
      scale,
      outcome: state.outcome,
      time,
      uses: USES,
      askedAfterMs: askedAfter,
      calls,
      waiting,
      temporal,
    },
    slowestActivities: [...activitySpans]
      .map(({ type, step, startedAt: from, closedAt, attempts }) => ({
        type,
        step,
        ms: closedAt - from,
        attempts,
      }))
      .sort((one, other) => other.ms - one.ms)
      .slice(0, 12),
    waits: waits.map(({ definition, from, to }) => ({
      wait: definition.name,
      realMs: to - from,
      noticedAfterMs: noticed(history, definition.step, to),
    })),
  };
  return { rows, figures, history, handle: run.handle, took: tookOf(waits, scale) };
}

/** The rows that the expectation changes. */
export function learnedRows({ rows }: FailoverPart): readonly Row[] {
  return rows.filter(({ name }) => /critical path, at|pace of looking|waiting minute/.test(name));
}

/** Of several waits of one contract the mean. */
function tookOf(waits: readonly SeenWait[], scale: number): Readonly<Record<string, number>> {
  const names = [...new Set(waits.map(({ definition }) => contractOf(definition.step)))];
  return Object.fromEntries(
    names.map((name) => {
      const of = waits.filter(({ definition }) => contractOf(definition.step) === name);
      const seconds = of.map(({ from, to }) => ((to - from) * scale) / 1000);
      return [name, round(seconds.reduce((sum, one) => sum + one, 0) / of.length, 1)];
    }),
  );
}

function scaledDown(expected: Readonly<Record<string, number>>, scale: number): Record<string, number> {
  return Object.fromEntries(
    Object.entries(expected).map(([name, seconds]) => [name, round(seconds / scale)]),
  );
}

/** Real milliseconds from the moment that the effect was there until the step's verify had it; null if it never ran. */
function noticed({ activitySpans }: HistoryFigures, step: string, at: number): number | null {
  const verify = activitySpans.findLast((span) => span.step === step && span.type.endsWith('.verify'));
  return verify === undefined ? null : verify.closedAt - at;
}

/** A site that answers, without its database: the ask comes without waiting for silence. */
export async function measureFirstAsk(bench: FailoverBench): Promise<Part> {
  await bench.lose('database-down');
  const times: number[] = [];
  for (let count = 0; count < 3; count += 1) {
    const startedAt = Date.now();
    const run = await bench.start();
    const { id } = await run.asked();
    times.push(Date.now() - startedAt);
    await run.decide({ ask: id, verdict: 'deny', actor: 'grace', note: 'measured' });
    await run.ended();
  }
  await bench.world.heal();
  const median = [...times].sort((one, other) => one - other)[1] ?? 0;
  return {
    rows: [row('start → first ask, region answers', seconds(median), '< 2 s', median < 2000)],
    figures: { milliseconds: times },
  };
}
