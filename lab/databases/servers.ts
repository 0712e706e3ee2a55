import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmodSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { rm } from 'node:fs/promises';
import { escapeIdentifier, escapeLiteral } from 'pg';
import type { LabDirectory } from '../world/directory';
import { REGIONS } from '../world/network';
import type { LabNetwork } from '../world/network';
import type { DatabaseCluster } from './cluster';
import type { DatabaseInstance, InstanceTraits } from './instance';
import { removeData } from './postgres/base-backup';
import { copyFiles } from './postgres/copy-files';
import type { RunAs } from './postgres/run-as';
import { PostgresServer } from './postgres/server';
import { replicationRole, REPLICATION_ROLES } from './postgres/settings';
import type { Access, Upstream } from './postgres/settings';
import type { Regions } from './regions';
import type { SecurityGroups } from './security-groups';

export interface ServersOptions {
  readonly directory: LabDirectory;
  readonly network: LabNetwork;
  readonly postgresBin: string;
  readonly runAs?: RunAs | undefined;
  readonly regions: Regions;
  readonly securityGroups: SecurityGroups;
}

/** The real side: what happens to servers and data when RDS does something. Everything here may be done again. */
export class Servers {
  /** Of the roles that replicas stream with; the same everywhere, since a replica may become a source. */
  private readonly replicationPassword = randomBytes(18).toString('hex');
  private readonly sockets: string;
  /** Version of the real servers, e.g. `15.18`. */
  readonly engineVersion: string;

  constructor(private readonly options: ServersOptions) {
    this.engineVersion = versionOf(options.postgresBin);
    // A socket's path has room for about 100 characters; the lab's directory may need more.
    this.sockets = mkdtempSync(join(tmpdir(), 'lab-pg-'));
    if (options.runAs === undefined && process.getuid?.() === 0) {
      throw new Error('PostgreSQL does not run as root: give the uid and gid of another user');
    }
    if (options.runAs !== undefined) {
      for (const path of [this.sockets, options.directory.root, join(options.directory.root, 'databases')]) {
        chmodSync(path, 0o755);
      }
    }
  }

  /** A server that is not there yet, with an address of its own; that of a cluster's writer works on the cluster's data. */
  make(region: string, resourceId: string, cluster?: DatabaseCluster): PostgresServer {
    return this.serverOf({
      resourceId,
      address: this.allocate(region),
      clusterAddress: cluster?.address,
      dataOf: cluster?.resourceId ?? resourceId,
    });
  }

  /** A server for a cluster's data that nobody reaches but the lab. */
  makeStorage(resourceId: string): PostgresServer {
    return this.serverOf({ resourceId, address: '', clusterAddress: undefined, dataOf: resourceId });
  }

  /** A fresh address. */
  allocate(region: string): string {
    return this.options.network.allocate(region);
  }

  snapshotDirectory(name: string): string {
    return this.options.directory.database(name);
  }

  /** An empty database of the master user on a new server. */
  async create(instance: DatabaseInstance, password: string): Promise<void> {
    const { server } = instance;
    await this.clear(instance);
    await server.initialise();
    await server.configure({ kind: 'primary' });
    await this.start(instance);
    await this.addUsers(server, instance.traits, password);
  }

  /** What RDS makes in an empty database: its own roles, the master user and the first database. */
  async addUsers(
    server: PostgresServer,
    { username, databaseName }: Pick<InstanceTraits, 'username' | 'databaseName'>,
    password: string,
  ): Promise<void> {
    for (const role of REPLICATION_ROLES) {
      const secret = escapeLiteral(this.replicationPassword);
      await server.query(`create role ${escapeIdentifier(role)} login replication password ${secret}`);
    }
    const master = escapeIdentifier(username);
    await server.query('create role rds_superuser');
    await server.query('grant pg_monitor, pg_signal_backend to rds_superuser');
    await server.query(
      `create role ${master} login createdb createrole password ${escapeLiteral(password)} in role rds_superuser`,
    );
    if (databaseName !== undefined) {
      await server.query(`create database ${escapeIdentifier(databaseName)} owner ${master}`);
    }
  }

  /** A streaming standby made of the source's data. */
  async replicate(source: DatabaseInstance, replica: DatabaseInstance): Promise<void> {
    await this.clear(replica);
    await source.exclusively(() => source.server.copyTo(replica.server.options.dataDirectory));
    await replica.server.configure({ kind: 'standby', upstream: this.upstream(source, replica.region) });
    await this.start(replica);
  }

  /** An independent server made of a snapshot's data. */
  async restore(instance: DatabaseInstance, snapshotDirectory: string): Promise<void> {
    await this.clear(instance);
    await this.copySnapshot(snapshotDirectory, instance.server.options.dataDirectory);
    await instance.server.configure({ kind: 'restored' });
    await this.start(instance);
    await this.untilRecovered(instance.server);
  }

