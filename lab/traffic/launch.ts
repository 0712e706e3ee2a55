import { writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { LabProcess } from '../world/process';
import { programPath } from '../world/program';
import type { Audit } from './audit';
import { completeTrafficOptions } from './options';
import type { TrafficOptions } from './options';
import type { TrafficSummary } from './traffic';

export interface TrafficControl {
  readonly address: string;
  readonly port: number;
}

/** The traffic generator as a process of its own, so that a busy lab does not slow down the users it measures with. */
export class TrafficProcess {
  private constructor(
    readonly process: LabProcess,
    private readonly url: string,
  ) {}

  /**
   * Returns when the control address answers; the first push follows at once.
   * @throws Error when the program ends instead, naming its log
   */
  static async start(options: TrafficOptions, control: TrafficControl, log: string): Promise<TrafficProcess> {
    const traffic = completeTrafficOptions(options);
    const file = `${log}.json`;
    await writeFile(file, JSON.stringify({ traffic, control }), { mode: 0o600 });
    const program = await LabProcess.start({
      name: 'traffic',
      command: process.execPath,
      args: ['--max-old-space-size=128', '--max-semi-space-size=2', programPath('lab/traffic/main'), file],
      log,
      env: { UV_THREADPOOL_SIZE: '2' },
    });
    const started = new TrafficProcess(program, `http://${control.address}:${control.port}`);
    while (program.alive) {
      if (await started.summary().catch(() => undefined)) return started;
      await sleep(50);
    }
    throw new Error(`the traffic generator ended while it started: see ${log}`);
  }

  summary(): Promise<TrafficSummary> {
    return this.ask<TrafficSummary>('GET', '/summary');
  }

  /** @param baseUrl e.g. `http://127.11.10.10:7990` to ask one node; the live service when absent */
  audit(baseUrl?: string): Promise<Audit> {
    const query = baseUrl === undefined ? '' : `?baseUrl=${encodeURIComponent(baseUrl)}`;
    return this.ask<Audit>('POST', `/audit${query}`);
  }

  async stop(): Promise<void> {
    await this.process.stop(10_000);
  }

  private async ask<T>(method: string, path: string): Promise<T> {
    const response = await fetch(`${this.url}${path}`, { method });
    const text = await response.text();
    if (!response.ok) throw new Error(`traffic ${path}: ${text}`);
    return JSON.parse(text) as T;
  }
}
