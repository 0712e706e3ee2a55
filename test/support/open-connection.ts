import { setTimeout as sleep } from 'node:timers/promises';
import { Connection, defaultGrpcRetryOptions, makeGrpcRetryInterceptor } from '@temporalio/client';

const LONGEST_DELAY_MS = 500;

export interface OpenConnection {
  readonly connection: Connection;
  close(): Promise<void>;
}

/**
 * A client's connection that may be closed while calls are under way. The SDK repeats such a call on the closed channel,
 * from a timer, where nobody can catch what that throws: it ends the process.
 */
export async function openConnection(address: string): Promise<OpenConnection> {
  const { delayFunction, retryableDecider } = defaultGrpcRetryOptions();
  let isClosing = false;
  let nextAttemptAt = 0;
  const retry = makeGrpcRetryInterceptor({
    retryableDecider: (attempt, status) => !isClosing && retryableDecider(attempt, status),
    delayFunction: (attempt, status) => {
      const delay = Math.min(LONGEST_DELAY_MS, delayFunction(attempt, status));
      nextAttemptAt = Math.max(nextAttemptAt, Date.now() + delay);
      return delay;
    },
  });
  const connection = await Connection.connect({ address, interceptors: [retry] });
  return {
    connection,
    async close() {
      isClosing = true;
      // Attempts that wait for their time are let out first.
      await sleep(Math.max(0, nextAttemptAt - Date.now() + 50));
      await connection.close();
    },
  };
}
