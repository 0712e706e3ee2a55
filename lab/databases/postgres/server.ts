import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import type { QueryResultRow } from 'pg';
import { LabProcess } from '../../world/process';
import { baseBackup } from './base-backup';
import { changeOwner, makePrivateDirectory, runProgram } from './run-as';
import type { RunAs } from './run-as';
import { accessRules, ADMINISTRATOR, PORT, serverSettings } from './settings';
import type { Access, Role, Upstream } from './settings';

export interface ServerOptions {
  readonly name: string;
  /** Where clients connect; empty: nobody does. */
  readonly address: string;
  /** Endpoint of the cluster whose writer it is. */
  readonly clusterAddress?: string | undefined;
  readonly dataDirectory: string;
  readonly socketDirectory: string;
  readonly log: string;
  /** Directory that holds `postgres` and `initdb`. */
  readonly postgresBin: string;
  readonly runAs?: RunAs | undefined;
}

const START_TIMEOUT_MS = 30_000;

/** One real PostgreSQL server. The caller sees to it that calls do not overlap. */
export class PostgresServer {
  private process: LabProcess | undefined;
  private access: Access = { open: true, cutOff: [] };
  private powered = true;

  constructor(readonly options: ServerOptions) {}

  get alive(): boolean {
    return this.process?.alive === true;
  }

  /** A new, empty data directory. */
  async initialise(): Promise<void> {
    const { dataDirectory, postgresBin, runAs } = this.options;
    await makePrivateDirectory(dataDirectory, runAs);
    const options = ['--auth=trust', '--no-sync', '--encoding=UTF8', '--locale=C', '--wal-segsize=1'];
    await runProgram(
      join(postgresBin, 'initdb'),
      ['-D', dataDirectory, '-U', ADMINISTRATOR, ...options],
      runAs,
    );
  }

  /** Writes what the server reads at its start. */
  async configure(role: Role): Promise<void> {
    await this.write('postgresql.conf', serverSettings(role));
    await this.write('postgresql.auto.conf', '');
    await this.write('pg_hba.conf', accessRules(this.access));
    for (const [kind, signal] of [
      ['standby', 'standby.signal'],
      ['restored', 'recovery.signal'],
    ]) {
      if (role.kind === kind) await this.write(String(signal), '');
      else await rm(join(this.options.dataDirectory, String(signal)), { force: true });
    }
  }

  /** Starts the server and waits until it answers on its socket. @throws Error with the end of its log */
  async start(): Promise<void> {
    if (this.alive) return;
    await makePrivateDirectory(this.options.socketDirectory, this.options.runAs);
    await this.write('pg_hba.conf', accessRules(this.access));
    const deadline = Date.now() + START_TIMEOUT_MS;
    while (!(await this.answers())) {
      if (!this.powered) {
        await this.process?.kill();
        throw new Error(`PostgreSQL of ${this.options.name} has no power`);
      }
      if (Date.now() > deadline) {
        await this.process?.kill();
        throw new Error(`PostgreSQL of ${this.options.name} does not start: ${await this.endOfLog()}`);
      }
      // Right after a power loss the children of the killed server may still hold its memory: it has to be tried again.
      if (!this.alive) await this.launch();
      await sleep(40);
    }
  }

  /** Orderly end; clients are disconnected. */
  async stop(): Promise<void> {
    await this.process?.stop(10_000);
  }

  /** End without a checkpoint: the next start recovers. */
  async stopImmediately(): Promise<void> {
    this.process?.signal('SIGQUIT');
    await this.process?.stop(5000);
    if (this.process !== undefined) await this.forgetMemory();
  }

  /** Sudden death; nothing starts the server before `powerOn`. */
  async powerOff(): Promise<void> {
    this.powered = false;
    await this.process?.kill();
  }

  powerOn(): void {
    this.powered = true;
  }

  /** Ends recovery; the server then accepts writes. */
  async promote(): Promise<void> {
    const [row] = await this.query<{ promoted: boolean }>('select pg_promote(true, 30) as promoted');
    if (row?.promoted !== true) throw new Error(`PostgreSQL of ${this.options.name} was not promoted`);
  }

  /** Copies the data of the running server into a new directory. */
  async copyTo(directory: string): Promise<void> {
    await this.withConnection('postgres', 120_000, (client) =>
      baseBackup(client, this.options.dataDirectory, directory, this.options.runAs),
    );
  }

