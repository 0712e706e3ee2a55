import { setTimeout as sleep } from 'node:timers/promises';
import type { TrafficProcess } from '../../lab/traffic/launch';
import { startTraffic } from '../../lab/traffic/of-world';
import type { Outcome, RunState } from '../../workflows/runbook/state';
import type { LiveRun } from '../support/live-run';
import { until } from '../support/until';
import { untilServingAgain } from '../support/until-serving';
import type { CleanRun } from './clean-run';
import { Mishaps } from './mishaps';
import { exposureOf } from './exposure';
import type { Exposure } from './exposure';
import { patient } from './operator';
import type { Judgement } from './operator';
import { appliedTwice } from './oracle';
import { OwnServer } from './own-server';
import { pool } from './pool';
import { orFailed } from './results';
import type { CaseResult, RunResult } from './results';
import { describeSchedule, makeSchedule, randomFrom } from './schedule';
import type { Schedule } from './schedule';
import { Session } from './session';
import type { SweepSettings } from './session';
import { judgeLosses } from './lost-pushes';

/** Users work for so long before the disaster, so that there is something to lose. */
const QUIET_SECONDS = 3;
const HISTORY_LIMIT = 2000;
/** Until a site that came back unfenced takes no writes any more. */
const FENCED_SECONDS = 60;
/** A schedule from the world's start to its end; the run itself has 300 s. */
const LIMIT_SECONDS = 600;
const TOOK_OVER: readonly Outcome[] = ['SUCCEEDED', 'DEGRADED'];
/** The primary is to serve as it did. */
const TURNED_ROUND: readonly Outcome[] = ['UNDONE', 'DENIED', 'REFUSED'];

/** Runs under traffic with several mishaps each, from numbered schedules; a number gives the same schedule again. */
export async function sweepRandom(settings: SweepSettings, clean: CleanRun): Promise<readonly RunResult[]> {
  return pool(settings.seeds, settings.parallel, async (seed) => {
    const schedule = makeSchedule(seed, clean);
    const result = await orFailed(
      [describeSchedule(schedule)],
      async () => ({ cases: [await runSchedule(settings, clean, schedule)] }),
      LIMIT_SECONDS,
    );
    for (const { name, duplicates, violations } of result.cases) {
      settings.say(`random: seed ${seed} over, ${name}`);
      for (const line of [...duplicates, ...violations]) settings.say(`    ${line}`);
    }
    const seeded = { cases: result.cases.map((one) => ({ ...one, seed })) };
    settings.over(seeded);
    return seeded;
  });
}

function runSchedule(settings: SweepSettings, clean: CleanRun, schedule: Schedule): Promise<CaseResult> {
  return OwnServer.within((server) =>
    Session.within(
      settings,
      async (session) => {
        const traffic = await startTraffic(session.bench.world);
        try {
          return await underTraffic(session, server, clean, schedule, traffic);
        } finally {
          await traffic.stop();
        }
      },
      { temporal: server.address, homeCopyEverySeconds: 2 },
    ),
  );
}

async function underTraffic(
  session: Session,
  server: OwnServer,
  clean: CleanRun,
  schedule: Schedule,
  traffic: TrafficProcess,
): Promise<CaseResult> {
  const { bench, worker } = session;
  await sleep(QUIET_SECONDS * 1000);
  const { mark } = bench;
  const brokenAt = Date.now();
  await session.breakWorld(schedule.disaster);
  const run = await session.start({ incidentStartedAt: new Date(brokenAt).toISOString() });
  const mishaps = new Mishaps(session, server, schedule);
  mishaps.begin((await run.handle.describe()).runId);
  const state = await session.lead(run, judgeOf(schedule.seed)).finally(() => mishaps.end());
  const returnedAt = mishaps.primaryReturnedAt;
  await exposed(session, state, returnedAt);
  const losses = { session, run, state, traffic, brokenAt, returnedAt };
  const breaches = await broken(session, run, state);
  // One that came back at the very end may have begun to serve while the world was looked at.
  const exposure = await exposed(session, state, returnedAt);
  const violations = [
    ...breaches.filter((line) => !exposure.excused.some((excused) => line.endsWith(excused))),
    ...(await judgeLosses({ ...losses, exposedUntil: exposure.until })),
    ...mishaps.failures,
    ...worker.crashes,
  ];
  const [death] = worker
    .deaths()
    .flatMap(({ killedAt, resumedAt }) => (resumedAt === null ? [] : [resumedAt - killedAt]));
  return {
    name: `${describeSchedule(schedule)}: ${state.outcome}`,
    duplicates: appliedTwice(bench.changesSince(mark), clean.calls),
    violations,
    ...(death === undefined ? {} : { resumeSeconds: death / 1000 }),
    ...(exposure.seconds === null ? {} : { exposedSeconds: exposure.seconds }),
  };
}

/** Agrees to nearly everything; the same answers to the same questions for the same seed, in whatever order they come. */
function judgeOf(seed: number): Judgement {
  const agree = patient();
  return (ask, state) => {
    const verdict = agree(ask, state);
    if (verdict !== 'approve' || ask.kind === 'gate') return verdict;
    const letters = [...ask.id].reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) >>> 0, seed);
    return randomFrom(letters)() < 0.85 ? 'approve' : 'deny';
  };
}

/** Gives a site that came back the time to be fenced, by the run or by the one that it left behind. */
async function exposed(session: Session, state: RunState, returnedAt: number | null): Promise<Exposure> {
  const { world } = session.bench;
  if (returnedAt !== null && TOOK_OVER.includes(state.outcome ?? 'REFUSED')) {
    const fenced = async () => !(await world.probe()).primary.acceptsWrites || undefined;
    await until('the site that came back to be fenced', fenced, FENCED_SECONDS).catch(() => undefined);
    await until(
      'two writers to be over',
      () => world.overlaps.every((one) => one.until !== null) || undefined,
      10,
    ).catch(() => undefined);
  }
  return exposureOf(world.overlaps, state, returnedAt);
}

/** Ends the disaster where that is safe, and looks at the world and at the history. */
async function broken(session: Session, run: LiveRun, state: RunState): Promise<readonly string[]> {
  const { world } = session.bench;
  const outcome = state.outcome ?? 'SUCCEEDED';
  const { fence } = await run.report();
  // An operator would not bring a region back whose fence was never proven.
  const fenced = (fence as { readonly state: string } | undefined)?.state === 'proven';
  const atRest = TOOK_OVER.includes(outcome) || TURNED_ROUND.includes(outcome);
  if (TURNED_ROUND.includes(outcome) || (TOOK_OVER.includes(outcome) && fenced)) await world.heal();
  if (TURNED_ROUND.includes(outcome)) {
    await untilServingAgain(session.bench, 60);
  }
  const { violations } = await world.invariants(atRest);
  const { historyLength } = await run.handle.describe();
  return [
    ...violations,
    ...(historyLength < HISTORY_LIMIT ? [] : [`${run.id} has ${historyLength} events`]),
    ...(atRest || outcome === 'HANDED_OVER' ? [] : [`ended ${outcome}: ${state.conclusion}`]),
  ];
}
