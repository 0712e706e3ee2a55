import { settleAll } from '../../workflows/runbook/run';
import type { LedgerEntry } from '../../lab/gateway/ledger';
import type { LabProcess } from '../../lab/world/process';
import type { FailoverBench } from '../support/failover-bench';
import { readUsage } from './process-usage';
import type { Part } from './row';
import { round, row, seconds } from './row';

/** Real seconds within which all of them must have ended. */
const PATIENCE_SECONDS = 600;

/** Many dry runs at once on one worker, against one that runs alone on it. */
export async function measureFleet(bench: FailoverBench, worker: LabProcess, count: number): Promise<Part> {
  await dryRuns(bench, 1);
  const alone = await dryRuns(bench, 3, true);
  const before = readUsage(worker.pid);
  const together = await dryRuns(bench, count);
  const after = readUsage(worker.pid);
  const callsAlone = alone.calls.length / 3;
  const wanted = callsAlone * count;
  const figures = {
    runs: count,
    aloneMs: round(alone.milliseconds / 3, 0),
    togetherMs: together.milliseconds,
    perRunMs: round(together.milliseconds / count, 1),
    /** Of the worker program alone; the rest is the emulated AWS on the same machine. */
    workerCpuMsPerRun: round((after.cpuMs - before.cpuMs) / count, 1),
    workerResidentMib: { before: before.residentMib, after: after.residentMib },
    outcomes: together.outcomes,
    callsAlone: round(callsAlone, 1),
    callsTogether: together.calls.length,
    callsPerRun: round(together.calls.length / count, 2),
    saved: round(1 - together.calls.length / wanted),
    byAction: byAction(together.calls),
  };
  const planned = together.outcomes['PLANNED'] ?? 0;
  return {
    rows: [
      row(
        `${count} dry runs at once`,
        `${seconds(together.milliseconds)}, ${planned} planned`,
        'all planned',
        planned === count,
      ),
      row('worker CPU per dry run', `${figures.workerCpuMsPerRun} ms`),
      row('per dry run, one alone', `${figures.perRunMs} ms, ${figures.aloneMs} ms`),
      row(
        'AWS calls per dry run, one alone',
        `${figures.callsPerRun}, ${figures.callsAlone} (${Math.round(figures.saved * 100)} % saved)`,
      ),
    ],
    figures,
  };
}

interface DryRuns {
  readonly outcomes: Readonly<Record<string, number>>;
  readonly milliseconds: number;
  readonly calls: readonly LedgerEntry[];
}

async function dryRuns(bench: FailoverBench, count: number, inTurn = false): Promise<DryRuns> {
  const { mark } = bench;
  const startedAt = Date.now();
  const outcomes: Record<string, number> = {};
  const one = async (): Promise<void> => {
    const run = await bench.start(bench.message({ dryRun: true }));
    const { outcome } = await run.ended(PATIENCE_SECONDS);
    outcomes[outcome ?? 'none'] = (outcomes[outcome ?? 'none'] ?? 0) + 1;
  };
  if (inTurn) for (let at = 0; at < count; at += 1) await one();
  else await settleAll(Array.from({ length: count }, () => one));
  return {
    outcomes,
    milliseconds: Date.now() - startedAt,
    calls: bench.world.gateway.ledger.entries().slice(mark),
  };
}

function byAction(calls: readonly LedgerEntry[]): Readonly<Record<string, number>> {
  const counts = new Map<string, number>();
  for (const { service, action } of calls) {
    const name = `${service}:${action}`;
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return Object.fromEntries([...counts].sort(([, one], [, other]) => other - one));
}
