import { execFileSync, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import type { DatabaseLocation } from '../../../lab/bitbucket/database';
import { eventually } from './eventually';

/** A real PostgreSQL server for one test file. */
export class PostgresServer {
  private child: ChildProcess | undefined;

  private constructor(
    readonly directory: string,
    readonly port: number,
    private readonly binaries: string,
    private readonly as: { uid: number; gid: number } | undefined,
  ) {}

  static async start(): Promise<PostgresServer> {
    const server = await PostgresServer.prepare();
    server.command('initdb', ['-D', server.data, '-U', 'owner', '-A', 'trust', '-N']);
    await server.run();
    return server;
  }

  /** A streaming replica of this server. */
  async replicate(): Promise<PostgresServer> {
    const replica = await PostgresServer.prepare();
    const source = ['-h', '127.0.0.1', '-p', String(this.port), '-U', 'owner'];
    replica.command('pg_basebackup', [...source, '-D', replica.data, '-R', '-c', 'fast', '--no-sync']);
    await replica.run();
    return replica;
  }

  private static async prepare(): Promise<PostgresServer> {
    const directory = mkdtempSync(join(tmpdir(), 'bitbucket-test-pg-'));
    const as = process.getuid?.() === 0 ? ordinaryUser() : undefined;
    if (as !== undefined) chownSync(directory, as.uid, as.gid);
    return new PostgresServer(directory, await freePort(), binaries(), as);
  }

  private get data(): string {
    return join(this.directory, 'data');
  }

  private command(program: string, args: readonly string[]): void {
    execFileSync(join(this.binaries, program), args, { cwd: this.directory, stdio: 'ignore', ...this.as });
  }

  location(name: string): DatabaseLocation {
    return { host: '127.0.0.1', port: this.port, name, user: 'owner', password: 'unused' };
  }

  async createDatabase(name: string): Promise<DatabaseLocation> {
    await this.query('postgres', `create database ${name}`);
    return this.location(name);
  }

  async query<T>(database: string, sql: string): Promise<T[]> {
    const client = new Client({ host: '127.0.0.1', port: this.port, database, user: 'owner' });
    await client.connect();
    try {
      return (await client.query(sql)).rows as T[];
    } finally {
      await client.end();
    }
  }

  async run(): Promise<void> {
    const options = `-c fsync=off -c unix_socket_directories= -c shared_buffers=16MB -p ${this.port} -h 127.0.0.1`;
    this.child = spawn(join(this.binaries, 'postgres'), ['-D', this.data, ...options.split(' ')], {
      cwd: this.directory,
      stdio: 'ignore',
      ...this.as,
    });
    await eventually(() => this.query('postgres', 'select 1'));
  }

  /** Ends the server at once, as a power loss would; `run` brings it back. */
  async halt(): Promise<void> {
    const { child } = this;
    if (child === undefined || child.exitCode !== null) return;
    const ended = new Promise((resolve) => child.once('close', resolve));
    child.kill('SIGQUIT');
    await ended;
  }

  async remove(): Promise<void> {
    await this.halt();
    rmSync(this.directory, { recursive: true, force: true });
  }
}

function ordinaryUser(): { uid: number; gid: number } {
  const id = (flag: string): number => Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' }));
  return { uid: id('-u'), gid: id('-g') };
}

function binaries(): string {
  const root = '/usr/lib/postgresql';
  const version = existsSync(root) ? readdirSync(root).toSorted().at(-1) : undefined;
  if (version === undefined) throw new Error('PostgreSQL is not installed');
  return join(root, version, 'bin');
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}
