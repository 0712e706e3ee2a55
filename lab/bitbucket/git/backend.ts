import { execFileSync, spawn } from 'node:child_process';
import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import { join } from 'node:path';
import { GIT_ENVIRONMENT } from './run';

export interface BackendCall {
  /** Directory above the repository. */
  readonly root: string;
  /** `/<repository>/info/refs` and the like, relative to `root`. */
  readonly path: string;
  readonly query: string;
  readonly user: string;
}

export interface BackendAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

let program: string | undefined;

function backendProgram(): string {
  program ??= join(execFileSync('git', ['--exec-path'], { encoding: 'utf8' }).trim(), 'git-http-backend');
  return program;
}

/** Answers a clone or a listing of refs: what git says is passed on as it comes. */
export function streamBackend(
  call: BackendCall,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = startBackend(call, request);
    response.once('close', () => child.kill());
    child.once('error', reject);
    child.once('close', () => resolve());
    let head = Buffer.alloc(0);
    const onData = (chunk: Buffer): void => {
      head = Buffer.concat([head, chunk]);
      const parsed = parseHead(head);
      if (parsed === undefined) return;
      child.stdout.off('data', onData);
      response.writeHead(parsed.status, parsed.headers);
      response.write(parsed.rest);
      child.stdout.pipe(response);
    };
    child.stdout.on('data', onData);
    child.stdout.once('end', () => {
      if (!response.headersSent) response.writeHead(500);
      response.end();
    });
  });
}

/** Runs a push and keeps git's answer back, so that it can be recorded before the client hears of it. */
export function bufferBackend(call: BackendCall, request: IncomingMessage): Promise<BackendAnswer> {
  return new Promise((resolve, reject) => {
    const child = startBackend(call, request);
    const chunks: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
    child.once('error', reject);
    child.once('close', () => {
      const parsed = parseHead(Buffer.concat(chunks));
      if (parsed === undefined) reject(new Error('git http-backend ended without an answer'));
      else resolve({ status: parsed.status, headers: parsed.headers, body: parsed.rest });
    });
  });
}

function startBackend(call: BackendCall, request: IncomingMessage): ChildProcessWithoutNullStreams {
  const child = spawn(backendProgram(), [], {
    env: {
      ...GIT_ENVIRONMENT,
      GIT_PROJECT_ROOT: call.root,
      GIT_HTTP_EXPORT_ALL: '1',
      PATH_INFO: call.path,
      QUERY_STRING: call.query,
      REQUEST_METHOD: request.method ?? 'GET',
      REMOTE_USER: call.user,
      REMOTE_ADDR: request.socket.remoteAddress ?? '',
      SERVER_PROTOCOL: 'HTTP/1.1',
      ...requestVariables(request.headers),
    },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  // A client that hangs up, or a git that has read enough, is no fault of the node.
  child.stdin.on('error', () => undefined);
  child.stderr.on('data', (chunk: Buffer) => process.stderr.write(chunk));
  request.once('close', () => {
    if (!request.complete) child.kill();
  });
  request.pipe(child.stdin);
  return child;
}

function requestVariables(headers: IncomingHttpHeaders): Record<string, string> {
  const variables: Record<string, string> = {};
  const set = (name: string, value: string | readonly string[] | undefined): void => {
    if (typeof value === 'string') variables[name] = value;
  };
  set('CONTENT_TYPE', headers['content-type']);
  set('CONTENT_LENGTH', headers['content-length']);
  set('HTTP_CONTENT_ENCODING', headers['content-encoding']);
  set('GIT_PROTOCOL', headers['git-protocol']);
  return variables;
}

function parseHead(
  output: Buffer,
): { status: number; headers: Record<string, string>; rest: Buffer } | undefined {
  const end = output.indexOf('\r\n\r\n');
  if (end < 0) return undefined;
  const headers: Record<string, string> = {};
  let status = 200;
  for (const line of output.subarray(0, end).toString('latin1').split('\r\n')) {
    const colon = line.indexOf(':');
    const name = line.slice(0, colon);
    const value = line.slice(colon + 1).trim();
    if (name.toLowerCase() === 'status') status = Number.parseInt(value, 10);
    else headers[name] = value;
  }
  return { status, headers, rest: output.subarray(end + 4) };
}
