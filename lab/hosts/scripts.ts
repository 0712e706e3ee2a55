import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { existsSync, readFileSync, readdirSync } from 'node:fs';

export interface ScriptResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
  /** Ended by us because it took too long; `exitCode` is then -1. */
  readonly timedOut: boolean;
}

export interface ScriptOptions {
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly environment: Readonly<Record<string, string>>;
  /** Real seconds: the work is real, whatever the lab's clock says. */
  readonly timeoutSeconds: number;
  readonly signal?: AbortSignal;
}

/** The host lost its power while a command ran: nobody will ever hear how it ended. */
export class HostLost extends Error {}

const KEPT_OUTPUT = 1024 * 1024;
/** Real milliseconds for output still under way after the end; a child left in the background may hold the pipe. */
const DRAIN_MS = 100;

/** Commands running on a host, each in its own process group, ended as a group. */
export class Scripts {
  private readonly running = new Set<ChildProcess>();
  private lost = new WeakSet<ChildProcess>();

  run(options: ScriptOptions): Promise<ScriptResult> {
    const child = spawn(options.command, [...options.args], {
      cwd: options.cwd,
      env: { ...options.environment },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    this.running.add(child);
    const stdout = collect(child.stdout);
    const stderr = collect(child.stderr);
    return new Promise((resolve, reject) => {
      let timedOut = false;
      const timer = setTimeout(() => {
        timedOut = true;
        endGroup(child);
      }, options.timeoutSeconds * 1000);
      const abort = (): void => endGroup(child);
      options.signal?.addEventListener('abort', abort, { once: true });
      const settle = (code: number | null, problem?: Error): void => {
        clearTimeout(timer);
        options.signal?.removeEventListener('abort', abort);
        this.running.delete(child);
        child.stdout.destroy();
        child.stderr.destroy();
        if (problem !== undefined) reject(problem);
        else if (this.lost.has(child)) reject(new HostLost('the host went down while the command ran'));
        else {
          const exitCode = timedOut ? -1 : (code ?? 137);
          resolve({ exitCode, stdout: stdout(), stderr: stderr(), timedOut });
        }
      };
      let drain: NodeJS.Timeout | undefined;
      child.once('error', (error) => settle(null, error));
      child.once('exit', (code) => {
        drain = setTimeout(() => settle(code), DRAIN_MS);
        child.once('close', () => {
          clearTimeout(drain);
          settle(code);
        });
      });
    });
  }

  /** Ends everything that was started on the host at `root`, also what left its process group (dead-man timers). */
  async endAll(root: string): Promise<void> {
    for (const child of this.running) {
      this.lost.add(child);
      endGroup(child);
    }
    for (const pid of descendants(root)) end(pid);
  }
}

function collect(stream: NodeJS.ReadableStream): () => string {
  const chunks: Buffer[] = [];
  let size = 0;
  stream.on('data', (chunk: Buffer) => {
    if (size < KEPT_OUTPUT) chunks.push(chunk.subarray(0, KEPT_OUTPUT - size));
    size += chunk.length;
  });
  return () => Buffer.concat(chunks).toString('utf8');
}

function endGroup(child: ChildProcess): void {
  if (child.pid !== undefined) end(-child.pid);
}

function end(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // Already gone.
  }
}

/** Our own children of a former command, known by the environment that only this lab's commands are given. */
function descendants(root: string): readonly number[] {
  if (!existsSync('/proc/self/environ')) return [];
  const mark = `LAB_HOST_ROOT=${root}\0`;
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .filter((name) => environment(name).includes(mark))
    .map(Number);
}

function environment(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'latin1');
  } catch {
    return '';
  }
}
