import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { LabProcess } from '../world/process';
import type { Exports } from './exports';
import { lines } from './mounts';

/** Starts the program behind `atlbitbucket`; resolves when it has been spawned, not when it is ready. */
export type ServiceProgram = () => Promise<LabProcess>;

export type ActiveState = 'active' | 'inactive' | 'failed';
export type EnabledState = 'enabled' | 'disabled' | 'masked';

const BITBUCKET = 'atlbitbucket';
const NFS = 'nfs-server';
/** Real milliseconds that a program is given to end before it is killed. */
const STOP_GRACE_MS = 10_000;

/** The init system of a host: `nfs-server` on file servers, `atlbitbucket` on nodes. What is enabled survives a boot. */
export class Services {
  private program: LabProcess | undefined;
  private serving = false;
  /** Raised when the power goes, so that a program still being spawned then is ended. */
  private life = 0;

  constructor(
    private readonly root: string,
    private readonly exports: Exports,
    role: 'node' | 'fileServer',
    private readonly startProgram: ServiceProgram | undefined,
  ) {
    this.units = [role === 'fileServer' || startProgram === undefined ? NFS : BITBUCKET];
    for (const unit of this.units) if (this.enabled(unit) === undefined) this.enable(unit);
  }

  readonly units: readonly string[];

  active(unit: string): ActiveState {
    if (unit === NFS) return this.serving ? 'active' : 'inactive';
    if (this.program === undefined) return 'inactive';
    return this.program.alive ? 'active' : 'failed';
  }

  /** undefined: never decided, or no such unit. */
  enabled(unit: string): EnabledState | undefined {
    if (this.stateFile(unit, 'masked').length > 0) return 'masked';
    const [state] = this.stateFile(unit, 'state');
    return state === 'enabled' || state === 'disabled' ? state : undefined;
  }

  enable(unit: string): void {
    writeFileSync(this.path(unit, 'state'), 'enabled\n');
  }

  disable(unit: string): void {
    writeFileSync(this.path(unit, 'state'), 'disabled\n');
  }

  mask(unit: string): void {
    writeFileSync(this.path(unit, 'masked'), 'masked\n');
  }

  unmask(unit: string): void {
    rmSync(this.path(unit, 'masked'), { force: true });
  }

  /** No-op when active. @throws Error when the program cannot be started */
  async start(unit: string): Promise<void> {
    if (this.active(unit) === 'active') return;
    if (unit === NFS) {
      this.serving = true;
      this.exports.serve();
    } else if (this.startProgram !== undefined) {
      const life = this.life;
      const program = await this.startProgram();
      this.program = program;
      if (life !== this.life) await program.kill();
    }
  }

  async stop(unit: string): Promise<void> {
    if (unit === NFS) {
      this.serving = false;
      this.exports.withdrawAll();
    } else {
      const program = this.program;
      await program?.stop(STOP_GRACE_MS);
      if (this.program === program) this.program = undefined;
    }
  }

  async boot(): Promise<void> {
    for (const unit of this.units) if (this.enabled(unit) === 'enabled') await this.start(unit);
  }

  async shutDown(): Promise<void> {
    this.life += 1;
    for (const unit of this.units) await this.stop(unit);
  }

  async lose(): Promise<void> {
    this.life += 1;
    this.serving = false;
    await this.program?.kill();
    this.program = undefined;
  }

  private stateFile(unit: string, kind: string): readonly string[] {
    return lines(this.path(unit, kind));
  }

  private path(unit: string, kind: string): string {
    return join(this.root, 'etc', 'systemd', `${unit}.${kind}`);
  }
}
