import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AutoScalingClient } from '@aws-sdk/client-auto-scaling';
import { EC2Client } from '@aws-sdk/client-ec2';
import { ElasticLoadBalancingClient } from '@aws-sdk/client-elastic-load-balancing';
import { VirtualClock } from '../../../lab/clock/virtual-clock';
import type { ComputeHosts } from '../../../lab/compute/context';
import { createCompute } from '../../../lab/compute/create-compute';
import type { Compute } from '../../../lab/compute/create-compute';
import { Gateway } from '../../../lab/gateway/gateway';
import { findMoto } from '../../../lab/install/moto';
import { LabDirectory } from '../../../lab/world/directory';
import { EmulatorProcess } from '../../../lab/world/emulator-process';
import { WorldBus } from '../../../lab/world/events';
import { LabNetwork } from '../../../lab/world/network';

export const PRIMARY = 'eu-central-1';
export const STANDBY = 'eu-west-1';

type Launched = Parameters<ComputeHosts['launch']>[0];

/** Machines that are nothing but an HTTP server where a node's would be, and a list of devices. */
export class FakeHosts implements ComputeHosts {
  readonly launched = new Map<string, Launched>();
  readonly devices = new Map<string, string>();
  readonly mounted = new Set<string>();
  private readonly servers = new Map<string, Server>();
  /** How a node answers, by instance id; `/status` is 200 unless told. */
  readonly answers = new Map<string, (path: string) => { status: number; body?: string; afterMs?: number }>();

  async launch(host: Launched): Promise<void> {
    this.launched.set(host.instanceId, host);
    if (host.role === 'node') await this.powerOn(host.instanceId);
  }

  async powerOn(instanceId: string): Promise<void> {
    const host = this.launched.get(instanceId)!;
    const server = createServer((request, response) => {
      const { status, body, afterMs } = this.answers.get(instanceId)?.(request.url ?? '') ?? { status: 200 };
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () =>
        setTimeout(() => {
          response.writeHead(status, { 'x-node': instanceId });
          response.end(body ?? Buffer.concat(chunks));
        }, afterMs ?? 0),
      );
    });
    this.servers.set(instanceId, server);
    await new Promise<void>((resolve) => server.listen(7990, host.address, resolve));
  }

  async powerOff(instanceId: string): Promise<void> {
    const server = this.servers.get(instanceId);
    this.servers.delete(instanceId);
    server?.closeAllConnections();
    await new Promise<void>((resolve) => (server === undefined ? resolve() : server.close(() => resolve())));
  }

  async terminate(instanceId: string): Promise<void> {
    await this.powerOff(instanceId);
    this.launched.delete(instanceId);
  }

  async attachDevice(instanceId: string, device: string, directory: string): Promise<void> {
    this.devices.set(`${instanceId} ${device}`, directory);
  }

  async detachDevice(instanceId: string, device: string): Promise<void> {
    const name = `${instanceId} ${device}`;
    if (this.mounted.has(name)) throw new Error(`${device} is mounted`);
    this.devices.delete(name);
  }

  async stop(): Promise<void> {
    await Promise.all([...this.servers.keys()].map((instanceId) => this.powerOff(instanceId)));
  }
}

/** Gateway, real emulator and everything of lab/compute; hosts are fake. */
export class ComputeWorld {
  readonly violations: string[] = [];
  private readonly clients: { destroy(): void }[] = [];

  private constructor(
    readonly gateway: Gateway,
    readonly compute: Compute,
    readonly hosts: FakeHosts,
    readonly directory: LabDirectory,
    readonly bus: WorldBus,
    readonly clock: VirtualClock,
    private readonly emulator: EmulatorProcess,
    private readonly network: LabNetwork,
  ) {
    bus.on('violation', ({ detail }) => this.violations.push(detail));
  }

  static async start(scale: number): Promise<ComputeWorld> {
    const root = mkdtempSync(join(tmpdir(), 'compute-'));
    mkdirSync(root, { recursive: true });
    const network = await LabNetwork.claim();
    const directory = new LabDirectory(root);
    const emulator = await EmulatorProcess.start({
      program: await findMoto(() => undefined),
      address: network.emulator,
      port: 5000,
      log: directory.log('moto'),
    });
    const clock = new VirtualClock(scale);
    const bus = new WorldBus();
    const hosts = new FakeHosts();
    const compute = createCompute({ clock, directory, network, hosts, bus, emulatorUrl: emulator.url });
    const gateway = await Gateway.start({
      address: network.services,
      port: 4566,
      emulatorUrl: emulator.url,
      clock,
      overlays: compute.overlays,
    });
    return new ComputeWorld(gateway, compute, hosts, directory, bus, clock, emulator, network);
  }

  ec2(region = PRIMARY): EC2Client {
    return this.keep(new EC2Client(this.settings(region)));
  }

  autoScaling(region = PRIMARY): AutoScalingClient {
    return this.keep(new AutoScalingClient(this.settings(region)));
  }

  loadBalancing(region = PRIMARY): ElasticLoadBalancingClient {
    return this.keep(new ElasticLoadBalancingClient(this.settings(region)));
  }

  settings(region: string) {
    return {
      region,
      endpoint: this.gateway.url,
      credentials: { accessKeyId: 'lab', secretAccessKey: 'lab' },
      maxAttempts: 1,
    };
  }

  async stop(): Promise<void> {
    for (const client of this.clients) client.destroy();
    await this.gateway.stop();
    await this.compute.stop();
    await this.hosts.stop();
    await this.emulator.stop();
    await this.network.release();
    rmSync(this.directory.root, { recursive: true, force: true });
  }

  private keep<C extends { destroy(): void }>(client: C): C {
    this.clients.push(client);
    return client;
  }
}

/** Asks until the answer is there; fails with the last one after `seconds` (real). */
export async function until<T>(
  seconds: number,
  ask: () => Promise<T>,
  wanted: (seen: T) => boolean,
): Promise<T> {
  const deadline = Date.now() + seconds * 1000;
  for (;;) {
    const seen = await ask();
    if (wanted(seen)) return seen;
    if (Date.now() > deadline) throw new Error(`not within ${seconds} s; last seen: ${JSON.stringify(seen)}`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}
