import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DatabaseLocation } from '../../../lab/bitbucket/database';
import { startNode } from '../../../lab/bitbucket/launch';
import type { NodeConfig } from '../../../lab/bitbucket/node-config';
import { seedPrimary } from '../../../lab/bitbucket/seed';
import type { SeededRepository } from '../../../lab/bitbucket/seed';
import type { LabProcess } from '../../../lab/world/process';
import { eventually } from './eventually';
import type { PostgresServer } from './postgres-server';

export const ADMINISTRATOR = { username: 'admin', password: 'admin-password' };
export const DEVELOPER = { username: 'developer', password: 'developer-password' };
const BASIC = (user: { username: string; password: string }): string =>
  `Basic ${Buffer.from(`${user.username}:${user.password}`).toString('base64')}`;

let databases = 0;
let addresses = 0;
// Each test process has its own loopback addresses.
const network = `127.${250 + (process.pid % 5)}.${Math.floor(process.pid / 5) % 250}`;

/** A seeded home and database, and the nodes that a test starts on them. */
export class Site {
  readonly nodes: LabProcess[] = [];
  readonly directory = mkdtempSync(join(tmpdir(), 'bitbucket-test-site-'));
  readonly sharedHome = join(this.directory, 'shared');
  readonly exportFile = join(this.directory, 'exports');
  readonly violationsFile = join(this.directory, 'violations');
  readonly log = join(this.directory, 'node.log');
  repositories: readonly SeededRepository[] = [];

  private constructor(readonly database: DatabaseLocation) {
    this.export(true);
  }

  static async seed(server: PostgresServer, slugs: readonly string[] = ['one', 'two']): Promise<Site> {
    databases += 1;
    const site = new Site(await server.createDatabase(`bitbucket_${databases}`));
    site.repositories = await seedPrimary({
      database: site.database,
      sharedHome: site.sharedHome,
      cluster: 'primary',
      administrator: ADMINISTRATOR,
      probeUser: DEVELOPER,
      projects: [{ key: 'PROJ', repositories: slugs }],
      mirrors: [{ id: 'mirror-1', name: 'Farm', baseUrl: 'http://mirror.lab' }],
      version: '8.19.4',
    });
    return site;
  }

  export(exported: boolean): void {
    writeFileSync(this.exportFile, exported ? `/export ${'127.0.0.0/8(rw)'}\n` : '');
  }

  config(changes: Partial<NodeConfig> = {}): NodeConfig {
    addresses += 1;
    return {
      nodeId: `i-${addresses}`,
      address: `${network}.${addresses}`,
      port: 7990,
      cluster: 'primary',
      sharedHome: this.sharedHome,
      exportFile: this.exportFile,
      exportPath: '/export',
      database: this.database,
      version: '8.19.4',
      startupSeconds: 0.2,
      heartbeatSeconds: 0.2,
      indexingSeconds: 1,
      upgradeTaskSeconds: 0.5,
      integrityCheckSeconds: 0.2,
      drainSeconds: 5,
      administrator: ADMINISTRATOR,
      probeUser: DEVELOPER,
      violationsFile: this.violationsFile,
      ...changes,
    };
  }

  async start(changes: Partial<NodeConfig> = {}): Promise<Node> {
    const config = this.config(changes);
    const process = await startNode(config, this.log);
    this.nodes.push(process);
    return new Node(config.nodeId, `http://${config.address}:7990`, process);
  }

  output(): string {
    return readFileSync(this.log, 'utf8');
  }

  async remove(): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.kill()));
    rmSync(this.directory, { recursive: true, force: true });
  }
}

/** What the tests read from answers; absent members come as undefined and fail the expectation. */
export interface Body {
  readonly id: number;
  readonly state: string;
  readonly status: string;
  readonly unlockToken: string;
  readonly cancelToken: string;
  readonly task: { readonly state: string };
  readonly nodes: readonly { readonly id: string }[];
  readonly values: readonly { readonly displayId: string }[];
}

export class Node {
  constructor(
    readonly id: string,
    readonly url: string,
    readonly process: LabProcess,
  ) {}

  async status(): Promise<{ code: number; state: string }> {
    const response = await fetch(`${this.url}/status`);
    return { code: response.status, ...((await response.json()) as { state: string }) };
  }

  reaches(state: string): Promise<{ code: number; state: string }> {
    return eventually(async () => {
      const status = await this.status();
      if (status.state !== state) throw new Error(`state is ${status.state}, not ${state}`);
      return status;
    });
  }

  async call<T = Body>(
    method: string,
    path: string,
    options: { body?: unknown; as?: typeof ADMINISTRATOR | null; headers?: Record<string, string> } = {},
  ): Promise<{ status: number; body: T }> {
    const user = options.as === undefined ? ADMINISTRATOR : options.as;
    const response = await fetch(`${this.url}${path}`, {
      method,
      headers: { ...(user === null ? {} : { authorization: BASIC(user) }), ...options.headers },
      ...(options.body === undefined ? {} : { body: JSON.stringify(options.body) }),
    });
    const text = await response.text();
    return { status: response.status, body: (text === '' ? undefined : JSON.parse(text)) as T };
  }
}
