import type { Dependencies } from '../../../activities/dependencies';
import { clientsOf } from '../aws/step-driver';
import { VirtualClock } from '../../../lab/clock/virtual-clock';
import { DnsServer } from '../../../lab/dns/dns-server';
import { Routes } from '../../../lab/dns/routes';
import type { Gateway } from '../../../lab/gateway/gateway';
import { startBareGateway } from '../../support/bare-gateway';
import type { Overlay } from '../../../lab/gateway/overlay';
import { ec2Reply, queryReply } from '../../../lab/gateway/reply';
import { ADMINISTRATOR, DEVELOPER, Site } from '../../lab/bitbucket/site';
import type { Node } from '../../lab/bitbucket/site';
import { PostgresServer } from '../../lab/bitbucket/postgres-server';

export const NAME = 'git.bitbucket.lab';
export const GROUP = 'nodes';
export const REPOSITORY = { project: 'PROJ', slug: 'one' };
export const administrator = { username: ADMINISTRATOR.username, password: 'env:ADMIN' };
export const probe = { username: DEVELOPER.username, password: 'env:PROBE' };
const SECRETS: Readonly<Record<string, string>> = {
  'env:ADMIN': ADMINISTRATOR.password,
  'env:PROBE': DEVELOPER.password,
};

/** Real nodes of the simulator over a real database, AWS as far as nodes are looked up there, and a name server. */
export class BitbucketWorld {
  nodes: Node[] = [];
  /** What Auto Scaling and EC2 list, if not the nodes. */
  instances: readonly { readonly id: string; readonly address: string }[] | undefined;
  readonly dependencies: Dependencies;

  private constructor(
    readonly postgres: PostgresServer,
    readonly site: Site,
    readonly gateway: Gateway,
    readonly routes: Routes,
    readonly dns: DnsServer,
  ) {
    const aws = clientsOf(gateway.url, 2);
    const resolve = async (reference: string): Promise<string> => {
      const value = SECRETS[reference];
      if (value === undefined) throw new Error(`secret ${reference}: not set`);
      return value;
    };
    this.dependencies = { aws, secrets: { resolve } };
  }

  static async start(): Promise<BitbucketWorld> {
    const clock = new VirtualClock(100);
    const postgres = await PostgresServer.start();
    const site = await Site.seed(postgres, ['one']);
    const routes = new Routes(clock);
    const dns = await DnsServer.start({
      address: '127.0.0.1',
      port: 0,
      routes,
      balancerAddress: () => undefined,
    });
    const gateway = await startBareGateway(clock);
    const world = new BitbucketWorld(postgres, site, gateway, routes, dns);
    for (const overlay of world.overlays()) gateway.use(overlay);
    return world;
  }

  async startNodes(count: number): Promise<void> {
    for (let at = 0; at < count; at += 1) this.nodes.push(await this.site.start());
    await Promise.all(this.nodes.map((node) => node.reaches('RUNNING')));
    this.pointTo(this.addressOf(this.node(0)));
  }

  node(at: number): Node {
    const node = this.nodes[at];
    if (node === undefined) throw new Error(`there is no node ${at}`);
    return node;
  }

  addressOf(node: Node): string {
    return new URL(node.url).hostname;
  }

  pointTo(address: string): void {
    const record = { name: NAME, type: 'A', ttl: 1, values: [address] };
    this.routes.define({ id: 'Z', name: 'bitbucket.lab', records: [record] });
  }

  /** Full names of the branches of the probe repository, and where they point. */
  async branches(): Promise<Readonly<Record<string, string>>> {
    const { body } = await this.node(0).call('GET', '/rest/api/latest/projects/PROJ/repos/one/branches');
    return Object.fromEntries(
      (body.values as unknown as { id: string; latestCommit: string }[]).map((each) => [
        each.id,
        each.latestCommit,
      ]),
    );
  }

  async stop(): Promise<void> {
    this.dependencies.aws.destroy();
    await this.site.remove();
    await Promise.all([this.gateway.stop(), this.dns.stop(), this.postgres.remove()]);
  }

  private listed(): readonly { readonly id: string; readonly address: string }[] {
    return this.instances ?? this.nodes.map((node) => ({ id: node.id, address: this.addressOf(node) }));
  }

  private overlays(): readonly Overlay[] {
    const groups: Overlay = {
      service: 'autoscaling',
      handlers: {
        DescribeAutoScalingGroups: async (call) => {
          const member = this.listed().map(({ id }) => ({ InstanceId: id, LifecycleState: 'InService' }));
          const group = { AutoScalingGroupName: GROUP, MinSize: 0, Instances: { member } };
          return queryReply(call, { AutoScalingGroups: { member: [group] } });
        },
      },
    };
    const instances: Overlay = {
      service: 'ec2',
      handlers: {
        DescribeInstances: async (call) => {
          const item = this.listed().map(({ id, address }) => ({
            instanceId: id,
            privateIpAddress: address,
          }));
          return ec2Reply(call, { reservationSet: { item: [{ instancesSet: { item } }] } });
        },
      },
    };
    return [groups, instances];
  }
}
