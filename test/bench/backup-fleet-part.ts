import type { LedgerEntry } from '../../lab/gateway/ledger';
import type { LiveRun } from '../support/live-run';
import { withLightFleet } from './light-fleet';
import type { LightFleet } from './light-fleet';
import { readUsage } from './process-usage';
import type { Part } from './row';
import { round, row, seconds } from './row';

/** Virtual time passes so much faster; slower than elsewhere, for the pace has to be far below what a machine can do. */
const SCALE = 10;
const PATIENCE_SECONDS = 3600;
const SAMPLE_MS = 500;

interface Measured {
  readonly milliseconds: number;
  readonly longestSeconds: number;
  readonly counts: object;
  readonly callsPerInstance: number;
  readonly describesPerInstance: number;
  readonly byAction: Readonly<Record<string, number>>;
  readonly residentMib: { readonly before: number; readonly highest: number };
  readonly cpuMsPerInstance: number;
  readonly historyEvents: number;
}

/** All instances backed up at once by one worker program, and the same where every run asks AWS by itself. */
export async function measureBackupFleet(count: number): Promise<Part> {
  const together = await withLightFleet({ count, scale: SCALE, coalesce: true }, (fleet) =>
    live(fleet, count),
  );
  const apart = await withLightFleet({ count, scale: SCALE, coalesce: false }, (fleet) => live(fleet, count));
  const ratio = ({ milliseconds, longestSeconds }: Measured): number =>
    round(milliseconds / 1000 / longestSeconds, 2);
  const saved = 1 - together.callsPerInstance / apart.callsPerInstance;
  return {
    rows: [
      row(
        `${count} backups at once: wall over the longest one`,
        `${ratio(together)} (${seconds(together.milliseconds)})`,
      ),
      row('the same without coalescing', `${ratio(apart)} (${seconds(apart.milliseconds)})`),
      row(
        'AWS calls per backup, without coalescing',
        `${together.callsPerInstance}, ${apart.callsPerInstance} (${Math.round(saved * 100)} % saved)`,
      ),
      row(
        'of them reads that can be joined',
        `${together.describesPerInstance}, ${apart.describesPerInstance}`,
      ),
      row(
        'worker memory, without coalescing',
        `${together.residentMib.highest} MiB, ${apart.residentMib.highest} MiB (idle ${together.residentMib.before} MiB)`,
      ),
      row(
        'worker CPU per backup, without coalescing',
        `${together.cpuMsPerInstance} ms, ${apart.cpuMsPerInstance} ms`,
      ),
      row('history of the fleet run', `${together.historyEvents} events`),
    ],
    figures: { count, scale: SCALE, together, apart },
  };
}

async function live({ gateway, worker, start }: LightFleet, count: number): Promise<Measured> {
  // The worker has to be up and to have read the estate: that is no part of a backup.
  await (await start({ dryRun: true })).ended(PATIENCE_SECONDS);
  const before = readUsage(worker.pid);
  let highest = before.residentMib;
  const sampling = setInterval(() => {
    highest = Math.max(highest, readUsage(worker.pid).residentMib);
  }, SAMPLE_MS);
  try {
    const startedAt = Date.now();
    const run = await start();
    const { outcome, conclusion, fleet } = await run.ended(PATIENCE_SECONDS);
    const milliseconds = Date.now() - startedAt;
    if (outcome !== 'SUCCEEDED' || fleet === undefined)
      throw new Error(`ended ${outcome}: ${conclusion} ${JSON.stringify(fleet?.notes.slice(0, 3))}`);
    const [failure] = gateway.failures();
    if (failure !== undefined) throw new Error(`not emulated: ${JSON.stringify(failure)}`);
    const calls = gateway.ledger.entries();
    const usage = readUsage(worker.pid);
    return {
      milliseconds,
      longestSeconds: fleet.longest?.seconds ?? 0,
      counts: fleet.counts,
      callsPerInstance: round(calls.length / count, 1),
      describesPerInstance: round(calls.filter(isJoined).length / count, 1),
      byAction: byAction(calls),
      residentMib: { before: before.residentMib, highest },
      cpuMsPerInstance: round((usage.cpuMs - before.cpuMs) / count, 0),
      historyEvents: await eventsOf(run),
    };
  } finally {
    clearInterval(sampling);
  }
}

function isJoined({ action }: LedgerEntry): boolean {
  return /^Describe(Snapshots|DBSnapshots|DBInstances|Instances|Volumes|AutoScalingGroups)$/.test(action);
}

async function eventsOf({ handle }: LiveRun): Promise<number> {
  return (await handle.describe()).historyLength;
}

function byAction(calls: readonly LedgerEntry[]): Readonly<Record<string, number>> {
  const counts = new Map<string, number>();
  for (const { service, action } of calls) {
    const name = `${service}:${action}`;
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return Object.fromEntries([...counts].sort(([, one], [, other]) => other - one));
}
