import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

/** What can happen on purpose to a request that changes something. */
export type AnswerEffect = 'dropAfter' | 'error' | 'throttle' | 'delay' | 'malformed';

export interface AnswerFault {
  /** As `describeRequest` names it. */
  readonly request: string;
  readonly effect: AnswerEffect;
  /** How many such requests are hit, over all nodes. */
  readonly times: number;
  /** Real seconds, for `delay`. */
  readonly seconds?: number;
}

/** One request that was to change something, as it was answered. */
export interface AnsweredRequest {
  readonly request: string;
  readonly user: string;
  readonly fault: AnswerEffect | null;
}

/**
 * What goes wrong on purpose with the answers of Bitbucket. All nodes read one file with a JSON list of faults, and
 * write every request that was to change something to `<file>.requests`, one JSON object a line.
 */
export class AnswerFaults {
  /** @param file undefined: nothing ever goes wrong, nothing is written down */
  constructor(private readonly file: string | undefined) {}

  /** Carries out `work`, which answers the request, as the faults say. */
  async around(request: IncomingMessage, response: ServerResponse, work: () => Promise<void>): Promise<void> {
    if (this.file === undefined || !isMutating(request)) return work();
    const name = describeRequest(request);
    const fault = this.faultFor(this.file, name);
    const entry: AnsweredRequest = { request: name, user: userOf(request), fault: fault?.effect ?? null };
    appendFileSync(`${this.file}.requests`, `${JSON.stringify(entry)}\n`);
    switch (fault?.effect) {
      case 'error':
      case 'throttle':
        request.resume();
        response.writeHead(fault.effect === 'error' ? 500 : 429, { 'content-type': 'application/json' });
        response.end('{"errors":[{"message":"Injected by the lab."}]}');
        return;
      case 'delay':
        await sleep((fault.seconds ?? 0) * 1000);
        return work();
      case 'dropAfter':
        replaceAnswer(response, () => request.socket.destroy());
        return work();
      case 'malformed':
        replaceAnswer(response, (end) => end('{"values":[{"id'));
        return work();
      case undefined:
        return work();
    }
  }

  private faultFor(file: string, name: string): AnswerFault | undefined {
    if (!existsSync(file)) return undefined;
    const faults = JSON.parse(readFileSync(file, 'utf8')) as readonly AnswerFault[];
    const hits = readAnswered(file).filter(({ request, fault }) => request === name && fault !== null).length;
    return faults.find(({ request, times }) => request === name && hits < times);
  }
}

/** Every request that was to change something, of all nodes that were given this file. */
export function readAnswered(file: string): readonly AnsweredRequest[] {
  if (!existsSync(`${file}.requests`)) return [];
  return readFileSync(`${file}.requests`, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as AnsweredRequest);
}

/** Method, path, and whether it came through a load balancer: a probe of a node is not one of the service. */
function describeRequest(request: IncomingMessage): string {
  const path = (request.url ?? '/').split('?')[0] ?? '/';
  const way = request.headers['x-forwarded-for'] === undefined ? 'node' : 'balancer';
  return `${request.method ?? 'GET'} ${path} (${way})`;
}

function isMutating({ method = 'GET', url = '/' }: IncomingMessage): boolean {
  return !['GET', 'HEAD', 'OPTIONS'].includes(method) && !url.includes('/git-upload-pack');
}

function userOf(request: IncomingMessage): string {
  const basic = /^Basic (.+)$/.exec(request.headers.authorization ?? '')?.[1] ?? '';
  return Buffer.from(basic, 'base64').toString().split(':')[0] ?? '';
}

/** Whatever the work answers is thrown away; `instead` is called where it would have ended. */
function replaceAnswer(response: ServerResponse, instead: (end: (text: string) => void) => void): void {
  const own: Partial<Record<'writeHead' | 'write' | 'end', unknown>> = response;
  own.writeHead = () => response;
  own.write = () => true;
  own.end = () => {
    // The real ones are the prototype's, and need each other.
    for (const name of ['writeHead', 'write', 'end'] as const) Reflect.deleteProperty(response, name);
    instead((text) => response.end(text));
    return response;
  };
}
