import { readAnswered } from '../../lab/bitbucket/answer-faults';
import { plan as planQuery } from '../../workflows/runbook/messages';
import type { PlannedStep } from '../../workflows/runbook/plan';
import { distinctCalls } from './calls';
import type { KnownCall } from './calls';
import type { Moment } from './moments';
import { judge } from './oracle';
import { Session } from './session';
import type { SweepSettings } from './session';

/** What an undisturbed run of a runbook does: the data of every sweep. */
export interface CleanRun {
  /** Every activity in the order in which they were taken up, at its end. */
  readonly activities: readonly Moment[];
  readonly steps: readonly PlannedStep[];
  readonly calls: readonly KnownCall[];
  /** Requests to Bitbucket that change something, as its nodes name them. */
  readonly requests: readonly string[];
  readonly seconds: number;
}

/** @throws Error when even the undisturbed run does not come to a good end */
export function runClean(settings: SweepSettings): Promise<CleanRun> {
  return Session.within(settings, async (session) => {
    const { bench, worker } = session;
    await session.breakWorld();
    const { mark } = bench;
    const began = Date.now();
    const run = await session.start();
    const state = await session.lead(run);
    const seconds = (Date.now() - began) / 1000;
    const calls = distinctCalls(bench.changesSince(mark));
    const verdict = await judge(session, run, state, { mark, calls });
    const wrong = [...verdict.violations, ...verdict.duplicates];
    if (wrong.length > 0) throw new Error(`the undisturbed run fails already: ${wrong.join('; ')}`);
    const activities = worker
      .diary(state.runId)
      .filter(({ event }) => event === 'start')
      .map(({ activity, nth }) => ({ activity, nth, edge: 'end' as const }));
    const { steps = [] } = (await run.handle.query(planQuery)) ?? {};
    return { activities: distinct(activities), steps, calls, requests: requestsOf(session), seconds };
  });
}

/** Users' own pushes are none of the run's. */
function requestsOf({ bench }: Session): readonly string[] {
  const answered = readAnswered(bench.world.directory.run('bitbucket-faults'));
  return [...new Set(answered.filter(({ user }) => user !== 'traffic').map(({ request }) => request))];
}

/** An attempt that was repeated is the same execution. */
function distinct(moments: readonly Moment[]): readonly Moment[] {
  return moments.filter(
    (one, index) =>
      moments.findIndex(({ activity, nth }) => activity === one.activity && nth === one.nth) === index,
  );
}
