import { setTimeout as sleep } from 'node:timers/promises';

import { LabProcess } from './process';

export interface EmulatorOptions {
  /** Path of `moto_server`. */
  readonly program: string;
  readonly address: string;
  readonly port: number;
  readonly log: string;
}

const READY_WITHIN_MS = 30_000;

/** The AWS emulator moto: one process for all regions, state in memory only [A §1]. */
export class EmulatorProcess {
  private constructor(
    private readonly server: LabProcess,
    readonly url: string,
  ) {}

  static async start(options: EmulatorOptions): Promise<EmulatorProcess> {
    const server = await LabProcess.start({
      name: 'moto',
      command: options.program,
      args: ['-H', options.address, '-p', String(options.port)],
      log: options.log,
      env: {
        // Thousands of machine images and their snapshots that nobody asked for: 2 s of the first call.
        MOTO_EC2_LOAD_DEFAULT_AMIS: 'false',
        MOTO_RDS_SNAPSHOT_LIMIT: '100',
        AWS_ENDPOINT_URL: '',
      },
    });
    const url = `http://${options.address}:${options.port}`;
    const deadline = Date.now() + READY_WITHIN_MS;
    while (!(await answers(url))) {
      if (!server.alive || Date.now() > deadline) {
        await server.stop();
        throw new Error(`the AWS emulator did not get ready: see ${options.log}`);
      }
      await sleep(50);
    }
    return new EmulatorProcess(server, url);
  }

  /** It has no state worth an orderly end. */
  stop(): Promise<void> {
    return this.server.kill();
  }
}

async function answers(url: string): Promise<boolean> {
  try {
    return (await fetch(`${url}/moto-api/`, { signal: AbortSignal.timeout(2000) })).ok;
  } catch {
    return false;
  }
}
