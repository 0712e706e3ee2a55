import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { Exports } from './exports';
import { Mounts } from './mounts';
import { Scripts } from './scripts';
import { Services } from './services';
import type { ServiceProgram } from './services';

export interface HostDescription {
  readonly instanceId: string;
  readonly region: string;
  readonly address: string;
  readonly role: 'node' | 'fileServer';
  /** Auto Scaling group that the instance belongs to. */
  readonly group?: string;
}

export interface HostView extends HostDescription {
  readonly up: boolean;
}

/** One EC2 instance: a directory as root file system, and what a kernel and an init system would keep for it. */
export class Host {
  readonly mounts: Mounts;
  readonly exports: Exports;
  readonly services: Services;
  readonly scripts = new Scripts();
  up = false;

  constructor(
    readonly description: HostDescription,
    readonly root: string,
    startProgram: ServiceProgram | undefined,
  ) {
    for (const part of [
      'dev',
      'etc/exports.d',
      'etc/systemd',
      'media',
      'root',
      'run',
      'tmp',
      'var/lib/nfs',
    ]) {
      mkdirSync(join(root, part), { recursive: true });
    }
    this.mounts = new Mounts(root);
    this.exports = new Exports(root);
    this.services = new Services(root, this.exports, description.role, startProgram);
  }

  get view(): HostView {
    return { ...this.description, up: this.up };
  }

  /** Power on: the services that are enabled for boot start. Mounts return as they were, as from fstab. */
  async boot(): Promise<void> {
    if (this.up) return;
    this.up = true;
    await this.services.boot();
  }

  /** Power off without a word: programs and commands are gone, nothing is exported, nothing is frozen. */
  async lose(): Promise<void> {
    if (!this.up) return;
    this.up = false;
    this.exports.withdrawAll();
    this.mounts.thawAll();
    await Promise.all([this.services.lose(), this.scripts.endAll(this.root)]);
  }

  /** Orderly power off. */
  async shutDown(): Promise<void> {
    if (!this.up) return;
    this.up = false;
    await this.services.shutDown();
    this.mounts.thawAll();
    await this.scripts.endAll(this.root);
  }
}
