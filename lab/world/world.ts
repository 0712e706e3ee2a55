import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { EstateInput } from '../../estate/schema';
import type { LedgerEntry } from '../gateway/ledger';
import type { HostDescription } from '../hosts/host-fleet';
import { installAll } from '../install/install-all';
import { startOf } from '../install/process-identity';
import { assemble } from './assemble';
import type { Machinery } from './assemble';
import { LAB_CREDENTIALS, LabAws } from './aws';
import { startSearch } from './build-search';
import type { SiteSearch } from './build-search';
import { buildWorld } from './build-world';
import type { BuiltWorld } from './build-world';
import type { LabStatus } from './control-client';
import { LabDirectory } from './directory';
import type { Disaster } from './disasters';
import { Disposers } from './disposers';
import { WorldBus } from './events';
import { HomeCopies } from './home-copies';
import { checkInvariants } from './invariants';
import type { InvariantReport } from './invariants';
import { keepJournal } from './journal';
import { estateText, labEstate } from './lab-estate';
import type { BuiltPlace, BuiltSite } from './lab-estate';
import {
  DATABASE_NAME,
  DATABASE_USER,
  DRILL,
  INSTANCE,
  NODE_PORT,
  SERVICE_NAME,
  SERVICE_PORT,
} from './layout';
import { LabNetwork, REGIONS } from './network';
import { Outages } from './outage';
import { enterLab, forgetLab } from './registry';
import { newPasswords } from './secrets';
import type { LabPasswords } from './secrets';
import { probeSite } from './site-probe';
import type { SiteProbe } from './site-probe';
import { startTemporal } from './start-temporal';
import { summarise } from './summary';
import type { LedgerSummary } from './summary';
import { sweepDeadLabs } from './sweep';
import { describeOverlap, WriterWatch } from './watch-writers';
import type { Overlap } from './watch-writers';

export interface WorldOptions {
  /** How much faster than in AWS the waits of the emulated world pass, e.g. 60. */
  readonly scale: number;
  /** Under which the world is listed; one of its own unless told. */
  readonly name?: string;
  /** Everything is kept here and removed at the end; a new temporary directory unless told. */
  readonly directory?: string;
  /** A server that is there, or one of the world's own; none unless told. */
  readonly temporal?: { readonly address: string } | 'own';
  /** Web UI of the world's own Temporal server; true unless told. */
  readonly ui?: boolean;
  /** Nodes of the primary site; 2 unless told. */
  readonly nodes?: number;
  /** With a place where backups are tried out; without unless told. */
  readonly drill?: boolean;
  /** The standby's file server has a home of its own from the start, mounted and exported; nothing unless told. */
  readonly standbyHome?: boolean;
  /** The primary's database is an Aurora cluster, and the standby has none; RDS and a replica unless told. */
  readonly aurora?: boolean;
  /** With a search server for each site; without unless told. */
  readonly search?: boolean;
  /** Real seconds between two copies of the home; null: only the one made at the start. 30 unless told. */
  readonly homeCopyEverySeconds?: number | null;
  /** Lines for whoever waits for the start. */
  readonly report?: (line: string) => void;
}

const COPIES_KEPT = 4;
let count = 0;

type SiteName = 'primary' | 'standby';

interface WorldParts {
  readonly name: string;
  readonly scale: number;
  readonly directory: LabDirectory;
  readonly network: LabNetwork;
  readonly passwords: LabPasswords;
  readonly sites: Readonly<Record<SiteName, BuiltSite>>;
  readonly homeCopies: HomeCopies;
  readonly temporal: { readonly address: string; readonly ui: string | undefined } | undefined;
  readonly machinery: Machinery;
  readonly built: BuiltWorld;
  readonly nodes: number;
  readonly aurora: boolean;
  readonly search: SiteSearch | undefined;
  readonly aws: Readonly<Record<SiteName, LabAws>>;
  /** Breaches of invariants that were noticed in passing. */
  readonly seen: string[];
  readonly disposers: Disposers;
}

/** A whole world on one machine: AWS in two regions, machines, databases, Bitbucket, name service. */
export class World {
  private readonly broken: Outages;
  private readonly watch: WriterWatch;
  private readonly startedAt = new Date().toISOString();
  private stopping: Promise<void> | undefined;

