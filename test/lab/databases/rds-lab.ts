import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import {
  CreateDBInstanceCommand,
  CreateDBInstanceReadReplicaCommand,
  DescribeDBInstancesCommand,
  RDSClient,
} from '@aws-sdk/client-rds';
import type { DBInstance } from '@aws-sdk/client-rds';
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

/** Durations count only from `settle` on, so that what a test presupposes is there at once. */
class PreparedClock extends VirtualClock {
  private settled = false;

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

  rds(region: string): RDSClient {
    return new RDSClient(this.clientOptions(region));
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
    const { host, port } = this.fleet.endpoint(region, id)!;
    const client = new Client({
      host,
      port,
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

function groupsOnly(): Promise<Server> {
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      const call = new URLSearchParams(body);
      const action = call.get('Action') ?? '';
      const name = call.get('DBParameterGroupName') ?? call.get('DBSubnetGroupName');
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
