import { randomUUID } from 'node:crypto';
import { Client } from '@temporalio/client';
import { NativeConnection, Worker } from '@temporalio/worker';
import { LiveRun } from './live-run';
import { openConnection } from './open-connection';
import type { OpenConnection } from './open-connection';
import { keepRuntimeQuiet } from './quiet-runtime';
import type { ToyWorld } from './toy-world';

export type { LiveRun as ToyRun } from './live-run';

/** A worker and a client for one toy world, on a task queue of their own. */
export class ToyBench {
  private workers: { worker: Worker; running: Promise<void> }[] = [];

  private constructor(
    readonly world: ToyWorld,
    readonly client: Client,
    readonly instance: string,
    private readonly native: NativeConnection,
    private readonly opened: OpenConnection,
  ) {}

  static async open(world: ToyWorld): Promise<ToyBench> {
    keepRuntimeQuiet();
    const address = process.env['TEST_TEMPORAL_ADDRESS'] ?? '';
    const native = await NativeConnection.connect({ address });
    const opened = await openConnection(address);
    // Not counted: each test file begins to count anew, and files of one process share the server.
    const instance = `toy-${randomUUID().slice(0, 8)}`;
    const bench = new ToyBench(
      world,
      new Client({ connection: opened.connection }),
      instance,
      native,
      opened,
    );
    await bench.startWorker();
    return bench;
  }

  async startWorker(): Promise<void> {
    const worker = await Worker.create({
      connection: this.native,
      taskQueue: this.instance,
      workflowBundle: { codePath: process.env['TEST_BUNDLE'] ?? '' },
      activities: this.world.activities(this.instance),
    });
    this.workers.push({ worker, running: worker.run() });
  }

  async stopWorker(): Promise<void> {
    const last = this.workers.pop();
    last?.worker.shutdown();
    await last?.running;
  }

  /** Starts the runbook that the id begins with. */
  async start(message: unknown = {}, id = `toyRunbook/${this.instance}/${Date.now()}`): Promise<LiveRun> {
    const handle = await this.client.workflow.start(id.split('/')[0] ?? '', {
      workflowId: id,
      taskQueue: this.instance,
      args: [message],
    });
    return new LiveRun(handle);
  }

  async close(): Promise<void> {
    const lease = this.client.workflow.getHandle(`lease/${this.instance}`);
    await lease.terminate().catch(() => {});
    while (this.workers.length > 0) await this.stopWorker();
    await this.native.close();
    await this.opened.close();
  }
}