  private constructor(private readonly parts: WorldParts) {
    this.broken = new Outages({ ...parts.machinery, primary: parts.sites.primary });
    this.watch = new WriterWatch(() => this.probe());
  }

  /**
   * Starts a world; ready when the primary site serves, the standby replicates unless it is Aurora, and one copy of the home is in the
   * other region. Whatever has been started is ended when something fails.
   */
  static async start(options: WorldOptions): Promise<World> {
    const report = options.report ?? (() => undefined);
    const disposers = new Disposers();
    keepJournal();
    await sweepDeadLabs();
    const tools = await installAll(report);
    try {
      const directory = makeDirectory(options.directory, disposers);
      const network = await LabNetwork.claim();
      disposers.add('network', () => network.release());
      count += 1;
      const name = options.name ?? `world-${process.pid}-${count}`;
      enter(name, directory.root);
      disposers.add('registry', () => forgetLab(name));
      const world = await World.build(name, options, tools, directory, network, disposers);
      report(`lab in ${directory.root}, addresses 127.${network.number}.0.0/16`);
      return world;
    } catch (error) {
      await disposers.end().catch((problem: unknown) => report(String(problem)));
      throw error;
    }
  }

  private static async build(
    name: string,
    options: WorldOptions,
    tools: Awaited<ReturnType<typeof installAll>>,
    directory: LabDirectory,
    network: LabNetwork,
    disposers: Disposers,
  ): Promise<World> {
    const { scale, nodes = 2, aurora = false } = options;
    const passwords = newPasswords();
    const sites: Partial<Record<SiteName, BuiltSite>> = {};
    const placeOf = ({ group, region }: HostDescription): BuiltPlace | undefined =>
      group === DRILL.autoScalingGroup
        ? built.drill
        : Object.values(sites).find((site) => site.layout.region === region);
    const bus = new WorldBus();
    const seen: string[] = [];
    bus.on('violation', ({ invariant, detail }) => seen.push(`${invariant}: ${detail}`));
    const temporal = startTemporal(options, tools.temporal, directory, network, disposers);
    // Awaited further down; a failure until then must not end the process.
    temporal.catch(() => undefined);
    const parts = { tools, scale, directory, network, bus, passwords, placeOf };
    const machinery = await assemble(parts, disposers);
    const aws = {
      primary: new LabAws(REGIONS.primary, machinery.gateway.url),
      standby: new LabAws(REGIONS.standby, machinery.gateway.url),
    };
    disposers.add('clients', () => Object.values(aws).forEach((client) => client.destroy()));
    const search =
      options.search === true
        ? await startSearch({ network, directory, clock: machinery.clock, passwords }, disposers)
        : undefined;
    machinery.clock.hurry();
    const built: BuiltWorld = await buildWorld({
      machinery,
      aws,
      directory,
      passwords,
      nodes,
      ttlSeconds: ttlOf(scale),
      drill: options.drill === true,
      standbyHome: options.standbyHome === true,
      aurora,
      onSite: (site) => (sites[site.layout.name] = site),
    });
    const { primary, standby } = sites;
    if (primary === undefined || standby === undefined) throw new Error('a site was not built');
    const homeCopies: HomeCopies = new HomeCopies({
      source: aws.primary,
      destination: aws.standby,
      volumeId: built.homeVolumeId,
      everySeconds: options.homeCopyEverySeconds ?? 30,
      keep: COPIES_KEPT,
      isDue: async () => world.broken.broken.length === 0 && (await world.probeOne('primary')).acceptsWrites,
      report: options.report ?? (() => undefined),
    });
    disposers.add('home copies', () => homeCopies.stop());
    await homeCopies.copy(60);
    const server = await temporal;
    const world: World = new World({
      ...{ name, scale, directory, network, passwords, sites: { primary, standby }, homeCopies },
      ...{ temporal: server, machinery, built, nodes, aurora, search, aws, seen, disposers },
    });
    machinery.clock.settle();
    machinery.programs.settle();
    disposers.add('writer watch', () => world.watch.stop());
    await world.writeEstate(world.estate);
    world.watch.start();
    if (options.homeCopyEverySeconds !== null) homeCopies.start();
    return world;
  }

  get name(): string {
    return this.parts.name;
  }

  get scale(): number {
    return this.parts.scale;
  }

  get directory(): LabDirectory {
    return this.parts.directory;
  }

