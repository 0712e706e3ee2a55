import type { TrafficProcess } from '../../lab/traffic/launch';
import type { RunState } from '../../workflows/runbook/state';
import type { LiveRun } from '../support/live-run';
import { until } from '../support/until';
import type { Session } from './session';

export interface Losses {
  readonly session: Session;
  readonly run: LiveRun;
  readonly state: RunState;
  readonly traffic: TrafficProcess;
  /** Epoch milliseconds. */
  readonly brokenAt: number;
  /** When the primary site began to come back by itself; null: never. */
  readonly returnedAt: number | null;
  /** Until when a primary that came back unfenced took writes beside its successor; null: it did not. */
  readonly exposedUntil: number | null;
}

/** A push is acknowledged a moment after it was recorded. */
const SLACK_MILLISECONDS = 1500;

interface Rpo {
  readonly homeSeconds: number;
}

/**
 * Compares what users were promised with what the service has: nothing may be lost that is older than the copy which
 * the report names, and nothing that was pushed after the incident, unless to a primary that came back unfenced.
 */
export async function judgeLosses(losses: Losses): Promise<readonly string[]> {
  const { session, run, state, traffic, brokenAt, returnedAt, exposedUntil } = losses;
  const { outcome } = state;
  // Whoever is handed an unfinished failover has no service yet whose pushes could be counted.
  if (outcome === 'HANDED_OVER' || outcome === 'UNDO_INCOMPLETE') return [];
  const audit = await until('an audit of the pushes', () => traffic.audit());
  if (outcome !== 'SUCCEEDED' && outcome !== 'DEGRADED') {
    return audit.lostPushes.map(
      ({ repository, at }) => `push to ${repository} at ${at} is lost, and nothing moved`,
    );
  }
  const rpo = (await run.report())['rpo'] as Rpo | undefined;
  if (rpo === undefined) return ['the report has no rpo'];
  const copiedAt = brokenAt - rpo.homeSeconds * 1000 - SLACK_MILLISECONDS;
  const fencedAt = Date.parse(state.steps.find(({ id }) => id === 'proveFence')?.endedAt ?? '');
  const fenced = returnedAt === null || Number.isNaN(fencedAt) ? brokenAt : fencedAt;
  const lastAt = Math.max(brokenAt, fenced, exposedUntil ?? brokenAt);
  return audit.lostPushes
    .filter(({ at }) => Date.parse(at) < copiedAt || Date.parse(at) > lastAt + SLACK_MILLISECONDS)
    .map(
      ({ repository, at }) =>
        `push to ${repository} at ${at} is lost; the incident was at ${new Date(brokenAt).toISOString()}, the report ` +
        `says ${rpo.homeSeconds} s of loss${session.bench.world.disasters.length > 0 ? ' (the disaster lasts)' : ''}`,
    );
}
