import { appendFileSync } from 'node:fs';
import type { QueryResultRow } from 'pg';
import { Calendar } from '../clock/calendar';
import type { VirtualClock } from '../clock/virtual-clock';
import type { Overlay } from '../gateway/overlay';
import type { LabDirectory } from '../world/directory';
import type { WorldBus, WorldEvents } from '../world/events';
import type { LabNetwork } from '../world/network';
import { AccountResources } from './account';
import type { Control } from './control';
import type { DatabaseInstance } from './instance';
import { cloudWatchOverlay } from './metrics/cloudwatch-overlay';
import { Sampler } from './metrics/sampler';
import type { RunAs } from './postgres/run-as';
import { PORT } from './postgres/settings';
import { rdsOverlay } from './rds-overlay';
import { Regions } from './regions';
import { SecurityGroups } from './security-groups';
import { Servers } from './servers';
import { Store } from './store';
import { Transitions } from './transitions';
import { Volumes } from './volumes';

export interface DatabaseFleetOptions {
  readonly clock: VirtualClock;
  readonly directory: LabDirectory;
  readonly network: LabNetwork;
  readonly bus: WorldBus;
  /** Directory that holds `postgres` and `initdb`, version 15 or newer. */
  readonly postgresBin: string;
  /** Needed when the lab runs as root. That user must be able to reach the lab's directory. */
  readonly runAs?: RunAs;
}

/** RDS of the lab: every DB instance is a real PostgreSQL server, every replica a real streaming standby. */
export class DatabaseFleet {
  private readonly regions = new Regions();
  private readonly securityGroups = new SecurityGroups();
  private readonly store = new Store();
  private readonly servers: Servers;
  private readonly control: Control;
  private readonly sampler: Sampler;
  private readonly accounts: AccountResources[] = [];
  private readonly onSecurityGroup = (event: WorldEvents['securityGroup'][0]): void => {
    this.securityGroups.set(event.region, event.groupId, event.open);
    const concerned = this.store.instances.all(event.region).filter((each) => usesGroup(each, event.groupId));
    for (const instance of concerned) void this.applyAccess(instance);
  };

  constructor(private readonly options: DatabaseFleetOptions) {
    const { clock, directory } = options;
    this.servers = new Servers({ ...options, regions: this.regions, securityGroups: this.securityGroups });
    const transitions = new Transitions(clock, this.regions, (problem) =>
      appendFileSync(directory.log('rds'), `${problem}\n`),
    );
    this.control = {
      clock,
      calendar: new Calendar(directory.calendar),
      transitions,
      regions: this.regions,
      servers: this.servers,
      volumes: new Volumes(this.servers),
      store: this.store,
    };
    this.sampler = new Sampler(clock, this.store, this.servers);
    this.sampler.start();
    options.bus.on('securityGroup', this.onSecurityGroup);
  }

  /** RDS and CloudWatch for the gateway. */
  overlays(emulatorUrl: string): readonly Overlay[] {
    const account = new AccountResources(emulatorUrl);
    this.accounts.push(account);
    return [rdsOverlay({ ...this.control, account }), cloudWatchOverlay(this.sampler)];
  }

  /** Where clients connect; undefined while the instance has no endpoint yet. */
  endpoint(region: string, id: string): { readonly host: string; readonly port: 5432 } | undefined {
    const instance = this.store.instances.get(region, id);
    return instance?.reachable === true ? { host: instance.address, port: PORT } : undefined;
  }

  hasCluster(region: string, id: string): boolean {
    return this.store.clusters.get(region, id) !== undefined;
  }

  /** The lab's own look into a server, as superuser past all security groups. @throws Error when it does not answer */
  async query<T extends QueryResultRow = QueryResultRow>(
    region: string,
    id: string,
    sql: string,
    values: readonly unknown[] = [],
  ): Promise<readonly T[]> {
    const instance = this.need(region, id);
    return instance.server.query<T>(sql, values, { database: instance.traits.databaseName ?? 'postgres' });
  }