  get network(): LabNetwork {
    return this.parts.network;
  }

  get passwords(): LabPasswords {
    return this.parts.passwords;
  }

  /** Both sites as they were built. */
  get sites(): Readonly<Record<SiteName, BuiltSite>> {
    return this.parts.sites;
  }

  /** Where backups are tried out; undefined for a world that was started without. */
  get drill(): BuiltPlace | undefined {
    return this.parts.built.drill;
  }

  /** Undefined for a world that was started without. */
  get search(): SiteSearch | undefined {
    return this.parts.search;
  }

  get homeCopies(): HomeCopies {
    return this.parts.homeCopies;
  }

  /** Undefined for a world that was started without. */
  get temporal(): WorldParts['temporal'] {
    return this.parts.temporal;
  }

  get gateway(): Machinery['gateway'] {
    return this.parts.machinery.gateway;
  }

  get clock(): Machinery['clock'] {
    return this.parts.machinery.clock;
  }

  get databases(): Machinery['databases'] {
    return this.parts.machinery.databases;
  }

  get hosts(): Machinery['hosts'] {
    return this.parts.machinery.hosts;
  }

  get compute(): Machinery['compute'] {
    return this.parts.machinery.compute;
  }

  get stacks(): Machinery['stacks'] {
    return this.parts.machinery.stacks;
  }

  get routes(): Machinery['routes'] {
    return this.parts.machinery.routes;
  }

  /** Name of the instance in the estate. */
  get instance(): string {
    return INSTANCE;
  }

  /** What users type. */
  get url(): string {
    return `http://${SERVICE_NAME}:${SERVICE_PORT}`;
  }

  /** `host:port` of the lab's name server. */
  get resolver(): string {
    return this.parts.machinery.dns.server;
  }

  /** Path of the estate file that the start has written. */
  get estate(): string {
    return join(this.directory.root, 'estate.yaml');
  }

  /** What is broken now. */
  get disasters(): readonly Disaster[] {
    return this.broken.broken;
  }

  /** Breaks something; returns when it is broken. */
  breakIt(disaster: Disaster): Promise<void> {
    return this.broken.begin(disaster);
  }

  /** Ends every disaster. What stood before comes back as it was, also a site that has been replaced meanwhile. */
  heal(): Promise<void> {
    return this.broken.heal();
  }

  /** The estate that describes this world; `change` may alter it, e.g. its policy. */
  estateInput(change: (estate: EstateInput) => EstateInput = (estate) => estate): EstateInput {
    const { search } = this;
    return change(
      labEstate({
        scale: this.scale,
        zoneId: this.parts.built.zoneId,
        ttlSeconds: ttlOf(this.scale),
        resolver: this.resolver,
        nodes: this.parts.nodes,
        aurora: this.parts.aurora,
        sites: Object.values(this.sites),
        drill: this.drill,
        ...(search === undefined
          ? {}
          : { search: { primary: search.primary.url, standby: search.standby.url } }),
      }),
    );
  }

  async writeEstate(path: string, change?: (estate: EstateInput) => EstateInput): Promise<void> {
    writeFileSync(path, estateText(this.estateInput(change)));
  }

  /** What a worker and the command line need to work on this world. */
  environment(): Record<string, string> {
    return {
      AWS_ENDPOINT_URL: this.gateway.url,
      AWS_ACCESS_KEY_ID: LAB_CREDENTIALS.accessKeyId,
      AWS_SECRET_ACCESS_KEY: LAB_CREDENTIALS.secretAccessKey,
      AWS_REGION: REGIONS.standby,
      ...(this.temporal === undefined ? {} : { TEMPORAL_ADDRESS: this.temporal.address }),
      RUNBOOKS_ESTATE: this.estate,
      RUNBOOKS_AWS_TIMEOUT_SECONDS: '3',
      ...this.passwords,
      LAB_DNS: this.resolver,
    };
  }

  /** Both sites as they are found from outside. */
  async probe(): Promise<Readonly<Record<SiteName, SiteProbe>>> {
    const [primary, standby] = await Promise.all([this.probeOne('primary'), this.probeOne('standby')]);
    return { primary, standby };
  }

  /** Where the primary site's shared home is, as the volume of its first day. */
  get homeDirectory(): string {
    return this.directory.volume(this.parts.built.homeVolumeId);
  }

