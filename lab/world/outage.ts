import type { Compute } from '../compute/create-compute';
import type { DatabaseFleet } from '../databases/database-fleet';
import type { Gateway } from '../gateway/gateway';
import type { HostFleet } from '../hosts/host-fleet';
import type { Disaster } from './disasters';
import type { BuiltSite } from './lab-estate';
import { REGIONS } from './network';
import type { NodePrograms } from './node-programs';

export interface OutageParts {
  readonly gateway: Gateway;
  readonly compute: Compute;
  readonly databases: DatabaseFleet;
  readonly hosts: HostFleet;
  readonly programs: NodePrograms;
  readonly primary: BuiltSite;
}

/** How many calls of each service `throttle` refuses, and how many answers `lost-replies` loses. */
const THROTTLED_CALLS = 10;
const LOST_REPLIES = 5;

/** Error by which each service refuses a call for exceeding the rate [A §9]. */
const THROTTLES: Readonly<Record<string, { readonly code: string; readonly status: number }>> = {
  ec2: { code: 'RequestLimitExceeded', status: 503 },
  rds: { code: 'Throttling', status: 400 },
  autoscaling: { code: 'Throttling', status: 400 },
  elasticloadbalancing: { code: 'Throttling', status: 400 },
  cloudformation: { code: 'Throttling', status: 400 },
  route53: { code: 'Throttling', status: 400 },
  ssm: { code: 'ThrottlingException', status: 400 },
  monitoring: { code: 'ThrottlingException', status: 400 },
};

/** Breaks the world and mends it again. */
export class Outages {
  private readonly active = new Map<Disaster, () => Promise<void>>();

  constructor(private readonly parts: OutageParts) {}

  get broken(): readonly Disaster[] {
    return [...this.active.keys()];
  }

  /** Does nothing when that is broken already. */
  async begin(disaster: Disaster): Promise<void> {
    if (this.active.has(disaster)) return;
    // Held from the first moment on, so that a heal that comes early finds it.
    this.active.set(disaster, async () => undefined);
    this.active.set(disaster, await this.carryOut(disaster));
  }

  /** Ends every disaster, the last one first. */
  async heal(): Promise<void> {
    for (const [disaster, end] of [...this.active].reverse()) {
      this.active.delete(disaster);
      await end();
    }
  }

  /** @returns what ends it */
  private carryOut(disaster: Disaster): Promise<() => Promise<void>> {
    switch (disaster) {
      case 'region-down':
        return this.regionDown();
      case 'partition':
        return this.partition();
      case 'node-hang':
        return this.nodeHang();
      case 'database-down':
        return this.databaseDown();
      case 'nfs-hang':
        return this.fileServerDown();
      case 'throttle':
        return this.throttle();
      case 'lost-replies':
        return this.loseReplies();
    }
  }

  private async regionDown(): Promise<() => Promise<void>> {
    const { gateway, compute, databases, hosts } = this.parts;
    gateway.faults.regionDown(REGIONS.primary, 'timeout');
    await Promise.all([
      compute.crash(REGIONS.primary),
      databases.crash(REGIONS.primary),
      hosts.crash(REGIONS.primary),
    ]);
    return async () => {
      // What others depend on comes first: databases, then machines, then what watches over machines.
      await databases.restore(REGIONS.primary);
      await hosts.restore(REGIONS.primary);
      await compute.restore(REGIONS.primary);
      gateway.faults.regionUp(REGIONS.primary);
    };
  }

  private async partition(): Promise<() => Promise<void>> {
    const { gateway, compute, databases } = this.parts;
    gateway.faults.regionDown(REGIONS.primary, 'timeout');
    await Promise.all([
      compute.balancers.crash(REGIONS.primary),
      databases.partition(REGIONS.primary, REGIONS.standby),
    ]);
    return async () => {
      await databases.mend();
      await compute.balancers.restore(REGIONS.primary);
      gateway.faults.regionUp(REGIONS.primary);
    };
  }

  private async nodeHang(): Promise<() => Promise<void>> {
    const { hosts, programs } = this.parts;
    const program = hosts
      .hosts()
      .filter((host) => host.role === 'node' && host.region === REGIONS.primary)
      .map((host) => programs.of(host.instanceId))
      .find((found) => found !== undefined);
    if (program === undefined) throw new Error('no node of the primary site is running');
    program.signal('SIGSTOP');
    return async () => program.signal('SIGCONT');
  }

  private async databaseDown(): Promise<() => Promise<void>> {
    const { databases, primary } = this.parts;
    const { region, databaseId } = primary.layout;
    await databases.powerOff(region, databaseId);
    return () => databases.powerOn(region, databaseId);
  }

  private async fileServerDown(): Promise<() => Promise<void>> {
    const { hosts, primary } = this.parts;
    await hosts.powerOff(primary.fileServerId);
    return () => hosts.powerOn(primary.fileServerId);
  }

  private async throttle(): Promise<() => Promise<void>> {
    const { faults } = this.parts.gateway;
    const rules = Object.entries(THROTTLES).map(([service, { code, status }]) =>
      faults.add({ match: { service }, times: THROTTLED_CALLS, effect: { kind: 'error', code, status } }),
    );
    return async () => rules.forEach((rule) => faults.remove(rule));
  }

  private async loseReplies(): Promise<() => Promise<void>> {
    const { faults } = this.parts.gateway;
    const rule = faults.add({
      match: { mutating: true },
      times: LOST_REPLIES,
      effect: { kind: 'dropAfter' },
    });
    return async () => faults.remove(rule);
  }
}
