import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { installAll } from '../../lab/install/install-all';
import { TemporalDevServer } from '../../lab/temporal/dev-server';
import type { DevServerOptions } from '../../lab/temporal/dev-server';
import { LabNetwork } from '../../lab/world/network';

/** A Temporal server of a sweep's own, which may be restarted: its state is in a file. */
export class OwnServer {
  private restarting: Promise<void> | null = null;

  private constructor(
    private server: TemporalDevServer,
    private readonly options: DevServerOptions,
  ) {}

  /** Ends it, and removes its state, when the work is done. */
  static async within<T>(work: (server: OwnServer) => Promise<T>): Promise<T> {
    const tools = await installAll(() => undefined);
    const directory = mkdtempSync(join(tmpdir(), 'sweep-'));
    const network = await LabNetwork.claim();
    const options: DevServerOptions = {
      program: tools.temporal,
      address: network.services,
      uiPort: null,
      log: join(directory, 'temporal.log'),
      database: join(directory, 'temporal.db'),
    };
    try {
      const own = new OwnServer(await TemporalDevServer.start(options), options);
      try {
        return await work(own);
      } finally {
        await own.restarting?.catch(() => undefined);
        await own.server.stop();
      }
    } finally {
      await network.release();
      rmSync(directory, { recursive: true, force: true });
    }
  }

  get address(): string {
    return this.server.address;
  }

  /** Suddenly gone, and back with all that it had written down. Two at the same moment are one. */
  restart(): Promise<void> {
    this.restarting ??= this.startAgain().finally(() => (this.restarting = null));
    return this.restarting;
  }

  private async startAgain(): Promise<void> {
    await this.server.stop();
    this.server = await TemporalDevServer.start(this.options);
  }
}
