import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { auditPushes } from './audit';
import type { Audit } from './audit';
import { runGit } from './git-command';
import type { GitConfig, GitOptions } from './git-command';
import { completeTrafficOptions } from './options';
import type { CompleteTrafficOptions, TrafficOptions } from './options';
import { Outages } from './outages';
import type { Outage } from './outages';
import { PushesFile } from './pushes-file';
import { ServiceAddress } from './service-address';
import { WorkingCopy } from './working-copy';

export interface TrafficSummary {
  /** Attempts; acknowledged + failed + unknown. */
  readonly pushes: number;
  readonly acknowledged: number;
  /** Certainly not done. */
  readonly failed: number;
  /** No answer came: done or not. */
  readonly unknown: number;
  /** Clones that succeeded. */
  readonly clones: number;
  readonly failedClones: number;
  /** Sum of all outages, real seconds, including one that still lasts. */
  readonly downtimeSeconds: number;
  readonly outages: readonly Outage[];
  readonly lastError: string | null;
}

/** Users who push and clone all the time. They keep on during an outage and notice its beginning and its end. */
export class Traffic {
  private readonly options: CompleteTrafficOptions;
  private readonly address: ServiceAddress;
  private readonly pushes: PushesFile;
  private readonly outages: Outages;
  private readonly idle: WorkingCopy[];
  private readonly ending = new AbortController();
  private readonly count = { pushes: 0, acknowledged: 0, failed: 0, unknown: 0, clones: 0, failedClones: 0 };
  private lastError: string | null = null;
  private working: Promise<void> = Promise.resolve();

  constructor(options: TrafficOptions) {
    this.options = completeTrafficOptions(options);
    const { serviceName, dnsServer, ttlScale, directory } = this.options;
    this.address = new ServiceAddress(serviceName, dnsServer, ttlScale);
    this.pushes = new PushesFile(this.options.pushesFile);
    this.outages = new Outages(this.options.minimumOutageMs);
    this.idle = this.options.repositories.map((repository) => new WorkingCopy(directory, repository));
  }

  async start(): Promise<void> {
    await mkdir(this.options.directory, { recursive: true });
    const workers = Math.min(this.options.workers, this.options.repositories.length);
    this.working = Promise.all(Array.from({ length: workers }, (_, index) => this.work(index, workers))).then(
      () => undefined,
    );
  }

  /** Ends what runs, leaves no process behind. A push that is cut off counts as unknown. */
  async stop(): Promise<void> {
    this.ending.abort();
    this.address.cancel();
    await this.working;
  }

  summary(): TrafficSummary {
    return { ...this.count, ...this.outages.summary(Date.now()), lastError: this.lastError };
  }

  /**
   * Which acknowledged pushes does the service no longer have?
   * @param urlOf clone URL of a repository, without credentials; the live service when absent
   * @throws Error when a repository cannot be fetched
   */
  async audit(urlOf?: (repository: string) => string): Promise<Audit> {
    return auditPushes(
      this.pushes.read(),
      urlOf ?? (async (repository) => this.url(await this.address.resolve(), repository)),
      { config: this.config(), timeoutMs: Math.max(30_000, this.options.timeoutMs) },
    );
  }

  private async work(index: number, workers: number): Promise<void> {
    const { intervalMs, cloneEvery } = this.options;
    await this.pause((intervalMs / workers) * index);
    for (let turn = 1; !this.ending.signal.aborted; turn += 1) {
      const began = Date.now();
      const copy = this.idle.shift();
      if (copy !== undefined) {
        await this.push(copy);
        if (cloneEvery > 0 && turn % cloneEvery === 0) await this.clone(copy.repository);
        this.idle.push(copy);
      }
      // Never without a pause: a service that refuses at once must not turn the users into an attack.
      await this.pause(Math.max(20, intervalMs - (Date.now() - began)));
    }
  }

  private async push(copy: WorkingCopy): Promise<void> {
    const { repository } = copy;
    this.count.pushes += 1;
    const result = await this.address.resolve().then(
      (address) => copy.push(this.url(address, repository), `Push ${this.count.pushes}`, this.gitOptions()),
      (error: unknown) => ({ outcome: 'failed' as const, detail: String(error) }),
    );
    const stopped = this.ending.signal.aborted;
    this.count[result.outcome] += 1;
    if (result.outcome === 'acknowledged') {
      const at = Date.now();
      this.pushes.append({ repository, commit: result.commit, at: new Date(at).toISOString() });
      this.outages.succeeded(at);
    } else if (!stopped) {
      this.lastError = `${repository}: ${result.detail}`;
      this.outages.failed();
    }
  }

  private async clone(repository: string): Promise<void> {
    const directory = await mkdtemp(join(this.options.directory, 'clone-'));
    try {
      const url = this.url(await this.address.resolve(), repository);
      const result = await runGit(
        ['clone', '--quiet', '--bare', '--template=', url, directory],
        this.gitOptions(),
      );
      this.count[result.exitCode === 0 ? 'clones' : 'failedClones'] += 1;
    } catch {
      this.count.failedClones += 1;
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
  }

  private url(address: string, repository: string): string {
    return `http://${address}:${this.options.port}/scm/${repository}.git`;
  }

  private gitOptions(): GitOptions {
    return { config: this.config(), timeoutMs: this.options.timeoutMs, signal: this.ending.signal };
  }

  /** The name in the Host header, the address in the URL: git must not resolve the name by itself. */
  private config(): GitConfig {
    const { credentials, serviceName, port } = this.options;
    const basic = Buffer.from(`${credentials.username}:${credentials.password}`).toString('base64');
    return [
      ['http.extraHeader', `Host: ${serviceName}:${port}`],
      ['http.extraHeader', `Authorization: Basic ${basic}`],
      ['http.proxy', ''],
      ['gc.auto', '0'],
      ['pack.threads', '1'],
    ];
  }

  private async pause(ms: number): Promise<void> {
    await sleep(ms, undefined, { signal: this.ending.signal }).catch(() => undefined);
  }
}
