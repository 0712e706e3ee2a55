import { startNode } from '../bitbucket/launch';
import type { NodeConfig } from '../bitbucket/node-config';
import type { HostDescription, HostFleet } from '../hosts/host-fleet';
import type { Stacks } from '../stacks/stacks';
import type { LabDirectory } from './directory';
import { BITBUCKET_VERSION, DATABASE_NAME, DATABASE_USER, NODE_PORT, PROPERTIES_PARAMETER } from './layout';
import type { BuiltPlace } from './lab-estate';
import type { LabProcess } from './process';
import { USERS } from './secrets';
import type { LabPasswords } from './secrets';

/** Virtual seconds from the start of the service until it serves. */
const STARTUP_SECONDS = 120;

export interface NodeProgramsOptions {
  readonly directory: LabDirectory;
  readonly scale: number;
  readonly passwords: LabPasswords;
  readonly stacks: Stacks;
  readonly hosts: () => HostFleet;
  readonly placeOf: (host: HostDescription) => BuiltPlace | undefined;
  readonly endpoint: (
    region: string,
    id: string,
  ) => { readonly host: string; readonly port: number } | undefined;
}

/** The Bitbucket programs of the lab's nodes: what the automation of a real node would configure and start. */
export class NodePrograms {
  private readonly running = new Map<string, LabProcess>();
  private settled = false;

  constructor(private readonly options: NodeProgramsOptions) {}

  /** From now on starting takes its time. */
  settle(): void {
    this.settled = true;
  }

  async start(host: HostDescription): Promise<LabProcess> {
    const program = await startNode(this.configure(host), this.options.directory.log(host.instanceId));
    this.running.set(host.instanceId, program);
    return program;
  }

  /** The program of a node, while it runs. */
  of(instanceId: string): LabProcess | undefined {
    const program = this.running.get(instanceId);
    return program?.alive === true ? program : undefined;
  }

  violationsFile(): string {
    return this.options.directory.run('bitbucket-violations');
  }

  private configure(host: HostDescription): NodeConfig {
    const { scale, passwords, stacks } = this.options;
    const place = this.options.placeOf(host);
    if (place === undefined) throw new Error(`no site of the lab is in ${host.region}`);
    const { layout, mountPoint } = place;
    const parameters = stacks.parameters(layout.region, layout.stack);
    const database = this.options.endpoint(layout.region, layout.databaseId);
    return {
      nodeId: host.instanceId,
      address: host.address,
      port: NODE_PORT,
      cluster: layout.stack,
      sharedHome: mountPoint,
      exportFile: this.options.hosts().exportFile(place.fileServerId),
      exportPath: mountPoint,
      database: {
        // Nothing answers there while RDS has no endpoint; the node then says so.
        host: database?.host ?? host.address,
        port: database?.port ?? 5432,
        name: DATABASE_NAME,
        user: DATABASE_USER,
        password: passwords.BITBUCKET_DATABASE_PASSWORD,
      },
      version: parameters?.BitbucketVersion ?? BITBUCKET_VERSION,
      startupSeconds: this.settled ? STARTUP_SECONDS / scale : 0.1,
      administrator: { username: USERS.administrator, password: passwords.BITBUCKET_ADMIN_PASSWORD },
      probeUser: { username: USERS.probe, password: passwords.BITBUCKET_PROBE_PASSWORD },
      violationsFile: this.violationsFile(),
      faultsFile: this.options.directory.run('bitbucket-faults'),
      calendarFile: this.options.directory.calendar,
      stackProperties: parameters?.[PROPERTIES_PARAMETER] ?? '',
      drainSeconds: Math.max(1, 30 / scale),
      indexingSeconds: Math.max(1, 600 / scale),
      upgradeTaskSeconds: Math.max(0.5, 120 / scale),
      integrityCheckSeconds: Math.max(1, 300 / scale),
      heartbeatSeconds: 0.5,
    };
  }
}
