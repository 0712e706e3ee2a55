import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { getRequestListener } from '@hono/node-server';
import { AnswerFaults } from './answer-faults';
import { serveGit } from './git/serve';
import type { BitbucketNode, NodeState } from './node';
import { Unavailable, asProblem } from './problem';
import { createRestApi } from './rest/api';

const STATUS_CODE: Readonly<Record<NodeState, number>> = {
  RUNNING: 200,
  FIRST_RUN: 200,
  MAINTENANCE: 200,
  STARTING: 503,
  STOPPING: 503,
  ERROR: 500,
};

/** The HTTP connector of a node: `/status` always, everything else only in the states that serve it. */
export class WebServer {
  private readonly server: Server;
  private readonly rest: (request: IncomingMessage, response: ServerResponse) => Promise<void>;
  private readonly faults: AnswerFaults;
  private running = 0;
  private readonly git = { running: 0 };

  constructor(private readonly node: BitbucketNode) {
    this.faults = new AnswerFaults(node.config.faultsFile);
    this.rest = getRequestListener(createRestApi(node).fetch, { overrideGlobalObjects: false });
    this.server = createServer((request, response) => void this.handle(request, response));
    this.server.keepAliveTimeout = 5000;
  }

  /** Git operations that run right now. */
  get busy(): number {
    return this.git.running;
  }

  listen(): Promise<void> {
    const { address, port } = this.node.config;
    return new Promise((resolve, reject) => {
      this.server.once('error', reject);
      this.server.listen(port, address, resolve);
    });
  }

  /** Waits until nothing runs any more; what still runs after `seconds` is cut off by `close`. */
  async drain(seconds: number): Promise<void> {
    const deadline = Date.now() + seconds * 1000;
    while (this.running > 0 && Date.now() < deadline) await sleep(20);
  }

  close(): Promise<void> {
    return new Promise((resolve) => {
      this.server.close(() => resolve());
      this.server.closeAllConnections();
    });
  }

  private async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = (request.url ?? '/').split('?')[0] ?? '/';
    if (path === '/status') {
      const { state } = this.node;
      send(response, STATUS_CODE[state], { state });
      return;
    }
    this.running += 1;
    try {
      this.assertServing(path);
      await this.faults.around(request, response, () =>
        path.startsWith('/scm/')
          ? serveGit(this.node, this.git, request, response)
          : this.rest(request, response),
      );
    } catch (error) {
      const problem = asProblem(error);
      if (response.headersSent) response.destroy();
      else send(response, problem.status, problem.body, problem.status === 401);
      request.resume();
    } finally {
      this.running -= 1;
    }
  }

  private assertServing(path: string): void {
    const { state } = this.node;
    if (state === 'RUNNING' || (state === 'MAINTENANCE' && path.startsWith('/mvc/'))) return;
    throw new Unavailable(
      state === 'MAINTENANCE'
        ? 'Bitbucket is unavailable: it is locked for maintenance.'
        : `Bitbucket is unavailable: ${state}.`,
    );
  }
}

function send(response: ServerResponse, status: number, body: object, challenge = false): void {
  const text = JSON.stringify(body);
  response.writeHead(status, {
    'content-type': 'application/json;charset=UTF-8',
    'content-length': Buffer.byteLength(text),
    ...(challenge ? { 'www-authenticate': 'Basic realm="Atlassian Bitbucket"' } : {}),
  });
  response.end(text);
}
