import { request as requestHttp } from 'node:http';
import type { IncomingMessage, RequestOptions } from 'node:http';
import { request as requestHttps } from 'node:https';
import type { LookupFunction } from 'node:net';
import { isIP } from 'node:net';
import { callSignal } from '../runbook/call-scope';

/** Largest answer that is read; Bitbucket's are a few kilobytes. */
const LARGEST_ANSWER = 4 * 1024 * 1024;

export interface HttpRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly url: URL;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** From the first packet to the last byte of the answer, seconds. */
  readonly timeoutSeconds: number;
  /** Once it is sent its answer is waited for, also when the activity is cancelled meanwhile. */
  readonly outlivesCancel?: boolean;
  /** Address to connect to in place of where the URL's host leads; Host header and TLS name stay the URL's. */
  readonly address?: string | undefined;
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

/** Nobody answered: refused, no route, no name, too slow, or torn off in the middle. */
export class NoAnswer extends Error {
  override readonly name = 'NoAnswer';
}

/**
 * One HTTP exchange over a connection of its own, so that every probe shows what a new client would meet. Redirections
 * are not followed: they would carry the credentials elsewhere.
 * @throws NoAnswer
 * @throws the reason of the abort when the activity is cancelled
 */
export async function exchange(request: HttpRequest): Promise<HttpAnswer> {
  const timeout = AbortSignal.timeout(Math.ceil(request.timeoutSeconds * 1000));
  callSignal()?.throwIfAborted();
  const cancelled = request.outlivesCancel === true ? undefined : callSignal();
  const signal = cancelled === undefined ? timeout : AbortSignal.any([timeout, cancelled]);
  try {
    return await send(request, signal);
  } catch (error) {
    if (cancelled?.aborted === true) throw cancelled.reason;
    const where = request.address === undefined ? '' : ` at ${request.address}`;
    const why = timeout.aborted ? `nothing within ${request.timeoutSeconds} s` : reasonOf(error);
    throw new NoAnswer(`no answer from ${request.url.host}${where}: ${why}`, { cause: error });
  }
}

function send(request: HttpRequest, signal: AbortSignal): Promise<HttpAnswer> {
  const options: RequestOptions = {
    method: request.method,
    headers: {
      ...request.headers,
      ...(request.body === undefined ? {} : { 'content-length': String(Buffer.byteLength(request.body)) }),
    },
    agent: false,
    signal,
    ...(request.address === undefined ? {} : { lookup: fixedLookup(request.address) }),
  };
  return new Promise((resolve, reject) => {
    const open = request.url.protocol === 'https:' ? requestHttps : requestHttp;
    const outgoing = open(request.url, options, (incoming) => {
      const chunks: Buffer[] = [];
      let size = 0;
      incoming.on('data', (chunk: Buffer) => {
        chunks.push(chunk);
        size += chunk.length;
        if (size > LARGEST_ANSWER) incoming.destroy(new Error(`more than ${LARGEST_ANSWER} bytes`));
      });
      incoming.once('error', reject);
      incoming.once('aborted', () => reject(new Error('the connection was cut in the middle of the answer')));
      incoming.once('end', () =>
        resolve({
          status: incoming.statusCode ?? 0,
          headers: incoming.headers,
          body: Buffer.concat(chunks).toString('utf8'),
        }),
      );
    });
    outgoing.once('error', reject);
    outgoing.end(request.body);
  });
}

function fixedLookup(address: string): LookupFunction {
  const family = isIP(address) === 6 ? 6 : 4;
  return (_host, options, callback) => {
    if (options.all === true) callback(null, [{ address, family }]);
    else callback(null, address, family);
  };
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const code = (error as NodeJS.ErrnoException).code;
  return code === undefined || error.message.includes(code) ? error.message : `${code} ${error.message}`;
}
