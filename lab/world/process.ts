import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { EventEmitter } from 'node:events';
import { closeSync, openSync } from 'node:fs';

export interface ProcessOptions {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly log: string;
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Run as this user (PostgreSQL refuses root). */
  readonly uid?: number;
  readonly gid?: number;
  /** Signal of an orderly end; SIGTERM unless told. */
  readonly stopSignal?: NodeJS.Signals;
}

/** A program that the lab started, ended by its own id. Its output goes to a file. */
export class LabProcess {
  private readonly ended: Promise<number | null>;

  private constructor(
    readonly name: string,
    readonly log: string,
    private readonly child: ChildProcess,
    private readonly stopSignal: NodeJS.Signals,
  ) {
    this.ended = new Promise((resolve) => child.once('close', (code) => resolve(code)));
    running.add(this);
    processEvents.emit('start', { pid: child.pid ?? -1, name });
    void this.ended.then(() => running.delete(this));
  }

  static async start(options: ProcessOptions): Promise<LabProcess> {
    const log = openSync(options.log, 'a');
    try {
      const child = spawn(options.command, [...options.args], {
        cwd: options.cwd,
        env: { ...process.env, ...options.env },
        stdio: ['ignore', log, log],
        ...(options.uid === undefined ? {} : { uid: options.uid }),
        ...(options.gid === undefined ? {} : { gid: options.gid }),
      });
      await new Promise<void>((resolve, reject) => {
        child.once('spawn', resolve);
        child.once('error', (error) => reject(new Error(`cannot start ${options.name}: ${error.message}`)));
      });
      return new LabProcess(options.name, options.log, child, options.stopSignal ?? 'SIGTERM');
    } finally {
      closeSync(log);
    }
  }

  get pid(): number {
    return this.child.pid ?? -1;
  }

  get alive(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null;
  }

  get exited(): Promise<number | null> {
    return this.ended;
  }

  signal(signal: NodeJS.Signals): void {
    if (this.alive) this.child.kill(signal);
  }

  /** Orderly end; killed when it takes longer than `graceMs`. */
  async stop(graceMs = 5000): Promise<void> {
    if (!this.alive) return;
    this.signal(this.stopSignal);
    const timer = setTimeout(() => this.signal('SIGKILL'), graceMs);
    await this.ended;
    clearTimeout(timer);
  }

  /** Sudden end, as when the power goes. */
  async kill(): Promise<void> {
    this.signal('SIGKILL');
    await this.ended;
  }
}

const running = new Set<LabProcess>();

/** Tells of every program that this process starts, so that somebody can write it down. */
export const processEvents = new EventEmitter<{ start: [{ readonly pid: number; readonly name: string }] }>();

/** Every program of this process's labs that is still alive. */
export function runningProcesses(): readonly LabProcess[] {
  return [...running];
}
