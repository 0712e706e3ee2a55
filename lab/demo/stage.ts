import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { describeRun, readReport } from '../../client/ask-run';
import { connect } from '../../client/connection';
import type { Session } from '../../client/connection';
import { addAttributes, readAttributes } from '../../client/search-attributes';
import { startRun } from '../../client/start-run';
import type { Terminal } from '../../client/terminal';
import type { Report } from '../../workflows/runbook/report';
import type { Audit } from '../traffic/audit';
import type { TrafficProcess } from '../traffic/launch';
import { pushesOf, startTraffic } from '../traffic/of-world';
import type { AcknowledgedPush } from '../traffic/pushes-file';
import { LabProcess } from '../world/process';
import { programPath } from '../world/program';
import { World } from '../world/world';
import type { WorldOptions } from '../world/world';
import { lead } from './lead';

export interface StageOptions {
  readonly yes: boolean;
  /** How many times faster than real time the waits of the emulated AWS pass. */
  readonly scale: number;
  readonly terminal: Terminal;
  /** Aborted when the person at the keyboard wants to end it. */
  readonly signal: AbortSignal;
  readonly keep: boolean;
}

/** What the world is to have. */
type StageLab = Pick<WorldOptions, 'homeCopyEverySeconds' | 'drill'>;

/** What the users saw. */
interface TrafficReport {
  readonly pushes: number;
  readonly acknowledged: number;
  readonly lost: number;
  readonly lostPushes: readonly { readonly repository: string; readonly count: number }[];
  readonly downtimeSeconds: number;
}

/** What was seen from outside of everything that ran on a stage. */
export interface StageReport {
  readonly traffic: TrafficReport;
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
    readonly workerMebibytes: number | null;
  };
}

export interface DemoRun {
  readonly runbook: string;
  /** Who starts it: never one of those who approve. */
  readonly requestedBy: string;
  /** What starts it when no person does. */
  readonly trigger?: string;
  readonly reason: string;
  readonly incidentStartedAt?: string;
  readonly input?: Readonly<Record<string, unknown>>;
}

/** A world, an installed worker and users at work: where a demo plays. */
export class Stage {
  private readonly startedAt = Date.now();
  private readonly endings: (() => Promise<void>)[] = [];
  private startSeconds = 0;
  private opened: { world: World; session: Session; worker: LabProcess; traffic: TrafficProcess } | undefined;

  private constructor(private readonly options: StageOptions) {}

  /** Plays on a stage of its own; everything that was started has ended when this returns. */
  static async within<T>(
    options: StageOptions,
    lab: StageLab,
    play: (stage: Stage) => Promise<T>,
  ): Promise<T> {
    const stage = new Stage(options);
    try {
      await stage.open(lab);
      const result = await play(stage);
      if (options.keep && !options.signal.aborted) await stage.keep();
      return result;
    } finally {
      for (const end of stage.endings.reverse()) {
        await end().catch((error: unknown) => stage.say(`while ending: ${String(error)}`));
      }
    }
  }

  get world(): World {
    return this.parts.world;
  }

  get session(): Session {
    return this.parts.session;
  }

  say(line: string): void {
    const seconds = ((Date.now() - this.startedAt) / 1000).toFixed(1).padStart(6);
    this.options.terminal.out(`${seconds} s  ${line}\n`);
  }

  /** Lets users work for so long. @throws AbortError when the person at the keyboard ends it */
  pause(seconds: number): Promise<void> {
    return sleep(seconds * 1000, undefined, { signal: this.options.signal });
  }

  /** Starts a runbook, gets answered what it asks, and follows it to its end. */
  async run({ runbook, requestedBy, trigger, reason, incidentStartedAt, input = {} }: DemoRun): Promise<{
    readonly workflowId: string;
    readonly report: Report;
  }> {
    const { world, session } = this.parts;
    const workflowId = await startRun(session, {
      ...{ runbook, instance: world.instance, dryRun: false, requestedBy, reason, input },
      ...(trigger === undefined ? {} : { trigger }),
      ...(incidentStartedAt === undefined ? {} : { incidentStartedAt }),
    });
    const page = `${world.temporal?.ui ?? ''}/namespaces/default/workflows/${encodeURIComponent(workflowId)}`;
    this.say(`${runbook} started: ${page}`);
    const { yes, terminal, signal } = this.options;
    await lead(session, workflowId, { yes, people: world.estateInput().people ?? [], terminal, signal });
    return { workflowId, report: await readReport(session, workflowId) };
  }

  history(workflowId: string): ReturnType<typeof describeRun> {
    return describeRun(this.session, workflowId);
  }

  /** Returns when users have noticed that the service does not serve them. */
  async outage(): Promise<void> {
    for (;;) {
      const { outages } = await this.parts.traffic.summary();
      if (outages.some(({ to }) => to === null)) return;
      await this.pause(0.5);
    }
  }

  /** Every push that was acknowledged, in order. */
  pushes(): readonly AcknowledgedPush[] {
    return pushesOf(this.world);
  }

  /** Which acknowledged pushes the service no longer has. */
  audit(): Promise<Audit> {
    return this.parts.traffic.audit();
  }

  async report(): Promise<StageReport> {
    const { world, worker, traffic } = this.parts;
    const audit = await traffic.audit();
    const seen = await traffic.summary();
    const { checked, violations } = await world.invariants();
    const { calls, mutating } = world.summary();
    return {
      traffic: {
        pushes: seen.pushes,
        acknowledged: audit.acknowledged,
        lost: audit.lost.reduce((sum, { count }) => sum + count, 0),
        lostPushes: audit.lost,
        downtimeSeconds: seen.downtimeSeconds,
      },
      invariants: { checked: checked.length, rules: checked, violations },
      lab: {
        startSeconds: this.startSeconds,
        scale: world.scale,
        ledger: { calls, mutating },
        workerMebibytes: residentMebibytes(worker.pid),
      },
    };
  }

  private get parts() {
    if (this.opened === undefined) throw new Error('the stage is not open yet');
    return this.opened;
  }

  private async open(lab: StageLab): Promise<void> {
    const { endings } = this;
    this.say('bringing up two regions, their databases, hosts and a Bitbucket of two nodes');
    const world = await World.start({
      scale: this.options.scale,
      temporal: 'own',
      ...lab,
      report: (line) => this.say(line),
    });
    endings.push(() => world.stop());
    this.startSeconds = (Date.now() - this.startedAt) / 1000;
    const session = await connect({ ...process.env, ...world.environment() });
    endings.push(() => session.close());
    const missing = (await readAttributes(session)).filter((attribute) => attribute.present === null);
    await addAttributes(session, missing);
    const worker = await startWorker(world);
    endings.push(() => worker.stop(15_000));
    const traffic = await startTraffic(world);
    endings.push(() => traffic.stop());
    this.opened = { world, session, worker, traffic };
    this.say(`users push and clone at ${world.url}; Temporal's pages: ${world.temporal?.ui ?? ''}`);
  }

  private async keep(): Promise<void> {
    const { terminal, signal } = this.options;
    const variables = Object.entries(this.world.environment()).map(
      ([name, value]) => `export ${name}='${value}'`,
    );
    terminal.out(
      `\nEverything is left running; Ctrl-C ends it. For the command line:\n\n${variables.join('\n')}\n`,
    );
    if (!signal.aborted)
      await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
  }
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

/** Resident memory of a process, as the kernel counts it; null where it does not say. */
function residentMebibytes(pid: number): number | null {
  try {
    const kibibytes = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    return kibibytes === undefined ? null : Math.round(Number(kibibytes) / 1024);
  } catch {
    return null;
  }
}