  /** Whether clients can write to it now: up, let in by a security group, and not in recovery. */
  async isWritable(region: string, id: string): Promise<boolean> {
    const instance = this.store.instances.get(region, id);
    if (instance === undefined || !instance.server.alive || !this.servers.isOpen(instance)) return false;
    return this.servers.inRecovery(instance).then(
      (standby) => !standby,
      () => false,
    );
  }

  /** The replica goes on receiving but applies nothing: its lag grows. */
  async pauseReplay(region: string, id: string): Promise<void> {
    await this.need(region, id).server.query('select pg_wal_replay_pause()');
  }

  async resumeReplay(region: string, id: string): Promise<void> {
    await this.need(region, id).server.query('select pg_wal_replay_resume()');
  }

  /** Every server of the region dies at once; the data stay. Transitions stand still until `restore`. */
  async crash(region: string): Promise<void> {
    this.regions.turnOff(region);
    const instances = this.store.instances.all(region).map(({ server }) => server);
    const clusters = this.store.clusters.all(region).map(({ storage }) => storage);
    await Promise.all([...instances, ...clusters].map((server) => server.powerOff()));
  }

  /** The servers that ran start again as what they were, also one whose replica has been promoted meanwhile. */
  async restore(region: string): Promise<void> {
    const instances = this.store.instances.all(region);
    for (const instance of instances) instance.server.powerOn();
    for (const cluster of this.store.clusters.all(region)) cluster.storage.powerOn();
    // Those still being made are started by their own transition, which goes on when the region does.
    const running = instances.filter((instance) => instance.running && instance.reachable);
    await Promise.all(running.map((instance) => instance.exclusively(() => this.servers.start(instance))));
    this.regions.turnOn(region);
  }

  /** One server dies, and comes back with `powerOn`: a database that hangs below RDS's notice. */
  async powerOff(region: string, id: string): Promise<void> {
    await this.need(region, id).server.powerOff();
  }

  async powerOn(region: string, id: string): Promise<void> {
    const instance = this.need(region, id);
    instance.server.powerOn();
    await instance.exclusively(() => this.servers.start(instance));
  }

  /** Replication between two regions stops; each goes on by itself. */
  async partition(a: string, b: string): Promise<void> {
    this.regions.partition(a, b);
    await this.applyAccessEverywhere();
  }

  async mend(): Promise<void> {
    this.regions.mend();
    await this.applyAccessEverywhere();
  }

  /** Ends all servers and everything that this object has going on; the data stay. */
  async stop(): Promise<void> {
    this.options.bus.off('securityGroup', this.onSecurityGroup);
    await Promise.all([this.sampler.stop(), this.control.transitions.cancelAll()]);
    await Promise.all([
      ...this.store.instances.all().map((one) => one.exclusively(() => one.server.stopImmediately())),
      ...this.store.clusters.all().map(({ storage }) => storage.stopImmediately()),
    ]);
    for (const account of this.accounts) account.stop();
    await this.servers.removeSockets();
  }

  private need(region: string, id: string): DatabaseInstance {
    const instance = this.store.instances.get(region, id);
    if (instance === undefined) throw new Error(`the lab has no DB instance ${id} in ${region}`);
    return instance;
  }

  private async applyAccessEverywhere(): Promise<void> {
    await Promise.all(this.store.instances.all().map((instance) => this.applyAccess(instance)));
  }

  /** A server without power takes the rules when it starts. */
  private async applyAccess(instance: DatabaseInstance): Promise<void> {
    try {
      await this.servers.applyAccess(instance);
    } catch (error) {
      if (!instance.server.alive) return;
      appendFileSync(this.options.directory.log('rds'), `access of ${instance.id}: ${String(error)}\n`);
    }
  }
}

function usesGroup(instance: DatabaseInstance, groupId: string): boolean {
  return instance.traits.securityGroups.includes(groupId);
}
