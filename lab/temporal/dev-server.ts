import { setTimeout as sleep } from 'node:timers/promises';

import { Connection } from '@temporalio/client';

import { LabProcess } from '../world/process';

export interface DevServerOptions {
  /** Path of the Temporal command line. */
  readonly program: string;
  /** The lab's loopback address, 127.N.0.1: its UI listens there, and N makes the server's port. */
  readonly address: string;
  /** Port of the Web UI, 8233 unless told; null: no UI (tests). */
  readonly uiPort?: number | null;
  readonly log: string;
  /** File that keeps the state, so that a server started again goes on; in memory only unless told. */
  readonly database?: string;
  /** Custom search attributes, name to type, e.g. `{ RunbookPhase: 'Keyword' }`. */
  readonly searchAttributes?: Readonly<Record<string, string>>;
}

/**
 * Queue limits of the dev server: with the default of 20 reads a second each activity waits about 100 ms, with these
 * 9 to 15 (`temporal.md` §15.1).
 */
const FAST_QUEUES = ['transfer', 'timer', 'visibility'].flatMap((queue) => [
  '--dynamic-config-value',
  `history.${queue}ProcessorMaxPollRPS=2000`,
]);

/**
 * The services inside the dev server look for each other at 127.0.0.1, whatever address they are told to listen on: on
 * any other it starts, answers, and then fails each call. So labs differ by port, below the ports that the system
 * hands out by itself.
 */
export const TEMPORAL_ADDRESS = '127.0.0.1';

/** @param address the lab's, 127.N.0.1 */
export function temporalPort(address: string): number {
  return 27_000 + Number(address.split('.')[1]);
}

const READY_WITHIN_MS = 30_000;

/** The real Temporal dev server. */
export class TemporalDevServer {
  private constructor(
    private readonly server: LabProcess,
    /** `host:port` for clients and workers. */
    readonly address: string,
    /** Base URL of the Web UI; absent when it was left out. */
    readonly ui: string | undefined,
  ) {}

  /** Starts it and waits until the namespace `default` answers. */
  static async start(options: DevServerOptions): Promise<TemporalDevServer> {
    const { address, uiPort = 8233 } = options;
    const port = temporalPort(address);
    const attributes = Object.entries(options.searchAttributes ?? {});
    const server = await LabProcess.start({
      name: 'temporal',
      command: options.program,
      args: [
        ...['server', 'start-dev', '--log-level', 'error', '--ip', TEMPORAL_ADDRESS, '--port', String(port)],
        ...(uiPort === null ? ['--headless'] : ['--ui-ip', address, '--ui-port', String(uiPort)]),
        ...(options.database === undefined ? [] : ['--db-filename', options.database]),
        ...attributes.flatMap(([name, type]) => ['--search-attribute', `${name}=${type}`]),
        ...FAST_QUEUES,
      ],
      log: options.log,
    });
    try {
      await waitUntilReady(server, `${TEMPORAL_ADDRESS}:${port}`, options.log);
    } catch (error) {
      await server.stop();
      throw error;
    }
    const ui = uiPort === null ? undefined : `http://${address}:${uiPort}`;
    return new TemporalDevServer(server, `${TEMPORAL_ADDRESS}:${port}`, ui);
  }

  /** At once: an orderly end takes seconds, and saves nothing that is not in the database file already. */
  stop(): Promise<void> {
    return this.server.kill();
  }
}

async function waitUntilReady(server: LabProcess, address: string, log: string): Promise<void> {
  const deadline = Date.now() + READY_WITHIN_MS;
  for (let last: unknown; ; await sleep(50)) {
    if (!server.alive) throw new Error(`the Temporal dev server ended while starting: see ${log}`);
    if (Date.now() > deadline) {
      throw new Error(
        `the Temporal dev server at ${address} was not ready after ${READY_WITHIN_MS / 1000} s (${String(last)}): see ${log}`,
      );
    }
    try {
      const connection = await Connection.connect({ address, connectTimeout: 2000 });
      try {
        await connection.workflowService.describeNamespace({ namespace: 'default' });
        // Otherwise it was somebody else's server that answered.
        if (server.alive) return;
      } finally {
        await connection.close();
      }
    } catch (error) {
      last = error;
    }
  }
}
