import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import {
  CreateDBClusterCommand,
  CreateDBInstanceCommand,
  CreateDBInstanceReadReplicaCommand,
  DescribeDBClustersCommand,
  DescribeDBClusterSnapshotsCommand,
  DescribeDBInstancesCommand,
  RDSClient,
} from '@aws-sdk/client-rds';
import type { DBCluster, DBClusterSnapshot, DBInstance } from '@aws-sdk/client-rds';
import { Client } from 'pg';
import { VirtualClock } from '../../../lab/clock/virtual-clock';
import { DatabaseFleet } from '../../../lab/databases/database-fleet';
import { SECONDS } from '../../../lab/databases/durations';
import { Gateway } from '../../../lab/gateway/gateway';
import { findPostgres, postgresUser } from '../../../lab/install/postgres';
import { LabDirectory } from '../../../lab/world/directory';
import { WorldBus } from '../../../lab/world/events';
import { LabNetwork } from '../../../lab/world/network';

export const PRIMARY = 'eu-central-1';
export const STANDBY = 'eu-west-1';
const MASTER = { user: 'bitbucket', password: 'correct-horse' } as const;

/**
 * Durations count only from `settle` on, so that what a test presupposes is there at once. Time can be held, so that a
 * test sees what lasts but a moment.
 */
class PreparedClock extends VirtualClock {
  private settled = false;
  private held: { now: number; readonly begin: (() => void)[] } | undefined;
  private behind = 0;

  override now(): number {
    return this.held?.now ?? super.now() - this.behind;
  }

  /** Durations that begin while time is held pass after its release. */
  override after(virtualSeconds: number, fn: () => void): () => void {
    if (this.held === undefined) return super.after(virtualSeconds, fn);
    let called = false;
    let callOff = (): void => void (called = true);
    this.held.begin.push(() => {
      if (!called) callOff = super.after(virtualSeconds, fn);
    });
    return () => callOff();
  }

  hold(): void {
    this.held ??= { now: this.now(), begin: [] };
  }

  /** Held time, moved on; what waits goes on waiting. */
  advance(virtualSeconds: number): void {
    if (this.held !== undefined) this.held.now += virtualSeconds * 1000;
  }

  release(): void {
    if (this.held === undefined) return;
    const { now, begin } = this.held;
    this.behind = super.now() - now;
    this.held = undefined;
    for (const each of begin) each();
  }

  override real(virtualSeconds: number): number {
    const real = super.real(virtualSeconds);
    return this.settled ? real : Math.min(real, 20);
  }

  settle(): void {
    this.settled = true;
  }
}

/** Only the databases of a lab, behind the real gateway; the emulator is a stand-in that knows the named groups. */
export class RdsLab {
  private constructor(
    readonly clock: PreparedClock,
    readonly fleet: DatabaseFleet,
    readonly bus: WorldBus,
    readonly gateway: Gateway,
    readonly directory: LabDirectory,
    private readonly network: LabNetwork,
    private readonly emulator: Server,
  ) {}

  static async start(scale: number): Promise<RdsLab> {
    const directory = new LabDirectory(mkdtempSync('/tmp/rds-lab-'));
    const network = await LabNetwork.claim();
    const clock = new PreparedClock(scale);
    const bus = new WorldBus();
    const runAs = await postgresUser();
    const postgresBin = await findPostgres(() => undefined);
    const fleet = new DatabaseFleet({
      clock,
      directory,
      network,
      bus,
      postgresBin,
      ...(runAs === undefined ? {} : { runAs }),
    });
    const emulator = await groupsOnly();
    const { port } = emulator.address() as AddressInfo;
    const emulatorUrl = `http://127.0.0.1:${port}`;
    const overlays = fleet.overlays(emulatorUrl);
    const gateway = await Gateway.start({ address: network.services, port: 0, emulatorUrl, clock, overlays });
    return new RdsLab(clock, fleet, bus, gateway, directory, network, emulator);
  }

  /** Two instances that were there before the test: the writer `db-a` and its replica `db-b` in the other region. */
  async establishPair(): Promise<void> {
    await this.rds(PRIMARY).send(
      new CreateDBInstanceCommand({
        DBInstanceIdentifier: 'db-a',
        DBInstanceClass: 'db.m6g.large',
        Engine: 'postgres',
        DBName: 'bitbucket',
        MasterUsername: MASTER.user,
        MasterUserPassword: MASTER.password,
        VpcSecurityGroupIds: ['sg-a'],
        Tags: [{ Key: 'owner', Value: 'bitbucket' }],
      }),
    );
    await this.statusesUntil(PRIMARY, 'db-a', 'available');
    await this.rds(STANDBY).send(
      new CreateDBInstanceReadReplicaCommand({
        DBInstanceIdentifier: 'db-b',
        SourceDBInstanceIdentifier: 'arn:aws:rds:eu-central-1:123456789012:db:db-a',
      }),
    );
    await this.statusesUntil(STANDBY, 'db-b', 'available');
    this.clock.settle();
  }

  /** A cluster that was there before the test, `c-a`, and its writer `db-a`. */
  async establishCluster(): Promise<void> {
    await this.rds(PRIMARY).send(
      new CreateDBClusterCommand({
        DBClusterIdentifier: 'c-a',
        Engine: 'aurora-postgresql',
        DatabaseName: 'bitbucket',
        MasterUsername: MASTER.user,
        MasterUserPassword: MASTER.password,
        VpcSecurityGroupIds: ['sg-a'],
        BackupRetentionPeriod: 7,
        Tags: [{ Key: 'owner', Value: 'bitbucket' }],
      }),
    );
    await this.clusterUntil(PRIMARY, 'c-a', 'available');
    await this.createWriter(PRIMARY, 'c-a', 'db-a');
    await this.statusesUntil(PRIMARY, 'db-a', 'available');
    this.clock.settle();
  }

