import {
  CreateDBInstanceCommand,
  CreateDBInstanceReadReplicaCommand,
  DescribeDBInstancesCommand,
} from '@aws-sdk/client-rds';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { AwsClients } from '../../../activities/aws/clients';
import type { Dependencies } from '../../../activities/dependencies';
import { VirtualClock } from '../../../lab/clock/virtual-clock';
import { createCompute } from '../../../lab/compute/create-compute';
import type { Compute } from '../../../lab/compute/create-compute';
import type { ComputeHosts } from '../../../lab/compute/context';
import { DatabaseFleet } from '../../../lab/databases/database-fleet';
import { Gateway } from '../../../lab/gateway/gateway';
import { findMoto } from '../../../lab/install/moto';
import { findPostgres, postgresUser } from '../../../lab/install/postgres';
import { cloudFormation } from '../../../lab/stacks/cloudformation';
import { Stacks } from '../../../lab/stacks/stacks';
import { LabDirectory } from '../../../lab/world/directory';
import { EmulatorProcess } from '../../../lab/world/emulator-process';
import { WorldBus } from '../../../lab/world/events';
import { LabNetwork } from '../../../lab/world/network';
import { until } from '../../support/until';
import { clientsOf, dependenciesOf, PASSWORDS } from './step-driver';

export const PRIMARY = 'eu-central-1';
export const STANDBY = 'eu-west-1';
export const ZONE = 'eu-west-1a';
export const ADMIN = { username: 'admin', password: 'env:ADMIN' };
export const OWNER = { username: 'bitbucket', password: 'env:DB' };

/** Durations vanish while a test builds its world. */
class SetupClock extends VirtualClock {
  instant = false;
  slowness = 1;

  override real(virtualSeconds: number): number {
    const real = super.real(virtualSeconds) * this.slowness;
    return this.instant ? Math.min(real, 20) : real;
  }
}

/** AWS of the lab without the machines: the real gateway and emulator, real databases, hosts that are only listeners. */
export class AwsLab {
  private constructor(
    readonly gateway: Gateway,
    readonly fleet: DatabaseFleet,
    readonly stacks: Stacks,
    readonly nodes: FakeNodes,
    readonly clients: AwsClients,
    readonly directory: LabDirectory,
    readonly compute: Compute,
    private readonly emulator: EmulatorProcess,
    private readonly network: LabNetwork,
    private readonly clock: SetupClock,
  ) {}

  static async start(scale = 300): Promise<AwsLab> {
    const directory = new LabDirectory(mkdtempSync(join(tmpdir(), 'aws-lab-')));
    execFileSync('chmod', ['755', directory.root]);
    const network = await LabNetwork.claim();
    const clock = new SetupClock(scale);
    const bus = new WorldBus();
    const quietly = (): void => undefined;
    const emulator = await EmulatorProcess.start({
      program: await findMoto(quietly),
      address: network.emulator,
      port: 5000,
      log: directory.log('moto'),
    });
    const runAs = await postgresUser();
    const postgresBin = await findPostgres(quietly);
    const fleet = new DatabaseFleet({
      clock,
      directory,
      network,
      bus,
      postgresBin,
      ...(runAs ? { runAs } : {}),
    });
    const nodes = new FakeNodes();
    const common = { clock, directory, network, bus, emulatorUrl: emulator.url };
    const compute = createCompute({ ...common, hosts: nodes });
    const stacks = new Stacks({ clock });
    const gateway = await Gateway.start({
      address: network.services,
      port: 0,
      emulatorUrl: emulator.url,
      clock,
      overlays: [...compute.overlays, ...fleet.overlays(emulator.url), cloudFormation(stacks)],
    });
    const clients = clientsOf(gateway.url);
    return new AwsLab(gateway, fleet, stacks, nodes, clients, directory, compute, emulator, network, clock);
  }

  get dependencies(): Dependencies {
    return dependenciesOf(this.clients);
  }

  /** Dependencies whose calls give up soon, for regions that are down. */
  impatient(): { dependencies: Dependencies; destroy: () => void } {
    const clients = clientsOf(this.gateway.url, 0.3);
    return { dependencies: dependenciesOf(clients), destroy: () => clients.destroy() };
  }

  /**
   * Actions that changed something since `from`, in order. Repetitions one after the other count once: those are the
   * SDK's own after a lost answer, with the same parameters and token.
   */
  changes(from = 0): string[] {
    return this.gateway.ledger
      .entries()
      .slice(from)
      .filter((entry) => entry.mutating && entry.applied && entry.errorCode === null)
      .map((entry) => entry.action)
      .filter((action, index, all) => action !== all[index - 1]);
  }

