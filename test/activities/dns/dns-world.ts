import { createSocket } from 'node:dgram';
import type { Dependencies } from '../../../activities/dependencies';
import { clientsOf } from '../aws/step-driver';
import { VirtualClock } from '../../../lab/clock/virtual-clock';
import { DnsServer } from '../../../lab/dns/dns-server';
import { route53 } from '../../../lab/dns/route53';
import { Routes } from '../../../lab/dns/routes';
import type { ZoneDefinition } from '../../../lab/dns/routes';
import type { Gateway } from '../../../lab/gateway/gateway';
import { startBareGateway } from '../../support/bare-gateway';

export const ZONE = 'Z0TESTZONE';
export const NAME = 'git.bitbucket.lab';
export const OLD = 'old-1.eu-central-1.elb.amazonaws.com';
export const NEW = 'new-2.eu-west-1.elb.amazonaws.com';
const ADDRESSES: Readonly<Record<string, string>> = { [OLD]: '127.0.0.11', [NEW]: '127.0.0.12' };

/** The lab's Route 53 and name server; a second name server may stay behind with the records of the beginning. */
export class DnsWorld {
  private constructor(
    readonly gateway: Gateway,
    readonly dns: DnsServer,
    readonly behind: DnsServer,
    readonly routes: Routes,
    readonly dependencies: Dependencies,
  ) {}

  static async start(records?: ZoneDefinition['records']): Promise<DnsWorld> {
    const clock = new VirtualClock(600);
    const cname = [{ name: NAME, type: 'CNAME', ttl: 60, values: [OLD] }];
    const zone = { id: ZONE, name: 'bitbucket.lab', records: records ?? cname };
    const [routes, former] = [new Routes(clock), new Routes(clock)];
    routes.define(zone);
    former.define(zone);
    const balancerAddress = (name: string): string | undefined => ADDRESSES[name];
    const gateway = await startBareGateway(clock, [route53(routes)]);
    const dns = await DnsServer.start({ address: '127.0.0.1', port: 0, routes, balancerAddress });
    const behind = await DnsServer.start({ address: '127.0.0.1', port: 0, routes: former, balancerAddress });
    const aws = clientsOf(gateway.url, 2);
    const secrets = { resolve: (reference: string) => Promise.resolve(reference) };
    return new DnsWorld(gateway, dns, behind, routes, { aws, secrets });
  }

  async stop(): Promise<void> {
    this.dependencies.aws.destroy();
    await Promise.all([this.gateway.stop(), this.dns.stop(), this.behind.stop()]);
  }
}

/** `host:port` of a name server that never says anything. */
export async function silentServer(): Promise<{ readonly server: string; stop(): void }> {
  const socket = createSocket('udp4');
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
  const { port } = socket.address();
  return { server: `127.0.0.1:${port}`, stop: () => void socket.close() };
}
