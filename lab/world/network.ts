import { createServer } from 'node:net';
import type { Server } from 'node:net';

import { TEMPORAL_ADDRESS, temporalPort } from '../temporal/dev-server';

export const REGIONS = { primary: 'eu-central-1', standby: 'eu-west-1' } as const;

/** All addresses of a lab are in 127.N.0.0/16; N is the lab's own, held by a listening socket while the lab lives. */
export class LabNetwork {
  private next = new Map<string, number>();

  private constructor(
    readonly number: number,
    private readonly claim: Server,
  ) {}

  static async claim(): Promise<LabNetwork> {
    for (let number = 11; number < 250; number += 1) {
      const server = await listen(`127.${number}.0.1`, 4500);
      if (server === undefined) continue;
      if (await isFree(number)) return new LabNetwork(number, server);
      server.close();
    }
    throw new Error(
      'no free lab network: 239 labs seem to be running; end some with `runbooks lab down --all`',
    );
  }

  /** Gateway 4566, control 4567, Temporal's UI 8233, DNS 5353 (UDP). */
  get services(): string {
    return `127.${this.number}.0.1`;
  }

  get emulator(): string {
    return `127.${this.number}.0.2`;
  }

  /** A fresh address in a region; never given twice while the lab lives. */
  allocate(region: string): string {
    const subnet = 10 + Object.values<string>(REGIONS).indexOf(region) * 10;
    if (subnet < 10)
      throw new Error(`the lab has no region ${region}; it has ${Object.values(REGIONS).join(' and ')}`);
    const host = this.next.get(region) ?? 10;
    this.next.set(region, host + 1);
    return `127.${this.number}.${subnet + Math.floor(host / 250)}.${host % 250}`;
  }

  release(): Promise<void> {
    return new Promise((resolve) => this.claim.close(() => resolve()));
  }
}

/** Somebody else's program may listen where ours are to; it would answer in their place. */
async function isFree(number: number): Promise<boolean> {
  const services = `127.${number}.0.1`;
  const temporal = [TEMPORAL_ADDRESS, temporalPort(services)] as const;
  for (const [address, port] of [
    [services, 4566],
    [services, 4567],
    [services, 8233],
    [`127.${number}.0.2`, 5000],
    temporal,
  ] as const) {
    if (!(await canListen(address, port))) return false;
  }
  return true;
}

async function canListen(address: string, port: number): Promise<boolean> {
  const server = await listen(address, port);
  await new Promise<void>((resolve) => (server === undefined ? resolve() : server.close(() => resolve())));
  return server !== undefined;
}

function listen(address: string, port: number): Promise<Server | undefined> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') resolve(undefined);
      else reject(error);
    });
    server.listen(port, address, () => resolve(server));
    server.unref();
  });
}
