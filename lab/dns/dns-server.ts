import { createSocket } from 'node:dgram';
import type { RemoteInfo, Socket } from 'node:dgram';
import { AUTHORITATIVE_ANSWER, RECURSION_AVAILABLE, RECURSION_DESIRED, decode, encode } from 'dns-packet';
import { resolveQuestion } from './resolve';
import type { BalancerAddress } from './resolve';
import type { Routes } from './routes';

export interface DnsServerOptions {
  readonly address: string;
  /** 5353 unless told; 0: any free port. */
  readonly port?: number;
  readonly routes: Routes;
  readonly balancerAddress: BalancerAddress;
}

const NO_SUCH_NAME = 3;

/** The name server of the lab: what Route 53 has made known, over UDP. */
export class DnsServer {
  private constructor(
    private readonly socket: Socket,
    private readonly options: DnsServerOptions,
  ) {
    socket.on('message', (message, from) => this.answer(message, from));
    socket.on('error', () => undefined);
  }

  static async start(options: DnsServerOptions): Promise<DnsServer> {
    const socket = createSocket('udp4');
    await new Promise<void>((resolve, reject) => {
      socket.once('error', reject);
      socket.bind(options.port ?? 5353, options.address, () => {
        socket.off('error', reject);
        resolve();
      });
    });
    return new DnsServer(socket, options);
  }

  /** `address:port`, as `Resolver.setServers` wants it. */
  get server(): string {
    const { address, port } = this.socket.address();
    return `${address}:${port}`;
  }

  stop(): Promise<void> {
    return new Promise((resolve) => this.socket.close(() => resolve()));
  }

  private answer(message: Buffer, from: RemoteInfo): void {
    const reply = this.reply(message);
    if (reply !== undefined) this.socket.send(reply, from.port, from.address);
  }

  /** Nothing for what is no question. */
  private reply(message: Buffer): Buffer | undefined {
    try {
      const query = decode(message);
      const [question] = query.questions ?? [];
      if (query.type !== 'query' || question === undefined) return undefined;
      const zones = this.options.routes.all();
      const { outcome, answers } = resolveQuestion(question, zones, this.options.balancerAddress);
      const asked = (query.flags ?? 0) & RECURSION_DESIRED;
      return encode({
        type: 'response',
        id: query.id ?? 0,
        flags:
          AUTHORITATIVE_ANSWER | RECURSION_AVAILABLE | asked | (outcome === 'noSuchName' ? NO_SUCH_NAME : 0),
        questions: [question],
        answers: [...answers],
      });
    } catch {
      return undefined;
    }
  }
}
