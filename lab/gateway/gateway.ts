import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { VirtualClock } from '../clock/virtual-clock';
import { dispatch } from './dispatch';
import { Emulator, singleHeaders } from './emulator';
import { Faults } from './faults';
import { Ledger } from './ledger';
import { AwsFault } from './overlay';
import type { AwsCall, AwsReply, Overlay } from './overlay';
import { DEFAULT_ACCOUNT, parseCall } from './parse-call';
import { errorCodeOf, renderFault } from './render-fault';

export interface GatewayOptions {
  readonly address: string;
  /** 0: any free port. */
  readonly port: number;
  readonly emulatorUrl: string;
  readonly clock: VirtualClock;
  readonly overlays: readonly Overlay[];
}

/** A call that neither an overlay nor the emulator could answer as AWS would; a test that sees one has failed. */
export interface GatewayFailure {
  readonly region: string;
  readonly service: string;
  readonly action: string;
  readonly detail: string;
}

/**
 * Stands between AWS clients and the emulator and supplies what the emulator lacks [A §2]. Calls go to the overlays'
 * handlers, then to the emulator; faults and outages are applied around both.
 */
export class Gateway {
  readonly ledger = new Ledger();
  readonly faults = new Faults();
  private readonly overlays: Overlay[];
  private readonly accounts = new Map<string, string>();
  private readonly failed: GatewayFailure[] = [];
  private readonly sockets = new Set<Socket>();

  private constructor(
    private readonly server: Server,
    private readonly emulator: Emulator,
    private readonly clock: VirtualClock,
    overlays: readonly Overlay[],
  ) {
    this.overlays = [...overlays];
    server.on('connection', (socket) => {
      this.sockets.add(socket);
      socket.once('close', () => this.sockets.delete(socket));
    });
    server.on('request', (request, response) => {
      this.serve(request, response).catch((error: unknown) => {
        this.failed.push({ region: '', service: '', action: request.url ?? '', detail: String(error) });
        response.destroy();
      });
    });
  }

  static async start(options: GatewayOptions): Promise<Gateway> {
    const server = createServer();
    // Idle connections are for their clients to close: a request that meets the closing gets a reset instead of an answer.
    server.keepAliveTimeout = 0;
    const emulator = new Emulator(options.emulatorUrl);
    const gateway = new Gateway(server, emulator, options.clock, options.overlays);
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(options.port, options.address, resolve);
    });
    return gateway;
  }

  get url(): string {
    const { address, port } = this.server.address() as AddressInfo;
    return `http://${address}:${port}`;
  }

  /** Adds behaviour; where two overlays handle the same operation the later one is asked first. */
  use(overlay: Overlay): void {
    this.overlays.push(overlay);
  }

  failures(): readonly GatewayFailure[] {
    return this.failed;
  }

  /** Closes every connection, also the silent ones of an outage. */
  async stop(): Promise<void> {
    if (!this.server.listening) return;
    const closed = new Promise<void>((resolve) => this.server.close(() => resolve()));
    for (const socket of this.sockets) socket.destroy();
    await closed;
    this.emulator.stop();
  }

  private async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const raw = {
      method: request.method ?? 'GET',
      url: request.url ?? '/',
      headers: singleHeaders(request.headers),
      body: await readAll(request),
    };
    const call = parseCall(raw, this.accounts);
    const record = this.ledger.open(call, this.clock.now());

    const outage = this.faults.outageOf(call.region);
    // The connection stays open without a word: the caller's own time limit has to end it.
    if (outage === 'timeout') return;
    if (outage === '503') {
      const fault = new AwsFault('ServiceUnavailable', `${call.region} is not available`, 503);
      return this.answer(response, renderFault(call, fault), record);
    }

    let dropAfter = false;
    let malformed = false;
    for (const effect of this.faults.effectsOn(call)) {
      if (effect.kind === 'delay') {
        await sleep(effect.seconds * 1000);
        // The emulator may have ended meanwhile, and that of another lab may have its port.
        if (!this.server.listening) return;
      } else if (effect.kind === 'dropBefore') return void request.socket.destroy();
      else if (effect.kind === 'dropAfter') dropAfter = true;
      else if (effect.kind === 'malformed') malformed = true;
      else {
        const fault = new AwsFault(effect.code, effect.message ?? 'Injected by the lab.', effect.status);
        return this.answer(response, renderFault(call, fault), record);
      }
    }

    record({ applied: true });
    const reply = await this.handle(call);
    if (!dropAfter) return this.answer(response, malformed ? garble(reply) : reply, record);
    record({ errorCode: errorCodeOf(reply) });
    request.socket.destroy();
  }

  private async handle(call: AwsCall): Promise<AwsReply> {
    try {
      const reply = await dispatch(this.overlays, this.emulator, call);
      if (reply.status >= 500 || isHtml(reply)) return this.notImplemented(call, reply.body.toString());
      if (call.service === 'sts' && call.action.startsWith('AssumeRole')) this.learnAccount(reply);
      return reply;
    } catch (error) {
      if (error instanceof AwsFault) return renderFault(call, error);
      return this.notImplemented(
        call,
        error instanceof Error ? (error.stack ?? error.message) : String(error),
      );
    }
  }

  /** The emulator's crashes look like transient errors to the SDK, so they are never passed on [A §2.1 rule 2]. */
  private notImplemented(call: AwsCall, detail: string): AwsReply {
    const { region, service, action } = call;
    this.failed.push({ region, service, action, detail: detail.slice(0, 2000) });
    const message = `The lab cannot answer ${service} ${action}: ${detail.slice(0, 200)}`;
    return renderFault(call, new AwsFault('NotImplemented', message, 501));
  }

  private answer(
    response: ServerResponse,
    reply: AwsReply,
    record: (outcome: { status: number; errorCode: string | null }) => void,
  ): void {
    record({ status: reply.status, errorCode: errorCodeOf(reply) });
    // AWS gives one with every answer; the emulator with some.
    const named = Object.keys(reply.headers).some((name) => /^x-amzn?-request-?id$/i.test(name));
    response.writeHead(reply.status, {
      ...(named ? {} : { 'x-amzn-requestid': randomUUID() }),
      ...reply.headers,
      'content-length': reply.body.length,
    });
    response.end(reply.body);
  }

  private learnAccount(reply: AwsReply): void {
    const body = reply.body.toString();
    const accessKey = /<AccessKeyId>([^<]+)</.exec(body)?.[1];
    const account = /<Arn>arn:aws:sts::(\d{12}):/.exec(body)?.[1] ?? DEFAULT_ACCOUNT;
    if (accessKey !== undefined) this.accounts.set(accessKey, account);
  }
}

/** An answer as a broken middleman delivers it. */
function garble(reply: AwsReply): AwsReply {
  const half = reply.body.subarray(0, Math.floor(reply.body.length / 2));
  return { ...reply, body: Buffer.concat([half, Buffer.from('\u0000<<rubbish')]) };
}

function isHtml(reply: AwsReply): boolean {
  return /^\s*<(!doctype html|html)/i.test(reply.body.toString('utf8', 0, 100));
}

async function readAll(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
