import { execFileSync, spawn } from 'node:child_process';
import type { ChildProcessByStdio } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { open, rm } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
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

/** Real milliseconds that git may take; the lab's repositories are small. */
const LONGEST_MS = 30_000;

let program: string | undefined;

function backendProgram(): string {
  program ??= join(execFileSync('git', ['--exec-path'], { encoding: 'utf8' }).trim(), 'git-http-backend');
  return program;
}

/** Answers a clone or a listing of refs: what git says is passed on as it comes. */
export async function streamBackend(
  call: BackendCall,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const child = await startBackend(call, request);
  return new Promise((resolve, reject) => {
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
export async function bufferBackend(call: BackendCall, request: IncomingMessage): Promise<BackendAnswer> {
  const child = await startBackend(call, request);
  return new Promise((resolve, reject) => {
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

type Backend = ChildProcessByStdio<null, Readable, Readable>;

async function startBackend(call: BackendCall, request: IncomingMessage): Promise<Backend> {
  const body = await spool(request);
  try {
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
      stdio: [body.fd, 'pipe', 'pipe'],
      timeout: LONGEST_MS,
      killSignal: 'SIGKILL',
    }) as Backend;
    child.stderr.on('data', (chunk: Buffer) => process.stderr.write(chunk));
    return child;
  } finally {
    // Not waited for: a program that ends before somebody listens has its output thrown away, and the request hangs.
    body.close().catch((error: unknown) => console.error('request body:', error));
  }
}

/**
 * The whole request body in a file that has no name any more. git http-backend reads for ever from an input that ends
 * before the announced length, so it must not be started before all is there: a node that loses its power in the middle
 * of a push would leave it spinning.
 */
async function spool(request: IncomingMessage): Promise<FileHandle> {
  const path = join(tmpdir(), `git-request-${randomUUID()}`);
  try {
    await pipeline(request, createWriteStream(path, { mode: 0o600 }));
    return await open(path, 'r');
  } finally {
    await rm(path, { force: true });
  }
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