  async createWriter(region: string, cluster: string, id: string): Promise<DBInstance> {
    const reply = await this.rds(region).send(
      new CreateDBInstanceCommand({
        DBInstanceIdentifier: id,
        DBClusterIdentifier: cluster,
        DBInstanceClass: 'db.r6g.large',
        Engine: 'aurora-postgresql',
      }),
    );
    return reply.DBInstance!;
  }

  async describeCluster(region: string, id: string): Promise<DBCluster> {
    const client = this.rds(region);
    const reply = await client.send(new DescribeDBClustersCommand({ DBClusterIdentifier: id }));
    return reply.DBClusters![0]!;
  }

  /** Waits for a status after a call that has set another. */
  async clusterUntil(region: string, id: string, wanted: string): Promise<void> {
    await this.clock.sleep(SECONDS.staleRead + 1);
    await eventually(async () => {
      const { Status } = await this.describeCluster(region, id);
      if (Status === 'failed' || Status === 'restore-error') throw new Error(this.problems());
      return Status === wanted;
    });
  }

  async describeClusterSnapshot(region: string, id: string): Promise<DBClusterSnapshot> {
    const client = this.rds(region);
    const command = new DescribeDBClusterSnapshotsCommand({ DBClusterSnapshotIdentifier: id });
    return (await client.send(command)).DBClusterSnapshots![0]!;
  }

  async clusterSnapshotUntil(region: string, id: string, wanted: string): Promise<void> {
    await eventually(async () => (await this.describeClusterSnapshot(region, id)).Status === wanted);
  }

  rds(region: string, account = 'lab'): RDSClient {
    const credentials = { accessKeyId: account, secretAccessKey: 'lab' };
    return new RDSClient({ ...this.clientOptions(region), credentials });
  }

  cloudWatch(region: string): CloudWatchClient {
    return new CloudWatchClient(this.clientOptions(region));
  }

  async describe(region: string, id: string): Promise<DBInstance> {
    const client = this.rds(region);
    const reply = await client.send(new DescribeDBInstancesCommand({ DBInstanceIdentifier: id }));
    return reply.DBInstances![0]!;
  }

  /** Waits for a status after a call that has set another; returns the statuses seen, without repetitions. */
  async statusesUntil(region: string, id: string, wanted: string): Promise<readonly string[]> {
    // The time in which the status from before the call may still be shown.
    await this.clock.sleep(SECONDS.staleRead + 1);
    const seen: string[] = [];
    await eventually(async () => {
      const status = (await this.describe(region, id)).DBInstanceStatus!;
      if (seen.at(-1) !== status) seen.push(status);
      if (['failed', 'restore-error'].includes(status)) throw new Error(this.problems());
      return status === wanted;
    });
    return seen;
  }

  /** As an application would: over TCP with the master user's password. */
  async sql(region: string, id: string, sql: string): Promise<Record<string, unknown>[]> {
    return this.sqlAt(this.fleet.endpoint(region, id)!.host, sql);
  }

  async sqlAt(host: string, sql: string): Promise<Record<string, unknown>[]> {
    const client = new Client({
      host,
      port: 5432,
      database: 'bitbucket',
      connectionTimeoutMillis: 3000,
      ...MASTER,
    });
    client.on('error', () => undefined);
    try {
      await client.connect();
      return (await client.query<Record<string, unknown>>(sql)).rows;
    } finally {
      await client.end().catch(() => undefined);
    }
  }

  async stop(): Promise<void> {
    await this.gateway.stop();
    await this.fleet.stop();
    await new Promise((resolve) => this.emulator.close(resolve));
    await this.network.release();
    const problems = existsSync(this.directory.log('rds'))
      ? readFileSync(this.directory.log('rds'), 'utf8')
      : '';
    rmSync(this.directory.root, { recursive: true, force: true });
    if (problems !== '') throw new Error(`the fleet reported: ${problems}`);
  }

  private problems(): string {
    const log = this.directory.log('rds');
    return existsSync(log) ? readFileSync(log, 'utf8') : '';
  }

  private clientOptions(region: string) {
    return {
      region,
      endpoint: this.gateway.url,
      credentials: { accessKeyId: 'lab', secretAccessKey: 'lab' },
      maxAttempts: 1,
    };
  }
}

export async function eventually(condition: () => Promise<boolean>, seconds = 20): Promise<void> {
  const deadline = Date.now() + seconds * 1000;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`not within ${seconds} s: ${condition.toString()}`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}

/** Waits until a look fails with this error. */
export async function gone(look: () => Promise<unknown>, name: string): Promise<void> {
  await eventually(() =>
    look().then(
      () => false,
      (error: Error) => error.name === name,
    ),
  );
}

function groupsOnly(): Promise<Server> {
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      const call = new URLSearchParams(body);
      const action = call.get('Action') ?? '';
      const name =
        call.get('DBParameterGroupName') ??
        call.get('DBClusterParameterGroupName') ??
        call.get('DBSubnetGroupName');
      if (name !== null && name !== 'tuned') {
        response.writeHead(404).end(`<ErrorResponse><Error><Code>NotFound</Code></Error></ErrorResponse>`);
        return;
      }
      const group = '<securityGroupInfo><item><groupId>sg-default</groupId></item></securityGroupInfo>';
      response.end(`<${action}Response>${group}</${action}Response>`);
    });
  });
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server)));
}
