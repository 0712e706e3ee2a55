import { createServer } from 'node:http';
import type { IncomingMessage, Server } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Answer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | object;
  /** The connection is cut instead. */
  readonly cut?: boolean;
  /** Never answered. */
  readonly silent?: boolean;
  /** Answered so much later. */
  readonly afterSeconds?: number;
}

export interface Seen {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

/** A real HTTP server on loopback that answers by `METHOD path` (without the query), and remembers what it was asked. */
export class WebServer {
  readonly seen: Seen[] = [];
  routes: Record<string, Answer | ((request: Seen) => Answer)> = {};

  private constructor(private readonly server: Server) {}

  static async start(): Promise<WebServer> {
    const server = createServer();
    const instance = new WebServer(server);
    server.on('request', (request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const { method = '', url = '', headers } = request;
        const seen = { method, url, headers, body: Buffer.concat(chunks).toString('utf8') };
        instance.seen.push(seen);
        const route = instance.routes[`${method} ${url.split('?')[0]}`] ?? { status: 404 };
        const answer = typeof route === 'function' ? route(seen) : route;
        if (answer.silent === true) return;
        if (answer.cut === true) return void request.socket.destroy();
        const body = typeof answer.body === 'object' ? JSON.stringify(answer.body) : (answer.body ?? '');
        const end = (): void => void response.writeHead(answer.status ?? 200, answer.headers).end(body);
        if (answer.afterSeconds === undefined) end();
        else setTimeout(end, answer.afterSeconds * 1000);
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return instance;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise<void>((resolve) => this.server.close(() => resolve()));
  }
}
