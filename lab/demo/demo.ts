import { setTimeout as sleep } from 'node:timers/promises';
import { readFileSync } from 'node:fs';
import { describeRun, readReport } from '../../client/ask-run';
import { connect } from '../../client/connection';
import type { Session } from '../../client/connection';
import { addAttributes, readAttributes } from '../../client/search-attributes';
import { startRun } from '../../client/start-run';
import type { Terminal } from '../../client/terminal';
import type { Report } from '../../workflows/runbook/report';
import { LabProcess } from '../world/process';
import { programPath } from '../world/program';
import type { TrafficProcess } from '../traffic/launch';
import { startTraffic } from '../traffic/of-world';
import { World } from '../world/world';
import { waitForAlarm } from './alarm';
import { lead } from './lead';

export interface DemoOptions {
  readonly yes: boolean;
  /** How many times faster than real time the waits of the emulated AWS pass. */
  readonly scale: number;
  readonly terminal: Terminal;
  /** Aborted when the person at the keyboard wants to end it. */
  readonly signal: AbortSignal;
  readonly keep: boolean;
  /** Called with the report while the lab still stands. */
  readonly finished: (report: DemoReport) => Promise<void>;
}

/** The run's report, and what was seen from outside. */
export interface DemoReport extends Report {
  readonly traffic: {
    readonly pushes: number;
    readonly acknowledged: number;
    readonly lost: number;
    readonly lostPushes: readonly { readonly repository: string; readonly count: number }[];
    readonly downtimeSeconds: number;
  };
  readonly invariants: {
    readonly checked: number;
    readonly rules: readonly string[];
    readonly violations: readonly string[];
  };
  readonly lab: {
    readonly startSeconds: number;
    readonly scale: number;
    /** Calls that reached the emulated AWS, the lab's own included. */
    readonly ledger: { readonly calls: number; readonly mutating: number };
    readonly history: { readonly events: number; readonly bytes: number | null };
    readonly workerMebibytes: number | null;
  };
}

/** How long users work, and copies of their home are taken, before the region goes. */
const QUIET_SECONDS = 12;
/** Users go on for so long after the failover, so that the end of the downtime is seen from outside. */
const AFTER_SECONDS = 4;

/** The main job, from a quiet day to the report. Everything it started has ended when it returns. */
export async function runDemo(options: DemoOptions): Promise<DemoReport> {
  const { terminal, signal } = options;
  const startedAt = Date.now();
  const say = (line: string): void =>
    terminal.out(`${((Date.now() - startedAt) / 1000).toFixed(1).padStart(6)} s  ${line}\n`);
  const endings: (() => Promise<void>)[] = [];
  try {
    say('bringing up two regions, their databases, hosts and a Bitbucket of two nodes');
    const world = await World.start({
      scale: options.scale,
      temporal: 'own',
      homeCopyEverySeconds: 6,
      report: say,
    });
    endings.push(() => world.stop());
    const startSeconds = (Date.now() - startedAt) / 1000;
    const session = await connect({ ...process.env, ...world.environment() });
    endings.push(() => session.close());
    await prepare(session);
    const worker = await startWorker(world);
    endings.push(() => worker.stop(15_000));
    const traffic = await startTraffic(world);
    endings.push(() => traffic.stop());
    say(`users push and clone at ${world.url}; Temporal's pages: ${world.temporal?.ui ?? ''}`);
    await sleep(QUIET_SECONDS * 1000, undefined, { signal });

    const brokenAt = new Date();
    await world.breakIt('region-down');
    say(`${world.sites.primary.layout.region} is gone`);
    await waitForAlarm(world, signal);
    say('the alarm rings: two checks in a row failed');
    const workflowId = await startRun(session, {
      runbook: 'drFailover',
      instance: world.instance,
      dryRun: false,
      requestedBy: 'alarm',
      reason: 'the service does not answer any more',
      incidentStartedAt: brokenAt.toISOString(),
      input: {},
    });
    say(
      `drFailover started: ${world.temporal?.ui ?? ''}/namespaces/default/workflows/${encodeURIComponent(workflowId)}`,
    );
    await lead(session, workflowId, {
      yes: options.yes,
      people: world.estateInput().people ?? [],
      terminal,
      signal,
    });

    await sleep(AFTER_SECONDS * 1000);
    const report = await collect(session, workflowId, world, { traffic, worker, startSeconds });
    await options.finished(report);
    if (options.keep && !signal.aborted) await keep(world, terminal, signal);
    return report;
  } finally {
    for (const end of endings.reverse()) {
      await end().catch((error: unknown) => say(`while ending: ${String(error)}`));
    }
  }
}

async function prepare(session: Session): Promise<void> {
  const missing = (await readAttributes(session)).filter((attribute) => attribute.present === null);
  await addAttributes(session, missing);
}

/** A worker as an installation would run it: the same program, told where everything is by its environment. */
function startWorker(world: World): Promise<LabProcess> {
  return LabProcess.start({
    name: 'worker',
    command: process.execPath,
    args: ['--no-warnings', programPath('bin/runbooks'), 'worker'],
    log: world.directory.log('worker'),
    env: { ...world.environment(), RUNBOOKS_SHUTDOWN_GRACE_SECONDS: '1' },
  });
}

async function collect(
  session: Session,
  workflowId: string,
  world: World,
  around: { readonly traffic: TrafficProcess; readonly worker: LabProcess; readonly startSeconds: number },
): Promise<DemoReport> {
  const { traffic, worker, startSeconds } = around;
  const report = await readReport(session, workflowId);
  const audit = await traffic.audit();
  const seen = await traffic.summary();
  const { checked, violations } = await world.invariants();
  const { calls, mutating } = world.summary();
  const { historyLength, historySize } = await describeRun(session, workflowId);
  return {
    ...report,
    traffic: {
      pushes: seen.pushes,
      acknowledged: audit.acknowledged,
      lost: audit.lost.reduce((sum, { count }) => sum + count, 0),
      lostPushes: audit.lost,
      downtimeSeconds: seen.downtimeSeconds,
    },
    invariants: { checked: checked.length, rules: checked, violations },
    lab: {
      startSeconds,
      scale: world.scale,
      ledger: { calls, mutating },
      history: { events: historyLength, bytes: historySize ?? null },
      workerMebibytes: residentMebibytes(worker.pid),
    },
  };
}

/** Resident memory of a process, as the kernel counts it; null where it does not say. */
function residentMebibytes(pid: number): number | null {
  try {
    const kibibytes = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    return kibibytes === undefined ? null : Math.round(Number(kibibytes) / 1024);
  } catch {
    return null;
  }
}

async function keep(world: World, terminal: Terminal, signal: AbortSignal): Promise<void> {
  const variables = Object.entries(world.environment()).map(([name, value]) => `export ${name}='${value}'`);
  terminal.out(
    `\nEverything is left running; Ctrl-C ends it. For the command line:\n\n${variables.join('\n')}\n`,
  );
  if (!signal.aborted)
    await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
}
