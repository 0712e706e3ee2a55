import type { DatabaseCluster } from './cluster';
import type { DatabaseInstance } from './instance';
import { removeData } from './postgres/base-backup';
import type { PostgresServer } from './postgres/server';
import type { Servers } from './servers';

/**
 * The data of clusters, which are there without an instance too: a server that only the lab reaches then works on them
 * and ends again. Everything here may be done again.
 */
export class Volumes {
  constructor(private readonly servers: Servers) {}

  /** An empty database of the master user. */
  async create(cluster: DatabaseCluster, password: string): Promise<void> {
    const { storage } = cluster;
    await this.remove(cluster);
    await storage.initialise();
    await storage.configure({ kind: 'primary' });
    await withServer(storage, () => this.servers.addUsers(storage, cluster.traits, password));
  }

  /** The data of a snapshot, recovered. */
  async restore(cluster: DatabaseCluster, snapshotDirectory: string): Promise<void> {
    const { storage } = cluster;
    await this.remove(cluster);
    await this.servers.copySnapshot(snapshotDirectory, storage.options.dataDirectory);
    await storage.configure({ kind: 'restored' });
    await withServer(storage, () => this.servers.untilRecovered(storage));
  }

  async takeSnapshot(
    cluster: DatabaseCluster,
    writer: DatabaseInstance | undefined,
    snapshotDirectory: string,
  ): Promise<void> {
    await removeData(snapshotDirectory);
    await onData(cluster, writer, (server) => server.copyTo(snapshotDirectory));
  }

  async setPassword(
    cluster: DatabaseCluster,
    writer: DatabaseInstance | undefined,
    password: string,
  ): Promise<void> {
    const { username } = cluster.traits;
    await onData(cluster, writer, (server) => this.servers.setPassword(server, username, password));
  }

  async remove({ storage }: DatabaseCluster): Promise<void> {
    await storage.stopImmediately();
    await removeData(storage.options.dataDirectory);
  }
}

/** Two servers never work on the same data: the writer's turn is taken even while its own does not run. */
function onData(
  { storage }: DatabaseCluster,
  writer: DatabaseInstance | undefined,
  work: (server: PostgresServer) => Promise<void>,
): Promise<void> {
  const alone = (): Promise<void> => withServer(storage, () => work(storage));
  if (writer === undefined) return alone();
  return writer.exclusively(() => (writer.server.alive ? work(writer.server) : alone()));
}

async function withServer(server: PostgresServer, work: () => Promise<void>): Promise<void> {
  await server.start();
  try {
    await work();
  } finally {
    await server.stop();
  }
}
