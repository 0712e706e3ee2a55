import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { LabDirectory } from '../world/directory';
import type { LabProcess } from '../world/process';
import { CommandServer } from './command-server';
import { Host } from './host';
import type { HostDescription, HostView } from './host';
import { HostLost } from './scripts';
import type { ScriptResult } from './scripts';
import { writeStandIns } from './stand-ins';

export type { HostDescription, HostView } from './host';
export type { ScriptResult } from './scripts';

export interface HostFleetOptions {
  readonly directory: LabDirectory;
  /** Starts the program behind the service `atlbitbucket` of a node; resolves when spawned. */
  readonly startProgram: (host: HostDescription) => Promise<LabProcess>;
}

export interface RunOptions {
  /** Real seconds, then the whole process group is killed. */
  readonly timeoutSeconds: number;
  readonly environment?: Readonly<Record<string, string>>;
  /** Ends the command before its time; it then exits as killed. */
  readonly signal?: AbortSignal;
}

/** The machines of the lab: one directory each as root file system, commands that really run there. */
export class HostFleet {
  private readonly all = new Map<string, Host>();
  private readonly down = new Set<string>();
  private server: Promise<CommandServer> | undefined;
  private readonly bin: string;

  constructor(private readonly options: HostFleetOptions) {
    this.bin = options.directory.run('host-bin');
    writeStandIns(this.bin);
  }

  /** Makes the machine's directory and boots it: enabled services start. */
  async launch(description: HostDescription): Promise<void> {
    const { instanceId } = description;
    if (this.all.has(instanceId)) throw new Error(`${instanceId} was launched already`);
    const host = new Host(
      description,
      this.options.directory.host(instanceId),
      description.role === 'node' ? () => this.options.startProgram(description) : undefined,
    );
    this.all.set(instanceId, host);
    if (!this.down.has(description.region)) await host.boot();
  }

  /** Orderly end of the services, then the machine and its directory are gone; volumes stay. Unknown: no-op. */
  async terminate(instanceId: string): Promise<void> {
    const host = this.all.get(instanceId);
    if (host === undefined) return;
    await host.shutDown();
    this.all.delete(instanceId);
    rmSync(host.root, { recursive: true, force: true, maxRetries: 3 });
  }

  /** Orderly power off and on of one machine (StopInstances, StartInstances, RebootInstances). */
  async powerOff(instanceId: string): Promise<void> {
    await this.get(instanceId).shutDown();
  }

  async powerOn(instanceId: string): Promise<void> {
    await this.get(instanceId).boot();
  }

  /** A whole region loses its power; what is launched there meanwhile boots at `restore`. */
  async crash(region: string): Promise<void> {
    this.down.add(region);
    await Promise.all(this.in(region).map((host) => host.lose()));
  }

  async restore(region: string): Promise<void> {
    this.down.delete(region);
    await Promise.all(this.in(region).map((host) => host.boot()));
  }

  /**
   * Runs a shell script on a machine, by its `#!` line or with /bin/sh.
   * @throws HostLost when the machine is down or goes down meanwhile
   */
  async run(instanceId: string, script: string, options: RunOptions): Promise<ScriptResult> {
    const host = this.get(instanceId);
    if (!host.up) throw new HostLost(`${instanceId} is down`);
    const server = await (this.server ??= CommandServer.start((root) => this.byRoot(root)));
    const folder = mkdtempSync(join(host.root, 'tmp', 'command-'));
    const file = join(folder, 'script.sh');
    writeFileSync(file, script.endsWith('\n') ? script : `${script}\n`);
    chmodSync(file, 0o755);
    try {
      return await host.scripts.run({
        ...(script.startsWith('#!') ? { command: file, args: [] } : { command: '/bin/sh', args: [file] }),
        cwd: host.root,
        environment: { ...this.environment(host, server), ...options.environment },
        timeoutSeconds: options.timeoutSeconds,
        ...(options.signal === undefined ? {} : { signal: options.signal }),
      });
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }

  hosts(): readonly HostView[] {
    return [...this.all.values()].map((host) => host.view);
  }

  /** File that lists what a file server exports now, one directory per line (first word). */
  exportFile(instanceId: string): string {
    return this.get(instanceId).exports.etab;
  }

  /** Mount points left frozen, by machine. */
  frozen(): readonly { readonly instanceId: string; readonly mountPoint: string }[] {
    return [...this.all.entries()].flatMap(([instanceId, host]) =>
      host.mounts.frozen().map((mountPoint) => ({ instanceId, mountPoint })),
    );
  }

  /** @throws Error when the device name is taken */
  async attachDevice(instanceId: string, device: string, volumeDirectory: string): Promise<void> {
    this.get(instanceId).mounts.attach(device, volumeDirectory);
  }

  /** @throws Error naming the mount point while the device is mounted */
  async detachDevice(instanceId: string, device: string): Promise<void> {
    this.get(instanceId).mounts.detach(device);
  }

  /** Everything off, orderly. */
  async stop(): Promise<void> {
    await Promise.all([...this.all.values()].map((host) => host.shutDown()));
    const server = await this.server;
    await server?.stop();
    this.server = undefined;
  }

  private get(instanceId: string): Host {
    const host = this.all.get(instanceId);
    if (host === undefined) throw new Error(`there is no machine ${instanceId}`);
    return host;
  }

  private in(region: string): readonly Host[] {
    return [...this.all.values()].filter((host) => host.description.region === region);
  }

  private byRoot(root: string): Host | undefined {
    return [...this.all.values()].find((host) => host.root === root);
  }

  private environment(host: Host, server: CommandServer): Readonly<Record<string, string>> {
    return {
      PATH: `${this.bin}:${process.env.PATH ?? '/usr/local/bin:/usr/bin:/bin'}`,
      HOME: join(host.root, 'root'),
      TMPDIR: join(host.root, 'tmp'),
      RUNTIME_DIRECTORY: join(host.root, 'run'),
      LANG: 'C.UTF-8',
      LAB_HOST_ROOT: host.root,
      LAB_HOST_CONTROL: server.control,
    };
  }
}
