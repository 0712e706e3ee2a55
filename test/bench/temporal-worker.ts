import { Client } from '@temporalio/client';
import { NativeConnection, Worker } from '@temporalio/worker';
import { openConnection } from '../support/open-connection';

export interface BenchWorker {
  readonly client: Client;
  readonly taskQueue: string;
  stop(): Promise<void>;
}

/** A worker of the bench's own activities. */
export async function startBenchWorker(
  taskQueue: string,
  activities: Record<string, unknown>,
  options: { readonly debugMode?: boolean; readonly maxCachedWorkflows?: number } = {},
): Promise<BenchWorker> {
  const address = process.env['TEST_TEMPORAL_ADDRESS'] ?? '';
  const native = await NativeConnection.connect({ address });
  const opened = await openConnection(address);
  const { connection } = opened;
  const worker = await Worker.create({
    connection: native,
    taskQueue,
    workflowBundle: { codePath: process.env['TEST_BUNDLE'] ?? '' },
    activities: activities,
    ...options,
  });
  const running = worker.run();
  return {
    client: new Client({ connection }),
    taskQueue,
    async stop() {
      worker.shutdown();
      await running;
      await native.close();
      await opened.close();
    },
  };
}
