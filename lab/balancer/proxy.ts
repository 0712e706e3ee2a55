import { Agent, createServer, request as ask } from 'node:http';
import type { IncomingMessage, OutgoingHttpHeaders, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { pipeline } from 'node:stream';
import type { Member, Members } from './members';

/** Real milliseconds without a byte after which a request to a node is given up with 504: a Classic ELB's default. */
const IDLE_MS = 60_000;
const HOP_BY_HOP = ['connection', 'keep-alive', 'proxy-connection', 'transfer-encoding', 'upgrade', 'expect'];

/**
 * The data plane of one load balancer: an HTTP reverse proxy that streams both ways. 503 while no node is in service,
 * 502 when a node breaks off before it answers, 504 when it stays silent.
 */
export class Proxy {
  private server: Server | undefined;
  /** A connection for each request: a node that restarts leaves no dead ones behind. */
  private readonly agent = new Agent({ keepAlive: false });
  private readonly sockets = new Set<Socket>();

  constructor(
    private readonly address: string,
    private readonly port: number,
    private readonly nodePort: () => number,
    private readonly members: Members,
  ) {}

  async start(): Promise<void> {
    if (this.server !== undefined) return;
    const server = createServer((request, response) => this.serve(request, response));
    // Pushes and clones of large repositories take as long as they take.
    server.requestTimeout = 0;
    server.on('connection', (socket) => {
      this.sockets.add(socket);
      socket.once('close', () => this.sockets.delete(socket));
    });
    this.server = server;
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(this.port, this.address, resolve);
    });
  }

  /** Stops listening and breaks every connection, as a power loss does. */
  async stop(): Promise<void> {
    const server = this.server;
    this.server = undefined;
    this.agent.destroy();
    if (server === undefined) return;
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    for (const socket of this.sockets) socket.destroy();
    await closed;
  }

  private serve(request: IncomingMessage, response: ServerResponse): void {
    const chosen = this.members.choose();
    if (chosen === undefined) return refuse(request, response, 503);
    const { member, address } = chosen;
    const outgoing = ask(
      {
        host: address,
        port: this.nodePort(),
        method: request.method,
        path: request.url,
        headers: forwardedHeaders(request, this.port),
        agent: this.agent,
        timeout: IDLE_MS,
      },
      (answer) => {
        response.writeHead(answer.statusCode ?? 502, endToEnd(answer.headers));
        pipeline(answer, response, () => undefined);
      },
    );
    let silent = false;
    outgoing.once('timeout', () => {
      silent = true;
      outgoing.destroy(new Error('the node is silent'));
    });
    outgoing.once('error', () => {
      if (response.headersSent) response.destroy();
      else refuse(request, response, silent ? 504 : 502);
    });
    this.occupy(member, response, () => outgoing.destroy());
    pipeline(request, outgoing, () => undefined);
  }

  /** Counts the request as one of the node's until its connection is done with it. */
  private occupy(member: Member, response: ServerResponse, end: () => void): void {
    const breakOff = (): void => {
      response.destroy();
    };
    member.inFlight += 1;
    member.breakOff.add(breakOff);
    response.once('close', () => {
      member.inFlight -= 1;
      member.breakOff.delete(breakOff);
      if (!response.writableFinished) end();
    });
  }
}

function refuse(request: IncomingMessage, response: ServerResponse, status: number): void {
  request.resume();
  response.writeHead(status, { 'content-length': 0 });
  response.end();
}

function forwardedHeaders(request: IncomingMessage, port: number): OutgoingHttpHeaders {
  const client = request.socket.remoteAddress ?? '';
  const former = request.headers['x-forwarded-for'];
  return {
    ...endToEnd(request.headers),
    // A body of unknown length stays one.
    ...(request.headers['transfer-encoding'] === undefined ? {} : { 'transfer-encoding': 'chunked' }),
    'x-forwarded-for': former === undefined ? client : `${String(former)}, ${client}`,
    'x-forwarded-port': String(port),
    'x-forwarded-proto': 'http',
  };
}

function endToEnd(headers: IncomingMessage['headers']): OutgoingHttpHeaders {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !HOP_BY_HOP.includes(name)));
}
