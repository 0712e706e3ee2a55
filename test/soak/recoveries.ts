import { setTimeout as sleep } from 'node:timers/promises';
import type { TrafficProcess } from '../../lab/traffic/launch';
import { pushesOf } from '../../lab/traffic/of-world';
import type { AcknowledgedPush } from '../../lab/traffic/pushes-file';
import { until } from '../support/until';
import { berlinTime } from './berlin';
import type { Days, Play } from './days';
import type { HeldPoint } from './expected-points';
import { judgePushes } from './judged-pushes';
import type { JudgedPushes } from './judged-pushes';

/** Users go on for so long after the newest copy: their pushes are what the failover gives up. */
const AFTER_COPY_SECONDS = 6;
const RUN_SECONDS = 900;

/** The primary region goes, and the newest of the scheduled copies has to do. */
export async function failOver(play: Play, days: Days, traffic: TrafficProcess): Promise<void> {
  const { bench, findings, say } = play;
  const newest = newestOf(play.held.at('standby'));
  await sleep(AFTER_COPY_SECONDS * 1000);
  const brokenAt = Date.now();
  await bench.lose('region-down');
  say('the primary region is lost');
  const run = await bench.start(
    bench.message({ reason: 'the soak', incidentStartedAt: new Date(brokenAt).toISOString() }),
  );
  await run.approve('failover', 'grace', 'linus');
  await run.approve('unprovenFence', 'margaret');
  const { outcome, conclusion, facts } = await run.ended(RUN_SECONDS);
  const lost = await lostPushes(traffic);
  const pushes = judgePushes(pushesOf(bench.world), lost, {
    capturedAt: days.machineTime(newest.backup),
    replacedAt: brokenAt,
  });
  const { rto, rpo } = (await run.report()) as unknown as {
    rto: { totalSeconds: number };
    rpo?: { homeSeconds: number };
  };
  const isNewest = facts.find(({ label }) => label === 'home copy')?.value.includes(newest.backup) === true;
  findings.set({
    failover: {
      ...{ outcome, backup: newest.backup, newest: isNewest },
      acknowledgedBefore: pushes.acknowledgedBefore,
      lostBeforeCopy: pushes.missing,
      lostAfterCopy: pushes.acknowledgedAfter - pushes.surviving,
      ...{ rtoSeconds: rto.totalSeconds, rpoSeconds: rpo?.homeSeconds ?? 0 },
    },
  });
  if (outcome !== 'SUCCEEDED') findings.problem(`drFailover ended ${String(outcome)}: ${conclusion ?? ''}`);
  if (!isNewest) findings.problem(`drFailover did not go by ${newest.backup}, the newest copy`);
  if (pushes.missing > 0)
    findings.problem(`${pushes.missing} pushes are lost that were acknowledged before ${newest.backup}`);
  say(`drFailover ${String(outcome)} in ${rto.totalSeconds} s, to ${newest.backup}; ${tell(pushes)}`);
}

/** Back to a backup of the day before, at the site that has taken over. */
export async function restoreOlder(play: Play, days: Days, traffic: TrafficProcess): Promise<void> {
  const { bench, findings, say, held } = play;
  const older = dayBefore(held.at('standby'));
  const run = await bench.start(
    bench.message({ backup: older.backup, site: 'standby', reason: 'the soak' }),
    {
      runbook: 'restore',
    },
  );
  await run.approve('restore', 'grace', 'linus');
  const { outcome, conclusion, steps } = await run.ended(RUN_SECONDS);
  const admitted = steps.find(({ id }) => id === 'admitUsers')?.startedAt;
  const pushes = judgePushes(pushesOf(bench.world), await lostPushes(traffic), {
    capturedAt: days.machineTime(older.backup),
    replacedAt: Date.parse(admitted ?? new Date().toISOString()),
  });
  const { rto } = await run.report();
  const capturedAt = new Date(older.capturedAt).toISOString();
  findings.set({
    restore: { outcome, backup: older.backup, capturedAt, ...pushes, rtoSeconds: rto.totalSeconds },
  });
  if (outcome !== 'SUCCEEDED') findings.problem(`restore ended ${String(outcome)}: ${conclusion ?? ''}`);
  if (pushes.missing > 0)
    findings.problem(`${pushes.missing} pushes are missing that were acknowledged before ${older.backup}`);
  if (pushes.surviving > 0)
    findings.problem(`${pushes.surviving} pushes are there that were made after ${older.backup}`);
  // The lost region is silent; what is at the other must not have suffered.
  findings.problem(...(await held.differences(['standby'])));
  say(`restore ${String(outcome)} in ${rto.totalSeconds} s, of ${older.backup}; ${tell(pushes)}`);
}

/** The newest of an earlier day than the newest one's. @throws Error when the soak was too short for one */
export function dayBefore(points: readonly HeldPoint[]): HeldPoint {
  const today = berlinTime(newestOf(points).capturedAt).day;
  return newestOf(points.filter(({ capturedAt }) => berlinTime(capturedAt).day < today));
}

function newestOf(points: readonly HeldPoint[]): HeldPoint {
  const [newest] = [...points].sort((one, other) => other.capturedAt - one.capturedAt);
  if (newest === undefined) throw new Error('there is no such backup at the standby');
  return newest;
}

function lostPushes(traffic: TrafficProcess): Promise<readonly AcknowledgedPush[]> {
  return until('an audit of the pushes', async () => (await traffic.audit()).lostPushes, 120);
}

function tell(pushes: JudgedPushes): string {
  const { acknowledgedBefore, missing, acknowledgedAfter, surviving } = pushes;
  return `of ${acknowledgedBefore} pushes before it ${missing} are missing, of ${acknowledgedAfter} after it ${surviving} are there`;
}
