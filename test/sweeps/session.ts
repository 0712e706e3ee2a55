import type { RunState } from '../../workflows/runbook/state';
import type { Disaster } from '../../lab/world/disasters';
import { FailoverBench } from '../support/failover-bench';
import type { LiveRun } from '../support/live-run';
import { dyingSoon } from './dying-soon';
import { lead, patient } from './operator';
import type { Judgement } from './operator';
import type { RunResult } from './results';
import type { SweptRunbook } from './runbooks';
import { RUNBOOKS } from './runbooks';
import { SteeredWorker } from './steered-worker';

export interface SweepSettings {
  readonly runbook: string;
  /** `host:port` of the Temporal server. */
  readonly temporal: string;
  /** How many times faster than in AWS its waits pass. */
  readonly scale: number;
  readonly nodes: number;
  /** A silent worker counts as dead after so many seconds. */
  readonly deadAfterSeconds: number;
  /** Worlds at a time. */
  readonly parallel: number;
  /** Only cases whose names contain this. */
  readonly only: string;
  /** Every how-manieth stop of the cancel sweep is tried; 1: all of them. */
  readonly everyNthCancel: number;
  /** Of the random schedules. */
  readonly seeds: readonly number[];
  /** A run of its own for each case: slow, and tells which case was to blame. */
  readonly oneCasePerRun: boolean;
  readonly say: (line: string) => void;
  /** Called with each run when it is over. */
  readonly over: (run: RunResult) => void;
}

export interface OpenSession {
  readonly homeCopyEverySeconds?: number;
  readonly temporal?: string;
}

/** One world with a steered worker, in which one run or several come to their ends. */
export class Session {
  /** What every start says because of how the world was prepared. */
  private prepared: Readonly<Record<string, unknown>> = {};

  private constructor(
    readonly settings: SweepSettings,
    readonly runbook: SweptRunbook,
    readonly bench: FailoverBench,
    readonly worker: SteeredWorker,
  ) {}

  /** Opens a world, does the work and ends everything, whatever came of it. */
  static async within<T>(
    settings: SweepSettings,
    work: (session: Session) => Promise<T>,
    options: OpenSession = {},
  ): Promise<T> {
    const runbook = RUNBOOKS[settings.runbook];
    if (runbook === undefined) throw new Error(`no runbook ${settings.runbook} is swept`);
    const { scale, nodes, temporal } = settings;
    const { drill = false } = runbook;
    const bench = await FailoverBench.open({ scale, nodes, temporal, drill, ...options });
    let worker: SteeredWorker | undefined;
    try {
      await bench.changeEstate(dyingSoon(settings));
      worker = await SteeredWorker.start(bench, {
        // Half of it, as by default: a death costs both, for the run's next task waits for the dead worker as well.
        RUNBOOKS_HANDOVER_SECONDS: String(Math.max(1, Math.floor(settings.deadAfterSeconds / 2))),
      });
      return await work(new Session(settings, runbook, bench, worker));
    } finally {
      await worker?.stop();
      await bench.close();
    }
  }

  /** Makes the world ready for the runbook, and breaks what is to be broken. */
  async breakWorld(disaster: Disaster | null = this.runbook.disaster): Promise<void> {
    this.prepared = (await this.runbook.prepare?.(this)) ?? {};
    if (disaster !== null) await this.bench.lose(disaster);
  }

  /** @param more besides what every start says */
  start(more: Readonly<Record<string, unknown>> = {}): Promise<LiveRun> {
    const { runbook } = this.settings;
    return this.bench.start(this.bench.message({ reason: 'a sweep', ...this.prepared, ...more }), {
      runbook,
    });
  }

  async lead(run: LiveRun, judge: Judgement = patient(), seconds?: number): Promise<RunState> {
    try {
      return await lead(run, this.people, judge, seconds);
    } catch (error) {
      throw new Error(`${(error as Error).message}; ${this.worker.describe()}`, { cause: error });
    }
  }

  get people() {
    const { people = [] } = this.bench.world.estateInput();
    return people.map(({ name, roles = [] }) => ({ name, roles }));
  }
}
