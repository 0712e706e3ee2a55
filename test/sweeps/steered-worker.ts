import { mkdirSync, readFileSync } from 'node:fs';
import { programPath } from '../../lab/world/program';
import type { LabProcess } from '../../lab/world/process';
import type { FailoverBench } from '../support/failover-bench';
import { until } from '../support/until';
import { MomentFiles, momentName, NO_ORDERS } from './moments';
import type { Control, DiaryEntry, Moment, Order } from './moments';

/** One death of a worker, and when the run went on. Epoch milliseconds. */
export interface Death {
  readonly moment: string;
  readonly killedAt: number;
  /** End of the first attempt that another worker made; null when there was none. */
  readonly resumedAt: number | null;
}

/**
 * A worker program that can be told what to do to itself at exact moments. Whenever it dies another one takes over that
 * stands by, loaded and asking for nothing, as the second worker of an installation would.
 */
export class SteeredWorker {
  private readonly files: MomentFiles;
  private readonly directory: string;
  private control: Control = NO_ORDERS;
  private current: LabProcess | undefined;
  private standby: Promise<LabProcess> | undefined;
  private ended = false;
  private keeping: Promise<void> = Promise.resolve();
  /** Ends that nobody ordered. */
  readonly crashes: string[] = [];
  private readonly expected = new Set<number>();

  private constructor(
    private readonly bench: FailoverBench,
    private readonly environment: Readonly<Record<string, string>>,
  ) {
    this.directory = bench.world.directory.run('steered-worker');
    mkdirSync(this.directory, { recursive: true });
    this.files = new MomentFiles(this.directory);
  }

  static async start(
    bench: FailoverBench,
    environment: Readonly<Record<string, string>> = {},
  ): Promise<SteeredWorker> {
    const worker = new SteeredWorker(bench, environment);
    worker.current = await worker.startProgram(0);
    worker.standby = worker.startProgram(1);
    worker.keeping = worker.keep();
    return worker;
  }

  order(orders: readonly Order[]): void {
    this.write({ ...this.control, orders, released: [] });
  }

  release(moment: Moment): void {
    this.write({ ...this.control, released: [...this.control.released, momentName(moment)] });
  }

  /** Moves the worker's clock; its timers and Temporal's time stay as they are. */
  setClock(aheadSeconds: number): void {
    this.write({ ...this.control, clockSeconds: aheadSeconds });
  }

  diary(runId?: string): readonly DiaryEntry[] {
    return this.files.read().filter((entry) => runId === undefined || entry.runId === runId);
  }

  /** Waits until a worker has come to a moment at which something was ordered. */
  async reached(runId: string, moment: Moment, seconds = 120): Promise<void> {
    const name = momentName(moment);
    await until(name, () => this.has(runId, name) || undefined, seconds);
  }

  has(runId: string, name: string): boolean {
    return this.diary(runId).some(
      ({ edge, activity, nth }) => edge !== undefined && momentName({ activity, nth, edge }) === name,
    );
  }

  /** SIGKILL at once; another one is started by itself. */
  async kill(): Promise<void> {
    const program = this.current;
    if (program === undefined || !program.alive) return;
    this.expected.add(program.pid);
    const { runId, activityId, activity, nth } = this.diary().at(-1) ?? UNKNOWN;
    this.files.append({
      ...{ at: Date.now(), pid: program.pid, event: 'kill', edge: 'start' },
      ...{ runId, activityId, activity, nth },
    });
    await program.kill();
  }

  /** Every ordered death so far with the time that it cost. */
  deaths(): readonly Death[] {
    const diary = this.diary();
    return diary
      .filter(({ event }) => event === 'kill')
      .map(({ at, pid, runId, activity, nth, edge }) => ({
        moment: momentName({ activity, nth, edge: edge ?? 'start' }),
        killedAt: at,
        resumedAt:
          diary.find(
            (later) =>
              later.event === 'end' &&
              later.pid !== pid &&
              later.at > at &&
              (runId === '' || later.runId === runId),
          )?.at ?? null,
      }));
  }

  /** What the worker whose turn it is does, for a run that comes to no end. */
  describe(): string {
    const program = this.current;
    if (program === undefined) return 'there is no worker';
    return `worker ${program.pid} of turn ${this.control.turn} ${program.alive ? 'lives' : 'is dead'}: ${lastWords(program)}`;
  }

  /** No more replacements; the program itself is ended with its bench. */
  async stop(): Promise<void> {
    this.ended = true;
    const program = this.current;
    if (program !== undefined) {
      this.expected.add(program.pid);
      await program.kill();
    }
    await this.keeping;
    await this.standby;
  }

  private async keep(): Promise<void> {
    while (!this.ended) {
      const program = this.current;
      if (program === undefined) return;
      const code = await program.exited;
      const ordered = this.diary().some(({ event, pid }) => event === 'kill' && pid === program.pid);
      if (!ordered && !this.expected.has(program.pid)) {
        const words = lastWords(program);
        this.crashes.push(`a worker ended by itself (code ${code ?? 'none, by a signal'}): ${words}`);
      }
      if (!this.ended) await this.takeOver();
    }
  }

  private async takeOver(): Promise<void> {
    const turn = this.control.turn + 1;
    this.current = await this.standby;
    this.write({ ...this.control, turn });
    this.standby = this.startProgram(turn + 1);
  }

  private startProgram(turn: number): Promise<LabProcess> {
    return this.bench.startWorkerProcess({
      preload: programPath('test/sweeps/worker-hook'),
      environment: { SWEEP_DIRECTORY: this.directory, SWEEP_TURN: String(turn), ...this.environment },
    });
  }

  private write(control: Control): void {
    this.control = control;
    this.files.writeControl(control);
  }
}

/** The world, and its logs with it, is gone when a finding is read. */
function lastWords({ log }: LabProcess): string {
  return readFileSync(log, 'utf8').trim().split('\n').slice(-3).join(' | ');
}

const UNKNOWN = { runId: '', activityId: '', activity: 'idle', nth: 0 } as const;