  /** When two sites accepted writes; the invariants count each as a breach. */
  get overlaps(): readonly Overlap[] {
    return this.watch.overlaps;
  }

  /** @param atRest false while a run is under way: locks, freezes and suspensions are then in order */
  invariants(atRest = true): Promise<InvariantReport> {
    const { gateway, emulatorUrl, compute, hosts, programs } = this.parts.machinery;
    const parts = {
      ...{ gateway, emulatorUrl, compute, hosts, databases: this.databases, aws: this.parts.aws },
      drill: this.drill,
      violationsFile: programs.violationsFile(),
      seen: () => [...this.parts.seen, ...this.overlaps.map(describeOverlap)],
      probe: () => this.probe(),
      isLabs: (entry: LedgerEntry) => this.homeCopies.made(entry),
    };
    return checkInvariants(parts, atRest);
  }

  summary(): LedgerSummary {
    return summarise(this.gateway.ledger.entries());
  }

  async status(): Promise<LabStatus> {
    const probes = await this.probe();
    const target = this.serviceTarget();
    return {
      name: this.name,
      scale: this.scale,
      directory: this.directory.root,
      startedAt: this.startedAt,
      temporal: this.temporal?.address ?? '',
      ui: this.temporal?.ui ?? null,
      gateway: this.gateway.url,
      service: this.url,
      serviceLeadsTo:
        Object.values(this.sites).find((site) => site.loadBalancerDns === target)?.layout.name ?? target,
      broken: [...this.disasters],
      sites: Object.values(this.sites).map(({ layout }) => ({
        name: layout.name,
        region: layout.region,
        nodes: [...probes[layout.name].nodes],
        database: probes[layout.name].database,
        acceptsWrites: probes[layout.name].acceptsWrites,
        loadBalancer: probes[layout.name].balancer,
      })),
    };
  }

  /** Makes the world known to the `lab` commands. */
  announce(control: string): void {
    enter(this.name, this.directory.root, control);
  }

  /** Ends everything that the world has started and removes its directory. */
  stop(): Promise<void> {
    this.stopping ??= this.end();
    return this.stopping;
  }

  private async end(): Promise<void> {
    await this.watch.stop();
    // A program that hangs could not end in order.
    if (this.disasters.includes('node-hang')) await this.broken.heal();
    await this.parts.disposers.end();
  }

  /** DNS name that the service's name leads to. */
  private serviceTarget(): string | null {
    const served = this.routes.zone(this.parts.built.zoneId).served;
    const record = served.find(({ name }) => name.replace(/\.$/, '') === SERVICE_NAME);
    return record?.values[0]?.replace(/\.$/, '') ?? null;
  }

  private probeOne(name: SiteName): Promise<SiteProbe> {
    const { layout } = this.sites[name];
    const endpoint = this.databases.endpoint(layout.region, layout.databaseId);
    const balancer = this.compute.balancers.get(layout.region, layout.loadBalancer);
    return probeSite({
      nodes: this.hosts
        .hosts()
        .filter((host) => host.role === 'node' && host.group === layout.autoScalingGroup)
        .map(({ instanceId, address }) => ({ id: instanceId, address, port: NODE_PORT })),
      database:
        endpoint === undefined
          ? undefined
          : {
              ...endpoint,
              name: DATABASE_NAME,
              user: DATABASE_USER,
              password: this.passwords.BITBUCKET_DATABASE_PASSWORD,
            },
      balancer: balancer === undefined ? undefined : { address: balancer.address, port: SERVICE_PORT },
    });
  }
}

/** Seconds for which resolvers keep the service's name. */
function ttlOf(scale: number): number {
  return Math.max(1, Math.round(60 / scale));
}

function makeDirectory(chosen: string | undefined, disposers: Disposers): LabDirectory {
  const root = chosen ?? mkdtempSync(join(tmpdir(), 'lab-'));
  const directory = new LabDirectory(root);
  // Servers that run as another user have to get through.
  chmodSync(root, 0o755);
  disposers.add('directory', () => rmSync(root, { recursive: true, force: true, maxRetries: 5 }));
  return directory;
}

function enter(name: string, directory: string, control?: string): void {
  enterLab({
    name,
    pid: process.pid,
    start: startOf(process.pid) ?? '',
    directory,
    startedAt: new Date().toISOString(),
    ...(control === undefined ? {} : { control }),
  });
}
