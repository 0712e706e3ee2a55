import type { PlannedStep } from '../../workflows/runbook/plan';
import type { Outcome, RunState } from '../../workflows/runbook/state';
import type { LiveRun } from '../support/live-run';
import { until } from '../support/until';
import type { CleanRun } from './clean-run';
import { momentName } from './moments';
import type { Moment } from './moments';
import { patient } from './operator';
import type { Judgement } from './operator';
import { appliedTwice, endedWell } from './oracle';
import { deal, pool } from './pool';
import { orFailed, score } from './results';
import type { CaseResult, RunResult } from './results';
import type { SweptRunbook } from './runbooks';
import { Session } from './session';
import type { SweepSettings } from './session';
import { sweptWorld } from './swept-world';
import type { SweptWorld } from './swept-world';

type Way = 'cancel' | 'abort';

/** One end that people bring about: in the middle of a step whose work is done and not yet reported. */
export interface Stop {
  readonly step: PlannedStep;
  readonly way: Way;
  /** The run has passed a point of no return by then. */
  readonly late: boolean;
}

/** Nodes that were fenced come back as new machines, at their own pace. */
const RESTORED_WITHIN_SECONDS = 60;

/**
 * Ends a run at every step, by a cancel and by the abort of a step that fails after its work. Before the point of no
 * return the world must be as it was; from there on it must be exactly where the run says that it stopped.
 */
export async function sweepCancels(settings: SweepSettings, clean: CleanRun): Promise<readonly RunResult[]> {
  const stops = stopsOf(clean)
    .filter((stop) => nameOf(stop).includes(settings.only))
    .filter((_, index) => index % settings.everyNthCancel === 0);
  const early = deal(
    stops.filter(({ late }) => !late),
    settings.oneCasePerRun ? stops.length : settings.parallel,
  );
  // After a point of no return a world is spent.
  const hands = [...early, ...stops.filter(({ late }) => late).map((stop) => [stop])];
  return pool(hands, settings.parallel, async (hand, index) => {
    const result = await orFailed(hand.map(nameOf), () =>
      Session.within(settings, (session) => stopAll(session, clean, hand)),
    );
    settings.over(result);
    settings.say(`cancel: world ${index + 1} of ${hands.length} over, ${score(result)}`);
    return result;
  });
}

function stopsOf({ steps }: CleanRun): readonly Stop[] {
  const final = steps.findIndex(({ risk }) => risk === 'pointOfNoReturn');
  return steps.flatMap((step, index) =>
    (['cancel', 'abort'] as const).map((way) => ({ step, way, late: final !== -1 && index >= final })),
  );
}

async function stopAll(session: Session, clean: CleanRun, stops: readonly Stop[]): Promise<RunResult> {
  await session.breakWorld();
  const cases: CaseResult[] = [];
  for (const stop of stops) cases.push(await stopOnce(session, clean, stop));
  return { cases };
}

async function stopOnce(session: Session, clean: CleanRun, stop: Stop): Promise<CaseResult> {
  const { bench, runbook } = session;
  const { mark } = bench;
  const before = await sweptWorld(bench);
  const { run, state } = await stopRun(session, stop);
  const { violations } = await bench.world.invariants(false);
  const { standing } = await run.report();
  const isAsWanted = endsAsWanted(stop, runbook, state);
  return {
    name: nameOf(stop),
    duplicates: appliedTwice(bench.changesSince(mark), clean.calls, !stop.late),
    violations: [
      ...violations,
      ...session.worker.crashes,
      ...(isAsWanted ? [] : [`ended ${state.outcome}: ${state.conclusion}`]),
      ...(stop.late
        ? wrongOf(runbook, state, standing, await sweptWorld(bench))
        : await asItWas(session, before)),
    ],
  };
}

/** A rule of the runbook answers for its step; before the point of no return all is taken back, after it told. */
export function endsAsWanted(
  { way, step, late }: Stop,
  runbook: Pick<SweptRunbook, 'ruled' | 'completed' | 'mayDegrade'>,
  state: Pick<RunState, 'outcome' | 'degraded' | 'steps'>,
): boolean {
  const rule = way === 'abort' ? runbook.ruled?.(step.id) : undefined;
  const wanted: Outcome = rule ?? (late ? 'HANDED_OVER' : 'UNDONE');
  // The last step was over, or not to be interrupted: the stop came in time, or found everything done.
  const isWhole = late && rule === undefined && state.steps.every((one) => one.state === 'done');
  return state.outcome === wanted || (isWhole && endedWell(runbook, state));
}

function nameOf({ way, step }: Stop): string {
  return `${way} at ${momentName(momentOf(step))}`;
}

function momentOf({ id, risk }: PlannedStep): Moment {
  return risk === 'readOnly'
    ? { activity: `${id}/verify`, nth: 1, edge: 'end' }
    : { activity: `${id}/run`, nth: 1, edge: 'end' };
}

async function stopRun(session: Session, { step, way }: Stop): Promise<{ run: LiveRun; state: RunState }> {
  const { worker } = session;
  const moment = momentOf(step);
  worker.order([{ ...moment, act: way === 'cancel' ? 'hold' : 'fail' }]);
  const run = await session.start();
  const agree = patient();
  const abort: Judgement = (ask, state) => (ask.kind === 'failedStep' ? 'abort' : agree(ask, state));
  const led = session.lead(run, abort);
  if (way === 'cancel') {
    // Whatever ends the run earlier shows in its outcome.
    await Promise.race([led, worker.reached((await run.handle.describe()).runId, moment, 240)]);
    await run.handle.cancel();
    worker.release(moment);
  }
  return { run, state: await led };
}

async function asItWas({ bench }: Session, before: SweptWorld): Promise<readonly string[]> {
  const wanted = JSON.stringify(before);
  let last = '';
  const isBack = await until(
    'the world as it was',
    async () => {
      last = JSON.stringify(await sweptWorld(bench));
      return last === wanted || undefined;
    },
    RESTORED_WITHIN_SECONDS,
  ).catch(() => false);
  return isBack ? [] : [`the world is not as it was: ${firstDifference(wanted, last)}`];
}

/** Where the world and what the run says of its steps differ. */
export function wrongOf(
  { stands: known }: Pick<SweptRunbook, 'stands'>,
  { outcome, steps }: Pick<RunState, 'outcome' | 'steps'>,
  standing: readonly string[],
  now: SweptWorld,
): readonly string[] {
  return steps.flatMap(({ id, state, risk }) => {
    const stands = (known[id] ?? known[id.split('.')[0] ?? ''])?.(now, id);
    const listed = outcome !== 'HANDED_OVER' || standing.some((line) => line.includes(`(${id})`));
    if (risk !== 'readOnly' && !listed)
      return [`${id} (${state}) is not in what the report says that stands`];
    if (stands === false && state === 'done') return [`${id} is said to stand, and does not`];
    return stands === true && state === 'planned' ? [`${id} is said not to have been done, and stands`] : [];
  });
}

function firstDifference(wanted: string, found: string): string {
  let at = 0;
  while (at < wanted.length && wanted[at] === found[at]) at += 1;
  const around = (text: string): string => text.slice(Math.max(0, at - 80), at + 60);
  return `was …${around(wanted)}…, is …${around(found)}…`;
}