  /** Follows another source from now on, without a restart. */
  async follow(upstream: Upstream): Promise<void> {
    await this.write('postgresql.conf', serverSettings({ kind: 'standby', upstream }));
    if (this.alive) await this.query('select pg_reload_conf()');
  }

  /**
   * Lets in or keeps out. When this returns, who is kept out gets no new connection, and the connections that were
   * there have been ended.
   */
  async allow(access: Access): Promise<void> {
    this.access = access;
    if (!this.alive) return;
    await this.write('pg_hba.conf', accessRules(access));
    const loaded = await this.loadedAt();
    await this.query('select pg_reload_conf()');
    for (let attempt = 0; (await this.loadedAt()) === loaded; attempt += 1) {
      if (attempt === 100)
        throw new Error(`PostgreSQL of ${this.options.name} does not take new access rules`);
      await sleep(20);
    }
    await this.query(
      `select pg_terminate_backend(pid) from pg_stat_activity
        where pid <> pg_backend_pid() and usename <> $1 and backend_type in ('client backend', 'walsender')
          and (not $2::boolean or (backend_type = 'walsender' and usename = any($3)))`,
      [ADMINISTRATOR, access.open, access.cutOff],
    );
  }

  /** One statement as superuser over the socket. @throws Error of the server, or after `timeoutMs` */
  query<T extends QueryResultRow>(
    sql: string,
    values: readonly unknown[] = [],
    options: { readonly database?: string; readonly timeoutMs?: number } = {},
  ): Promise<readonly T[]> {
    const { database = 'postgres', timeoutMs = 35_000 } = options;
    return this.withConnection(database, timeoutMs, async (client) => {
      const { rows } = await client.query<T>(sql, [...values]);
      return rows;
    });
  }

  private async withConnection<T>(
    database: string,
    timeoutMs: number,
    work: (client: Client) => Promise<T>,
  ): Promise<T> {
    const client = new Client({
      host: this.options.socketDirectory,
      port: PORT,
      user: ADMINISTRATOR,
      database,
      connectionTimeoutMillis: Math.min(timeoutMs, 5000),
      query_timeout: timeoutMs,
    });
    // A server that dies during the work fails the work; the event would end the process.
    client.on('error', () => undefined);
    try {
      await client.connect();
      return await work(client);
    } finally {
      await client.end().catch(() => undefined);
    }
  }

  private async launch(): Promise<void> {
    const { name, address, clusterAddress, dataDirectory, socketDirectory, log, postgresBin, runAs } =
      this.options;
    const settings = {
      listen_addresses: clusterAddress === undefined ? address : `${address},${clusterAddress}`,
      port: PORT,
      unix_socket_directories: socketDirectory,
    };
    this.process = await LabProcess.start({
      name: `postgres ${name}`,
      command: join(postgresBin, 'postgres'),
      args: [
        '-D',
        dataDirectory,
        ...Object.entries(settings).flatMap(([key, value]) => ['-c', `${key}=${value}`]),
      ],
      log,
      cwd: '/',
      stopSignal: 'SIGINT',
      ...runAs,
    });
  }

  private async answers(): Promise<boolean> {
    if (!this.alive) return false;
    return this.query('select 1', [], { timeoutMs: 2000 }).then(
      () => true,
      () => false,
    );
  }

  /** When the parent of all connections last read its files; a new connection has it from there. */
  private async loadedAt(): Promise<string> {
    const [row] = await this.query<{ at: string }>('select pg_conf_load_time()::text as at');
    return row?.at ?? '';
  }

  private async write(file: string, content: string): Promise<void> {
    const path = join(this.options.dataDirectory, file);
    await writeFile(path, content, { mode: 0o600 });
    await changeOwner(path, this.options.runAs);
  }

  private async endOfLog(): Promise<string> {
    const log = await readFile(this.options.log, 'utf8').catch(() => '');
    return log.trim().split('\n').slice(-5).join(' | ');
  }

  /** A killed server leaves its System V segment behind; the last line but one of postmaster.pid names it. */
  private async forgetMemory(): Promise<void> {
    const lines = await readFile(join(this.options.dataDirectory, 'postmaster.pid'), 'utf8').catch(() => '');
    const segment = /^\s*\d+\s+(\d+)\s*$/.exec(lines.split('\n')[6] ?? '')?.[1];
    if (segment !== undefined) await runProgram('ipcrm', ['-m', segment]).catch(() => undefined);
  }
}
