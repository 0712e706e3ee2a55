import { setTimeout as sleep } from 'node:timers/promises';
import { Calendar } from '../clock/calendar';
import { Cluster } from './cluster';
import { Database } from './database';
import type { Pulse } from './database';
import { findHomeProblem, readProperties, renderProperties, writeProperties } from './home';
import type { CompleteNodeConfig } from './node-config';
import { Unavailable } from './problem';
import { Users } from './users';
import { WebServer } from './web-server';

/** States of `/status` [B §2.1]. */
export type NodeState = 'STARTING' | 'RUNNING' | 'FIRST_RUN' | 'MAINTENANCE' | 'STOPPING' | 'ERROR';

const HEARTBEAT_STATE = {
  STARTING: 'STARTING',
  FIRST_RUN: 'STARTING',
  RUNNING: 'ACTIVE',
  MAINTENANCE: 'ACTIVE',
  STOPPING: 'DRAINING',
  ERROR: 'ERROR',
} as const;

/** One Bitbucket node: boots, watches its database and its home, serves, drains, ends. */
export class BitbucketNode {
  readonly database: Database;
  readonly users: Users;
  readonly cluster: Cluster;
  private readonly calendar: Calendar;
  private readonly web: WebServer;
  private readonly ending = new AbortController();
  private phase: 'STARTING' | 'UP' | 'FIRST_RUN' | 'ERROR' | 'STOPPING' = 'STARTING';
  private fault: string | undefined;
  private missedPulses = 0;
  private last: Pulse | undefined;
  private watching: Promise<void> = Promise.resolve();
  private beating: Promise<void> = Promise.resolve();
  private joined = false;

  constructor(readonly config: CompleteNodeConfig) {
    this.database = new Database(config.database);
    this.users = new Users(this.database);
    this.cluster = new Cluster(config);
    this.calendar = new Calendar(config.calendarFile);
    this.web = new WebServer(this);
  }

  get state(): NodeState {
    if (this.phase !== 'UP') return this.phase;
    if (this.fault !== undefined) return 'ERROR';
    return this.last?.maintenance === undefined ? 'RUNNING' : 'MAINTENANCE';
  }

  /** Time with which pushes are recorded. */
  now(): Date {
    return new Date(this.calendar.now());
  }

  /** @throws Unavailable while the shared home cannot be used */
  async assertHome(): Promise<void> {
    const problem = await findHomeProblem(this.config);
    if (problem !== undefined) throw new Unavailable(problem);
  }

  /** Listens at once with STARTING, returns when the boot has come to an end, good or bad. */
  async start(): Promise<void> {
    await this.web.listen();
    console.log(`starting Bitbucket ${this.config.version} as ${this.config.nodeId}`);
    this.watching = this.watch();
    await sleep(this.config.startupSeconds * 1000, undefined, { signal: this.ending.signal }).catch(
      () => undefined,
    );
    if (this.phase !== 'STARTING') return;
    const phase = await this.boot().catch((error: unknown) => this.fail(String(error)));
    // A node that says RUNNING is in the others' list already.
    if (phase === 'UP') await this.beat(true).catch((error: unknown) => console.error('heartbeat:', error));
    // A stop that came during the boot keeps its word.
    if (!this.ending.signal.aborted) this.phase = phase;
    console.log(`state ${this.state}`);
  }

  /** Refuses new work, waits for the running one up to `drainSeconds`, then lets go of everything. */
  async stop(): Promise<void> {
    if (this.ending.signal.aborted) return;
    this.phase = 'STOPPING';
    this.ending.abort();
    console.log('stopping');
    await this.web.drain(this.config.drainSeconds);
    await this.watching;
    if ((await findHomeProblem(this.config)) === undefined)
      await this.cluster.leave(this.last?.upgrade?.enabled === true);
    await this.web.close();
    // A hung server must not keep the node from ending.
    await Promise.race([this.database.close(), sleep(1000)]);
  }

  /** Looks again at what all nodes share; called after this node has changed it. */
  async refresh(): Promise<void> {
    const home = await findHomeProblem(this.config);
    try {
      this.last = await this.database.pulse();
      this.missedPulses = 0;
      this.fault = home ?? (this.last.recovery ? 'the database is read-only' : undefined);
    } catch (error) {
      this.missedPulses += 1;
      // One lost answer is no outage; the requests of that moment fail by themselves.
      this.fault =
        home ?? (this.missedPulses >= 2 ? `the database does not answer: ${String(error)}` : this.fault);
    }
  }

  private async boot(): Promise<typeof this.phase> {
    const home = await findHomeProblem(this.config);
    if (home !== undefined) return this.fail(home);
    const seen = await this.database.look();
    if (seen.state === 'unreachable') return this.fail(`the database cannot be reached: ${seen.detail}`);
    if (seen.state === 'readOnly') return this.fail('the database is read-only');
    await this.renderProperties();
    if (seen.state === 'empty') return 'FIRST_RUN';
    const others = (await this.cluster.live()).filter(({ nodeId }) => nodeId !== this.config.nodeId);
    // The lock lives in the memory of the running cluster: it ends with the last node.
    if (others.length === 0) await this.database.deleteSetting('maintenance');
    await this.refresh();
    const stranger = others.find(
      ({ state, version }) => state === 'ACTIVE' && version !== this.config.version,
    );
    if (stranger !== undefined && this.last?.upgrade?.enabled !== true)
      return this.fail(`version ${stranger.version} is running and upgrade mode is off`);
    if (others.length === 0) void this.checkIntegrity();
    return 'UP';
  }

  private fail(reason: string): 'ERROR' {
    console.error(`cannot start: ${reason}`);
    return 'ERROR';
  }

  private async renderProperties(): Promise<void> {
    const { stackProperties, cluster, database, sharedHome } = this.config;
    if (stackProperties === undefined) return;
    await writeProperties(sharedHome, renderProperties({ stackProperties, cluster, database }));
  }

  /** Only the first node of a cluster, only when the home says that it recovers from a disaster [B §8]. */
  private async checkIntegrity(): Promise<void> {
    const properties = await readProperties(this.config.sharedHome);
    if (properties.get('disaster.recovery') !== 'true') return;
    console.log('Integrity checks are running');
    await sleep(this.config.integrityCheckSeconds * 1000, undefined, {
      signal: this.ending.signal,
      ref: false,
    }).then(
      () => console.log('Integrity checks have finished'),
      () => console.log('Integrity checks were interrupted'),
    );
  }

  private async watch(): Promise<void> {
    while (!this.ending.signal.aborted) {
      try {
        if (this.phase === 'UP') await this.refresh();
        await this.beat();
      } catch (error) {
        console.error('heartbeat:', error);
      }
      await sleep(this.config.heartbeatSeconds * 1000, undefined, { signal: this.ending.signal }).catch(
        () => undefined,
      );
    }
  }

  /** One after the other, or an older one might win. `join`: the boot is over, RUNNING is said next. */
  private beat(join = false): Promise<void> {
    const beat = this.beating.then(async () => {
      if ((await findHomeProblem(this.config)) !== undefined) return;
      if (join) this.joined = true;
      const now = this.joined && this.phase === 'STARTING' ? 'ACTIVE' : HEARTBEAT_STATE[this.state];
      await this.cluster.beat(now, this.drainedFor());
    });
    this.beating = beat.catch(() => undefined);
    return beat;
  }

  private drainedFor(): string | null {
    return this.web.busy === 0 ? (this.last?.maintenance?.backup?.cancelToken ?? null) : null;
  }
}