  get ledgerLength(): number {
    return this.gateway.ledger.entries().length;
  }

  /** Every answer of such calls is lost, once or `times`, after the call took effect. */
  loseAnswers(action: string, times = 1): void {
    this.gateway.faults.add({ match: { action }, times, effect: { kind: 'dropAfter' } });
  }

  /** What begins during `work` takes so many times as long, so that a look in between surely meets it. */
  async slowly<T>(work: () => Promise<T>, times = 10): Promise<T> {
    this.clock.slowness = times;
    try {
      return await work();
    } finally {
      this.clock.slowness = 1;
    }
  }

  /** A primary and its replica in the other region; hardly any time passes. */
  async establishPair(primary: string, standby: string): Promise<void> {
    await this.establishDatabase(primary);
    await this.instantly(async () => {
      await this.clients.rds(STANDBY).send(
        new CreateDBInstanceReadReplicaCommand({
          DBInstanceIdentifier: standby,
          SourceDBInstanceIdentifier: `arn:aws:rds:${PRIMARY}:123456789012:db:${primary}`,
        }),
      );
      await this.available(STANDBY, standby);
    });
  }

  /** A database in the primary's region. */
  establishDatabase(id: string): Promise<void> {
    return this.instantly(async () => {
      await this.clients.rds(PRIMARY).send(
        new CreateDBInstanceCommand({
          DBInstanceIdentifier: id,
          DBInstanceClass: 'db.m5.large',
          Engine: 'postgres',
          AllocatedStorage: 100,
          DBName: 'bitbucket',
          MasterUsername: OWNER.username,
          MasterUserPassword: PASSWORDS[OWNER.password],
          BackupRetentionPeriod: 7,
        }),
      );
      await this.available(PRIMARY, id);
    });
  }

  /** What begins during `work` is done at once. */
  async instantly(work: () => Promise<void>): Promise<void> {
    this.clock.instant = true;
    await work();
    this.clock.instant = false;
  }

  private available(region: string, id: string): Promise<true> {
    return until(`${id} available`, async () => {
      const { DBInstances } = await this.clients
        .rds(region)
        .send(new DescribeDBInstancesCommand({ DBInstanceIdentifier: id }));
      return DBInstances?.[0]?.DBInstanceStatus === 'available' || undefined;
    });
  }

  async stop(): Promise<void> {
    this.clients.destroy();
    await this.gateway.stop();
    await this.compute.stop();
    await this.fleet.stop();
    await this.nodes.stop();
    await this.emulator.stop();
    await this.network.release();
    rmSync(this.directory.root, { recursive: true, force: true });
  }
}

/** Machines that answer like a Bitbucket node's REST interface, and nothing else. */
export class FakeNodes implements ComputeHosts {
  /** What `/status` says. */
  state = 'RUNNING';
  /** How many nodes each one sees; undefined: all there are. */
  sees: ((address: string) => number) | undefined;
  private readonly servers = new Map<string, { server: Server; address: string }>();
  private readonly mounted = new Set<string>();

  async launch(host: { instanceId: string; address: string; role: string }): Promise<void> {
    if (host.role !== 'node') return;
    const server = createServer((request, response) => {
      const reply = this.answer(host.address, request.url ?? '');
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(reply));
    });
    await new Promise<void>((resolve) => server.listen(7990, host.address, resolve));
    this.servers.set(host.instanceId, { server, address: host.address });
  }

  async terminate(instanceId: string): Promise<void> {
    const running = this.servers.get(instanceId);
    this.servers.delete(instanceId);
    running?.server.closeAllConnections();
    await new Promise((resolve) => (running ? running.server.close(resolve) : resolve(undefined)));
  }

  async powerOff(): Promise<void> {}

  async powerOn(): Promise<void> {}

  async attachDevice(): Promise<void> {}

  mount(device: string): void {
    this.mounted.add(device);
  }

  unmount(device: string): void {
    this.mounted.delete(device);
  }

  async detachDevice(_instanceId: string, device: string): Promise<void> {
    if (this.mounted.has(device)) throw new Error(`${device} is mounted`);
  }

  async stop(): Promise<void> {
    await Promise.all([...this.servers.keys()].map((id) => this.terminate(id)));
  }

  private answer(address: string, url: string): object {
    if (url === '/status') return { state: this.state };
    if (url.endsWith('/application-properties')) return { version: '9.4.1', buildNumber: '1' };
    const all = [...this.servers].map(([id, one]) => ({
      id,
      name: id,
      address: { address: one.address, port: 5701 },
      buildVersion: '9.4.1',
    }));
    const nodes = all.slice(0, this.sees?.(address) ?? all.length);
    return { localNode: all.find((one) => one.address.address === address), nodes, running: true };
  }
}
