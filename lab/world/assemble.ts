import { createCompute } from '../compute/create-compute';
import type { Compute } from '../compute/create-compute';
import { DatabaseFleet } from '../databases/database-fleet';
import { DnsServer } from '../dns/dns-server';
import { route53 } from '../dns/route53';
import { Routes } from '../dns/routes';
import { Gateway } from '../gateway/gateway';
import { HostFleet } from '../hosts/host-fleet';
import type { HostDescription } from '../hosts/host-fleet';
import { systemsManager } from '../hosts/systems-manager/systems-manager';
import type { Tools } from '../install/install-all';
import { cloudFormation } from '../stacks/cloudformation';
import { Stacks } from '../stacks/stacks';
import type { LabDirectory } from './directory';
import type { Disposers } from './disposers';
import { EmulatorProcess } from './emulator-process';
import type { WorldBus } from './events';
import type { BuiltPlace } from './lab-estate';
import type { LabNetwork } from './network';
import { NodePrograms } from './node-programs';
import type { LabPasswords } from './secrets';
import { WorldClock } from './world-clock';

const GATEWAY_PORT = 4566;
const EMULATOR_PORT = 5000;

/** The machinery of a world, before anything is in it. */
export interface Machinery {
  readonly clock: WorldClock;
  readonly emulatorUrl: string;
  readonly gateway: Gateway;
  readonly compute: Compute;
  readonly databases: DatabaseFleet;
  readonly hosts: HostFleet;
  readonly stacks: Stacks;
  readonly routes: Routes;
  readonly dns: DnsServer;
  readonly programs: NodePrograms;
}

export interface AssembleOptions {
  readonly tools: Tools;
  readonly scale: number;
  readonly directory: LabDirectory;
  readonly network: LabNetwork;
  readonly bus: WorldBus;
  readonly passwords: LabPasswords;
  /** What a node is part of, once that is built. */
  readonly placeOf: (host: HostDescription) => BuiltPlace | undefined;
}

/** Starts the parts and connects them, at the final pace: some fix theirs when they start; `disposers` learns how to end each. */
export async function assemble(options: AssembleOptions, disposers: Disposers): Promise<Machinery> {
  const { tools, scale, directory, network, bus } = options;
  const clock = new WorldClock(scale);
  const emulator = await EmulatorProcess.start({
    program: tools.moto,
    address: network.emulator,
    port: EMULATOR_PORT,
    log: directory.log('moto'),
  });
  disposers.add('moto', () => emulator.stop());

  const databases = new DatabaseFleet({
    clock,
    directory,
    network,
    bus,
    postgresBin: tools.postgresBin,
    ...(tools.postgresUser === undefined ? {} : { runAs: tools.postgresUser }),
  });
  disposers.add('databases', () => databases.stop());
  const stacks = new Stacks({ clock });
  const programs: NodePrograms = new NodePrograms({
    directory,
    scale,
    passwords: options.passwords,
    stacks,
    hosts: () => hosts,
    placeOf: options.placeOf,
    endpoint: (region, id) => databases.endpoint(region, id),
  });
  const hosts = new HostFleet({ directory, startProgram: (host) => programs.start(host) });
  disposers.add('hosts', () => hosts.stop());
  const compute = createCompute({ clock, directory, network, hosts, bus, emulatorUrl: emulator.url });
  disposers.add('compute', () => compute.stop());
  const routes = new Routes(clock);
  const dns = await DnsServer.start({
    address: network.services,
    routes,
    balancerAddress: (name) => compute.balancers.addressOf(name),
  });
  disposers.add('name server', () => dns.stop());
  const gateway = await Gateway.start({
    address: network.services,
    port: GATEWAY_PORT,
    emulatorUrl: emulator.url,
    clock,
    overlays: [
      ...compute.overlays,
      ...databases.overlays(emulator.url),
      systemsManager(hosts, clock),
      cloudFormation(stacks),
      route53(routes),
    ],
  });
  disposers.add('gateway', () => gateway.stop());
  return {
    clock,
    emulatorUrl: emulator.url,
    gateway,
    compute,
    databases,
    hosts,
    stacks,
    routes,
    dns,
    programs,
  };
}