  /** The socket answers while the end of the backup is still being recovered. */
  async untilRecovered(server: PostgresServer): Promise<void> {
    for (let attempt = 0; await isInRecovery(server); attempt += 1) {
      if (attempt === 300)
        throw new Error(`the snapshot restored as ${server.options.name} does not recover`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  /** A cluster's writer, on the data that are there. */
  async open(instance: DatabaseInstance): Promise<void> {
    await instance.server.stopImmediately();
    await instance.server.configure({ kind: 'primary' });
    await this.start(instance);
  }

  async takeSnapshot(instance: DatabaseInstance, snapshotDirectory: string): Promise<void> {
    await removeData(snapshotDirectory);
    await instance.exclusively(() => instance.server.copyTo(snapshotDirectory));
  }

  async copySnapshot(from: string, to: string): Promise<void> {
    await removeData(to);
    await copyFiles(from, to, { runAs: this.options.runAs });
  }

  /** Ends recovery; nothing to do for a server that already takes writes. */
  async promote(instance: DatabaseInstance): Promise<void> {
    if (await this.inRecovery(instance)) await instance.server.promote();
  }

  inRecovery(instance: DatabaseInstance): Promise<boolean> {
    return isInRecovery(instance.server);
  }

  async start(instance: DatabaseInstance): Promise<void> {
    instance.running = true;
    await instance.server.allow(this.accessOf(instance));
    await instance.server.start();
  }

  /** Also revives a server that has died below RDS's notice. */
  async restart(instance: DatabaseInstance): Promise<void> {
    await instance.server.stop();
    instance.server.powerOn();
    await this.start(instance);
  }

  async stop(instance: DatabaseInstance): Promise<void> {
    instance.running = false;
    await instance.server.stop();
  }

  /** The data of a member stay: they are its cluster's. */
  async remove(instance: DatabaseInstance): Promise<void> {
    instance.running = false;
    if (instance.cluster === undefined) await this.clear(instance);
    else await instance.server.stop();
  }

  async removeSnapshot(directory: string): Promise<void> {
    await removeData(directory);
  }

  /** The same data behind a new address, as after a rename; the former address answers no more. */
  async move(instance: DatabaseInstance): Promise<void> {
    const { options } = instance.server;
    await instance.server.stop();
    instance.server = new PostgresServer({ ...options, address: this.allocate(instance.region) });
  }

  /** The writer behind the address that its cluster has now; the cluster's former one answers no more. */
  async answerFor(cluster: DatabaseCluster, writer: DatabaseInstance): Promise<void> {
    const { server } = writer;
    const ran = server.alive;
    await server.stop();
    writer.server = new PostgresServer({ ...server.options, clusterAddress: cluster.address });
    if (ran) await this.start(writer);
  }

  async follow(replica: DatabaseInstance, source: DatabaseInstance): Promise<void> {
    await replica.exclusively(() => replica.server.follow(this.upstream(source, replica.region)));
  }

  async applyAccess(instance: DatabaseInstance): Promise<void> {
    await instance.exclusively(() => instance.server.allow(this.accessOf(instance)));
  }

  async setPassword(server: PostgresServer, username: string, password: string): Promise<void> {
    await server.query(`alter role ${escapeIdentifier(username)} password ${escapeLiteral(password)}`);
  }

  async removeSockets(): Promise<void> {
    await rm(this.sockets, { recursive: true, force: true });
  }

  isOpen(instance: DatabaseInstance): boolean {
    return this.options.securityGroups.letIn(instance.region, instance.traits.securityGroups);
  }

  private serverOf({
    resourceId,
    dataOf,
    ...addresses
  }: {
    readonly resourceId: string;
    readonly dataOf: string;
    readonly address: string;
    readonly clusterAddress: string | undefined;
  }): PostgresServer {
    const { directory, postgresBin, runAs } = this.options;
    return new PostgresServer({
      name: resourceId,
      ...addresses,
      dataDirectory: directory.database(dataOf),
      socketDirectory: join(this.sockets, resourceId.slice(-8)),
      log: directory.log(resourceId),
      postgresBin,
      runAs,
    });
  }

  private async clear(instance: DatabaseInstance): Promise<void> {
    await instance.server.stopImmediately();
    await removeData(instance.server.options.dataDirectory);
  }

  private upstream(source: DatabaseInstance, replicaRegion: string): Upstream {
    return {
      host: source.address,
      role: replicationRole(replicaRegion),
      password: this.replicationPassword,
    };
  }

  private accessOf(instance: DatabaseInstance): Access {
    const unreachable = this.options.regions.partitionedFrom(instance.region, Object.values(REGIONS));
    return { open: this.isOpen(instance), cutOff: unreachable.map(replicationRole) };
  }
}

async function isInRecovery(server: PostgresServer): Promise<boolean> {
  const [row] = await server.query<{ standby: boolean }>('select pg_is_in_recovery() as standby');
  return row?.standby !== false;
}

/** @throws Error when there is no PostgreSQL or one older than the backup functions used here */
function versionOf(postgresBin: string): string {
  const said = execFileSync(join(postgresBin, 'postgres'), ['--version'], { encoding: 'utf8' });
  const version = /(\d+)(\.\d+)*/.exec(said)?.[0] ?? '';
  if (Number(version.split('.')[0]) >= 15) return version;
  throw new Error(`the lab needs PostgreSQL 15 or newer; ${postgresBin} has ${said.trim()}`);
}
