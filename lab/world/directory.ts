import { mkdirSync } from 'node:fs';
import { join } from 'node:path';

/** Where a lab keeps its state: one directory, removed as a whole. */
export class LabDirectory {
  constructor(readonly root: string) {
    for (const part of ['hosts', 'volumes', 'snapshots', 'databases', 'logs', 'run']) {
      mkdirSync(join(root, part), { recursive: true, mode: 0o755 });
    }
  }

  /** Root file system of an EC2 instance. */
  host(instanceId: string): string {
    return join(this.root, 'hosts', instanceId);
  }

  /** Content of an EBS volume. */
  volume(volumeId: string): string {
    return join(this.root, 'volumes', volumeId);
  }

  /** Content of an EBS snapshot. */
  snapshot(snapshotId: string): string {
    return join(this.root, 'snapshots', snapshotId);
  }

  /** Data directory of a DB instance, by its stable resource id. */
  database(resourceId: string): string {
    return join(this.root, 'databases', resourceId);
  }

  log(name: string): string {
    return join(this.root, 'logs', `${name}.log`);
  }

  run(name: string): string {
    return join(this.root, 'run', name);
  }

  /** For `Calendar`. */
  get calendar(): string {
    return this.run('calendar');
  }
}
