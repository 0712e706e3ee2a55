import { appendFile } from 'node:fs/promises';
import { Heartbeats } from './heartbeats';
import type { Heartbeat } from './heartbeats';
import type { CompleteNodeConfig } from './node-config';

/** This node among the others on its shared home. */
export class Cluster {
  private readonly heartbeats: Heartbeats;
  private readonly reported = new Set<string>();
  private last: readonly Heartbeat[] = [];

  constructor(private readonly config: CompleteNodeConfig) {
    this.heartbeats = new Heartbeats(config.sharedHome, config.heartbeatSeconds);
  }

  /** Tells the others that this node is there, looks at them, and records a second cluster on the same home. */
  async beat(state: Heartbeat['state'], drainedFor: string | null): Promise<void> {
    const { nodeId, cluster, address, port, version } = this.config;
    await this.heartbeats.write({
      nodeId,
      cluster,
      address,
      port,
      version,
      state,
      drainedFor,
      at: Date.now(),
    });
    this.last = await this.heartbeats.all();
    for (const other of this.heartbeats.foreign(this.last, cluster)) await this.report(other);
  }

  /** Nodes of this cluster that are alive, this one included as soon as it has written its first file. */
  async live(): Promise<readonly Heartbeat[]> {
    return (await this.own()).filter((beat) => this.heartbeats.isLive(beat));
  }

  /** Also those that ended, as OFFLINE: what a rolling upgrade lists. */
  async known(): Promise<readonly Heartbeat[]> {
    return (await this.own()).map((beat) =>
      this.heartbeats.isLive(beat) ? beat : { ...beat, state: 'OFFLINE' as const },
    );
  }

  /** Removes this node's file, or leaves it as OFFLINE. */
  async leave(keepAsOffline: boolean): Promise<void> {
    if (keepAsOffline) await this.beat('OFFLINE', null);
    else await this.heartbeats.remove(this.config.nodeId);
  }

  async forgetOffline(): Promise<void> {
    for (const beat of await this.known()) {
      if (beat.state === 'OFFLINE') await this.heartbeats.remove(beat.nodeId);
    }
  }

  private async own(): Promise<readonly Heartbeat[]> {
    this.last = await this.heartbeats.all();
    return this.last
      .filter((beat) => beat.cluster === this.config.cluster)
      .toSorted((a, b) => a.nodeId.localeCompare(b.nodeId));
  }

  private async report(other: Heartbeat): Promise<void> {
    if (this.reported.has(other.nodeId)) return;
    this.reported.add(other.nodeId);
    const violation = {
      invariant: 'two clusters on one home',
      detail: `${this.config.nodeId} of ${this.config.cluster} and ${other.nodeId} of ${other.cluster} use ${this.config.sharedHome}`,
      at: new Date().toISOString(),
    };
    console.error(violation.detail);
    await appendFile(this.config.violationsFile, `${JSON.stringify(violation)}\n`);
  }
}
