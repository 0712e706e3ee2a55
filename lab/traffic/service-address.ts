import { Resolver } from 'node:dns/promises';

/** Resolves the service name as a client does: through one DNS server, keeping the answer for its time to live. */
export class ServiceAddress {
  private readonly resolver = new Resolver({ timeout: 1000, tries: 2 });
  private cached: { readonly address: string; readonly until: number } | undefined;

  constructor(
    private readonly name: string,
    dnsServer: string,
    private readonly ttlScale: number,
  ) {
    this.resolver.setServers([dnsServer]);
  }

  /** @throws Error when the name has no address now */
  async resolve(): Promise<string> {
    if (this.cached !== undefined && Date.now() < this.cached.until) return this.cached.address;
    this.cached = undefined;
    const [answer] = await this.resolver.resolve4(this.name, { ttl: true });
    if (answer === undefined) throw new Error(`${this.name} has no address`);
    this.cached = { address: answer.address, until: Date.now() + (answer.ttl * 1000) / this.ttlScale };
    return answer.address;
  }

  cancel(): void {
    this.resolver.cancel();
  }
}
