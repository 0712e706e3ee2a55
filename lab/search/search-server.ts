import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { getRequestListener } from '@hono/node-server';
import type { HttpBindings } from '@hono/node-server';
import { Hono } from 'hono';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import { SearchFaults } from './faults';
import { addIndices } from './indices-api';
import { Refused } from './refused';
import { addSnapshots } from './snapshots-api';
import { SearchStore } from './store';

export interface SearchServerOptions {
  readonly address: string;
  /** 0: any free port. */
  readonly port: number;
  readonly directory: string;
  readonly login: { readonly username: string; readonly password: string };
  /** Epoch milliseconds by which its work takes time; of the lab's clock, which runs faster. */
  readonly now: () => number;
}

/** A search server as far as the runbooks use one: its indices, their snapshots, and what can go wrong with them. */
export class SearchServer {
  readonly faults = new SearchFaults();
  readonly store: SearchStore;
  /** Requests that were to change something: method and path. */
  readonly changes: string[] = [];
  private readonly server: Server;

  private constructor(private readonly options: SearchServerOptions) {
    this.store = new SearchStore(options.directory);
    const api = this.createApi();
    const serve = getRequestListener(
      async (request, bindings) => {
        const { incoming } = bindings as HttpBindings;
        const name = `${request.method} ${new URL(request.url).pathname}`;
        if (this.faults.down) incoming.socket.destroy();
        else if (request.method !== 'GET') this.changes.push(name);
        const answer = this.faults.down ? new Response() : await api.fetch(request);
        if (this.faults.loses(name)) incoming.socket.destroy();
        return answer;
      },
      { overrideGlobalObjects: false },
    );
    this.server = createServer((request, response) => void serve(request, response));
  }

  static async start(options: SearchServerOptions): Promise<SearchServer> {
    const search = new SearchServer(options);
    await new Promise<void>((resolve, reject) => {
      search.server.once('error', reject);
      search.server.listen(options.port, options.address, resolve);
    });
    return search;
  }

  get url(): string {
    const { address, port } = this.server.address() as AddressInfo;
    return `http://${address}:${port}`;
  }

  now(): number {
    return this.options.now();
  }

  stop(): Promise<void> {
    return new Promise((resolve) => {
      this.server.close(() => resolve());
      this.server.closeAllConnections();
    });
  }

  private createApi(): Hono {
    const api = new Hono();
    const { username, password } = this.options.login;
    const expected = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
    api.use(async (c, next) => {
      if (c.req.header('authorization') !== expected)
        throw new Refused(401, 'security_exception', 'missing authentication credentials for REST request');
      await next();
    });
    addSnapshots(api, this);
    addIndices(api, this);
    api.onError((error, c) => {
      const refused = error instanceof Refused ? error : new Refused(500, 'exception', String(error));
      return c.json(refused.body, refused.status as ContentfulStatusCode);
    });
    return api;
  }
}
