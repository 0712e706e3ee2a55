import { Client, Connection } from '@temporalio/client';
import type { WorkflowHandle } from '@temporalio/client';
import { NativeConnection, Runtime, Worker, DefaultLogger } from '@temporalio/worker';
import { decide, hold, report, resume, status } from '../../workflows/runbook/messages';
import type { DecisionMessage } from '../../workflows/runbook/messages';
import type { Report } from '../../workflows/runbook/report';
import type { Ask, RunState } from '../../workflows/runbook/state';
import type { ToyWorld } from './toy-world';
import { until } from './until';

let worlds = 0;
let quietRuntime = false;

/** A worker and a client for one toy world, on a task queue of their own. */
export class ToyBench {
  private workers: { worker: Worker; running: Promise<void> }[] = [];

  private constructor(
    readonly world: ToyWorld,
    readonly client: Client,
    readonly instance: string,
    private readonly native: NativeConnection,
    private readonly connection: Connection,
  ) {}

  static async open(world: ToyWorld): Promise<ToyBench> {
    if (!quietRuntime) {
      Runtime.install({ logger: new DefaultLogger('ERROR', () => {}) });
      quietRuntime = true;
    }
    const address = process.env['TEST_TEMPORAL_ADDRESS'] ?? '';
    const native = await NativeConnection.connect({ address });
    const connection = await Connection.connect({ address });
    worlds += 1;
    const instance = `toy-${process.pid}-${worlds}`;
    const bench = new ToyBench(world, new Client({ connection }), instance, native, connection);
    await bench.startWorker();
    return bench;
  }

  async startWorker(): Promise<void> {
    const worker = await Worker.create({
      connection: this.native,
      taskQueue: this.instance,
      workflowBundle: { codePath: process.env['TEST_TOY_BUNDLE'] ?? '' },
      activities: this.world.activities(this.instance),
    });
    this.workers.push({ worker, running: worker.run() });
  }

  async stopWorker(): Promise<void> {
    const last = this.workers.pop();
    last?.worker.shutdown();
    await last?.running;
  }

  async start(message: unknown = {}, id = `toyRunbook/${this.instance}/${Date.now()}`): Promise<ToyRun> {
    const handle = await this.client.workflow.start('toyRunbook', {
      workflowId: id,
      taskQueue: this.instance,
      args: [message],
    });
    return new ToyRun(handle);
  }

  async close(): Promise<void> {
    const lease = this.client.workflow.getHandle(`lease/${this.instance}`);
    await lease.terminate().catch(() => {});
    while (this.workers.length > 0) await this.stopWorker();
    await this.native.close();
    await this.connection.close();
  }
}

export class ToyRun {
  constructor(readonly handle: WorkflowHandle) {}

  status(): Promise<RunState> {
    return this.handle.query(status);
  }

  report(): Promise<Report> {
    return this.handle.query(report);
  }

  /** Waits until something is asked, by id or any. */
  async asked(id?: string): Promise<Ask> {
    return until(`ask ${id ?? ''}`, async () => {
      const state = await this.status();
      if (state.phase === 'ended') throw new Error(`ended ${state.outcome}: ${state.conclusion}`);
      return state.asks.find((ask) => ask.result === null && (id === undefined || ask.id === id));
    });
  }

  async decide(message: Partial<DecisionMessage> & Pick<DecisionMessage, 'ask' | 'verdict' | 'actor'>) {
    return this.handle.executeUpdate(decide, { args: [message] });
  }

  async approve(id: string, ...actors: string[]): Promise<void> {
    const { planHash } = await this.asked(id);
    for (const actor of actors) {
      const hash = planHash === null ? {} : { planHash };
      await this.decide({ ask: id, verdict: 'approve', actor, note: 'looked at it', ...hash });
    }
  }

  hold(actor: string) {
    return this.handle.executeUpdate(hold, { args: [{ actor }] });
  }

  resume(actor: string) {
    return this.handle.executeUpdate(resume, { args: [{ actor }] });
  }

  /** The final state, however it ended. */
  async ended(): Promise<RunState> {
    await this.handle.result().catch(() => {});
    return this.status();
  }
}
