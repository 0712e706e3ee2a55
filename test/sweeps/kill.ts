import type { CleanRun } from './clean-run';
import { momentName } from './moments';
import type { DiaryEntry, Moment } from './moments';
import { judge } from './oracle';
import { deal, pool } from './pool';
import { orFailed, score } from './results';
import type { CaseResult, RunResult } from './results';
import { Session } from './session';
import type { SweepSettings } from './session';

/** One run may lose its worker so many times, one after the other: more of them save worlds, which cost more than deaths. */
const DEATHS_PER_RUN = 40;
/** A death so soon after a result was handed in is one at the boundary behind it. */
const BOUNDARY_MILLISECONDS = 50;
/** The budget of a run for each death: noticed, replaced, gone on. */
const SECONDS_PER_DEATH = 30;

/**
 * Kills the worker at every activity, when all is done and nothing reported, and at every boundary between two steps;
 * another one takes over each time, and the run must end as if nothing had been.
 */
export async function sweepKills(settings: SweepSettings, clean: CleanRun): Promise<readonly RunResult[]> {
  const moments = momentsOf(clean, settings.oneCasePerRun).filter((one) =>
    momentName(one).includes(settings.only),
  );
  const hands = deal(
    moments,
    settings.oneCasePerRun ? moments.length : Math.ceil(moments.length / DEATHS_PER_RUN),
  );
  return pool(hands, settings.parallel, async (hand, index) => {
    const result = await orFailed(hand.map(momentName), () => killAt(settings, clean, hand));
    settings.over(result);
    settings.say(`kill: run ${index + 1} of ${hands.length} over, ${score(result)}`);
    return result;
  });
}

/**
 * Every part of every step once, at its end, and the boundary after every step. What is done for the plan and again in
 * the execution is met in the one or the other by turns.
 */
function momentsOf({ activities, steps }: CleanRun, everyOccurrence: boolean): readonly Moment[] {
  const names = [...new Set(activities.map(({ activity }) => activity))];
  const boundaries = steps.map(({ id }) => `${id}/verify`);
  const chosen = activities.filter(({ activity, nth }) => {
    const occurrences = activities.filter((one) => one.activity === activity).length;
    return everyOccurrence || nth === (names.indexOf(activity) % occurrences) + 1;
  });
  return chosen.flatMap((one) =>
    boundaries.includes(one.activity) ? [one, { ...one, edge: 'boundary' as const }] : [one],
  );
}

function killAt(settings: SweepSettings, clean: CleanRun, moments: readonly Moment[]): Promise<RunResult> {
  return Session.within(settings, async (session) => {
    const { bench, worker } = session;
    await session.breakWorld();
    const { mark } = bench;
    worker.order(moments.map((moment) => ({ ...moment, act: 'kill' })));
    const run = await session.start();
    const state = await session.lead(run, undefined, 120 + moments.length * SECONDS_PER_DEATH);
    const { calls } = clean;
    const verdict = await judge(session, run, state, { mark, calls });
    const asked = state.asks.filter(({ kind }) => kind !== 'gate' && kind !== 'consent');
    const needless = asked.map(({ id, evidence }) => `asked for ${id}: ${evidence.join('; ')}`);
    const deaths = worker.deaths();
    const diary = worker.diary(state.runId);
    const cases = moments.map((moment): CaseResult => {
      const name = momentName(moment);
      const death = deaths.find((one) => one.moment === name);
      const resumedAt = death?.resumedAt ?? undefined;
      return {
        name,
        duplicates: verdict.duplicates,
        violations: [
          ...verdict.violations,
          ...needless,
          ...(death === undefined && !metByAnother(moment, diary) ? [`the run never came to ${name}`] : []),
        ],
        ...(death === undefined || resumedAt === undefined
          ? {}
          : { resumeSeconds: (resumedAt - death.killedAt) / 1000 }),
      };
    });
    return { cases };
  });
}

/**
 * Whether the worker died for another moment while this boundary was its next one. Steps that run side by side end at
 * nearly the same time: then one death is at the boundaries of both.
 */
export function metByAnother({ activity, nth, edge }: Moment, diary: readonly DiaryEntry[]): boolean {
  const handedIn = diary.findLast(
    (one) => one.event === 'end' && one.ok === true && one.activity === activity && one.nth === nth,
  );
  return (
    edge === 'boundary' &&
    handedIn !== undefined &&
    diary.some(
      ({ event, pid, at }) =>
        event === 'kill' &&
        pid === handedIn.pid &&
        at >= handedIn.at &&
        at <= handedIn.at + BOUNDARY_MILLISECONDS,
    )
  );
}
