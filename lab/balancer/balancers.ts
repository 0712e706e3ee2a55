import { createHash } from 'node:crypto';
import type { VirtualClock } from '../clock/virtual-clock';
import type { LabNetwork } from '../world/network';
import { Members } from './members';
import type { HealthCheckSettings } from './members';
import { Proxy } from './proxy';

const PORT = 8080;
const DEFAULT_HEALTH_CHECK: HealthCheckSettings = {
  port: 7990,
  path: '/status',
  interval: 10,
  healthyThreshold: 2,
  unhealthyThreshold: 2,
};

/** One Classic load balancer. */
export interface Balancer {
  readonly region: string;
  readonly name: string;
  readonly dnsName: string;
  readonly address: string;
  readonly members: Members;
  readonly proxy: Proxy;
  healthCheck: HealthCheckSettings;
  /** Virtual seconds of connection draining; 0: switched off, as it is on a new load balancer. */
  drainSeconds: number;
}

/** The data plane of all Classic load balancers: each has an address of its own, port 8080. */
export class Balancers {
  private readonly all = new Map<string, Balancer>();
  private readonly down = new Set<string>();

  constructor(
    private readonly clock: VirtualClock,
    private readonly network: LabNetwork,
    private readonly instanceAddress: (instanceId: string) => string | undefined,
  ) {}

  async create(region: string, name: string, internal: boolean): Promise<Balancer> {
    const number = createHash('sha256').update(`${region}/${name}`).digest().readUInt32BE(0);
    const prefix = internal ? 'internal-' : '';
    const address = this.network.allocate(region);
    const members: Members = new Members(this.clock, this.instanceAddress, () => balancer.healthCheck);
    const proxy = new Proxy(address, PORT, () => balancer.healthCheck.port, members);
    const balancer: Balancer = {
      region,
      name,
      dnsName: `${prefix}${name}-${number}.${region}.elb.amazonaws.com`,
      address,
      members,
      proxy,
      healthCheck: DEFAULT_HEALTH_CHECK,
      drainSeconds: 0,
    };
    this.all.set(key(region, name), balancer);
    if (!this.down.has(region)) await proxy.start();
    return balancer;
  }

  get(region: string, name: string): Balancer | undefined {
    return this.all.get(key(region, name));
  }

  list(region: string): readonly Balancer[] {
    return [...this.all.values()].filter((balancer) => balancer.region === region);
  }

  async remove(region: string, name: string): Promise<void> {
    const balancer = this.get(region, name);
    this.all.delete(key(region, name));
    if (balancer !== undefined) await end(balancer);
  }

  /** Address that a load balancer's DNS name leads to (port 8080), or undefined when there is no such name. */
  addressOf(dnsName: string): string | undefined {
    const wanted = dnsName
      .toLowerCase()
      .replace(/\.$/, '')
      .replace(/^dualstack\./, '');
    return [...this.all.values()].find((balancer) => balancer.dnsName.toLowerCase() === wanted)?.address;
  }

  /** The region's load balancers refuse all connections. */
  async crash(region: string): Promise<void> {
    this.down.add(region);
    await Promise.all(this.list(region).map((balancer) => balancer.proxy.stop()));
  }

  async restore(region: string): Promise<void> {
    this.down.delete(region);
    await Promise.all(this.list(region).map((balancer) => balancer.proxy.start()));
  }

  async stop(): Promise<void> {
    await Promise.all([...this.all.values()].map(end));
    this.all.clear();
  }
}

async function end(balancer: Balancer): Promise<void> {
  balancer.members.stop();
  await balancer.proxy.stop();
}

function key(region: string, name: string): string {
  return `${region}/${name}`;
}
