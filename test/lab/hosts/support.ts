import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { HostFleet } from '../../../lab/hosts/host-fleet';
import type { HostDescription, ScriptResult } from '../../../lab/hosts/host-fleet';
import { LabDirectory } from '../../../lab/world/directory';
import { LabProcess } from '../../../lab/world/process';

export const FILE_SERVER: HostDescription = {
  instanceId: 'i-0f11e5e4fe4000001',
  region: 'eu-central-1',
  address: '127.0.0.1',
  role: 'fileServer',
};

export const NODE: HostDescription = {
  instanceId: 'i-0de00000000000001',
  region: 'eu-central-1',
  address: '127.0.0.1',
  role: 'node',
  group: 'bitbucket-nodes',
};

/** A fleet in a directory of its own; the nodes' program just sleeps. */
export class TestFleet {
  readonly root = mkdtempSync(join(tmpdir(), 'hosts-'));
  readonly directory = new LabDirectory(this.root);
  readonly programs: LabProcess[] = [];
  readonly fleet = new HostFleet({
    directory: this.directory,
    startProgram: async () => {
      const program = await LabProcess.start({
        name: 'bitbucket',
        command: 'sleep',
        args: ['1000'],
        log: this.directory.log('bitbucket'),
      });
      this.programs.push(program);
      return program;
    },
  });

  get media(): string {
    return join(this.directory.host(FILE_SERVER.instanceId), 'media', 'atl');
  }

  volume(id: string, file?: string): string {
    const directory = this.directory.volume(id);
    mkdirSync(directory, { recursive: true });
    if (file !== undefined) writeFileSync(join(directory, file), 'content');
    return directory;
  }

  run(script: string, timeoutSeconds = 10, instanceId = FILE_SERVER.instanceId): Promise<ScriptResult> {
    return this.fleet.run(instanceId, script, { timeoutSeconds });
  }

  async end(): Promise<void> {
    await this.fleet.stop();
    rmSync(this.root, { recursive: true, force: true });
  }
}

export async function until(what: string, seen: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 10_000;
  while (!(await seen())) {
    if (Date.now() > deadline) throw new Error(`waited 10 s for: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
