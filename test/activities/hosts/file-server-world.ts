import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Dependencies } from '../../../activities/dependencies';
import { HostFleet } from '../../../lab/hosts/host-fleet';
import { LabDirectory } from '../../../lab/world/directory';
import type { FileServer } from '../../../workflows/plan/instance';
import type { StepContext } from '../../../workflows/runbook/step';
import { FakeSystemsManager } from './fake-systems-manager';

export const REGION = 'eu-west-1';

export const CONTEXT: StepContext = {
  instance: 'bitbucket-test',
  run: {
    workflowId: 'drFailover/bitbucket-test/1',
    runId: 'run-1',
    firstRunId: 'run-1',
    runbook: 'drFailover',
  },
  step: 'mountHome',
  token: 1,
  pace: { expectedSeconds: 1, fastestSeconds: 0.1, slowestSeconds: 1 },
};

/**
 * One file server of the lab with an attached, unmounted volume that holds two real repositories, and optionally a data store
 * inside of it on a volume of its own, which holds a third.
 */
export class FileServerWorld {
  private constructor(
    readonly root: string,
    readonly fleet: HostFleet,
    readonly ssm: FakeSystemsManager,
    readonly dependencies: Dependencies,
    readonly fileServer: FileServer,
    readonly volume: string,
    readonly store: string,
    /** Of repositories 1 and 2, and 3 on the data store. */
    readonly commits: readonly string[],
  ) {}

  static async start({ withStore = false } = {}): Promise<FileServerWorld> {
    const root = mkdtempSync(join(tmpdir(), 'runbooks-hosts-'));
    const directory = new LabDirectory(root);
    const fleet = new HostFleet({
      directory,
      startProgram: () => Promise.reject(new Error('no nodes here')),
    });
    const instanceId = 'i-fileserver';
    await fleet.launch({ instanceId, region: REGION, address: '127.0.0.1', role: 'fileServer' });
    const volume = directory.volume('vol-home');
    const commits = fillVolume(volume);
    await fleet.attachDevice(instanceId, '/dev/xvdf', volume);
    const store = directory.volume('vol-store');
    if (withStore) {
      commits.push(fillWithLock(join(store, ...STORED)));
      await fleet.attachDevice(instanceId, '/dev/xvdg', store);
    }
    const ssm = await FakeSystemsManager.start(fleet);
    const media = join(directory.host(instanceId), 'media', 'atl');
    const fileServer: FileServer = {
      instanceId,
      sharedHome: join(media, 'bitbucket', 'shared'),
      exportPath: join(media, 'bitbucket', 'shared'),
      exportTo: '10.0.0.0/16(rw,sync,no_root_squash)',
      owner: 'bitbucket',
      volumes: [
        { name: 'home', device: '/dev/xvdf', mountPoint: media, type: 'gp3' },
        ...(withStore
          ? [
              {
                name: 'store',
                device: '/dev/xvdg',
                mountPoint: join(media, 'bitbucket', 'shared', 'stores', 'one'),
                type: 'gp3',
              },
            ]
          : []),
      ],
    };
    const secrets = { resolve: (reference: string) => Promise.resolve(`secret of ${reference}`) };
    const dependencies = { aws: ssm.clients(), secrets };
    return new FileServerWorld(root, fleet, ssm, dependencies, fileServer, volume, store, commits);
  }

  get home(): string {
    return join(this.volume, 'bitbucket', 'shared');
  }

  repository(id: number): string {
    return join(this.home, 'data', 'repositories', String(id));
  }

  /** Where the data store's repository lies, in the volume. */
  get stored(): string {
    return join(this.store, ...STORED);
  }

  /** Puts a program of ours before the host's own, which it may call as `$real`. Without a last word it goes on with it. */
  wrap(program: string, does: string): void {
    const before = join(this.root, 'run', 'host-bin', program);
    // A stand-in goes by its name.
    const real = join(this.root, 'run', 'real', program);
    mkdirSync(dirname(real), { recursive: true });
    if (!existsSync(real)) {
      symlinkSync(existsSync(before) ? realpathSync(before) : join('/usr/bin', program), real);
    }
    rmSync(before, { force: true });
    writeFileSync(before, `#!/bin/sh\nreal=${real}\n${does}\nexec "$real" "$@"\n`, { mode: 0o755 });
  }

  /** First words of what is exported now. */
  exported(): readonly string[] {
    const file = this.fleet.exportFile(this.fileServer.instanceId);
    const lines = existsSync(file) ? readFileSync(file, 'utf8').split('\n') : [];
    return lines.map((line) => line.split(/\s/)[0] ?? '').filter((path) => path !== '');
  }

  async stop(): Promise<void> {
    this.dependencies.aws.destroy();
    await this.ssm.stop();
    await this.fleet.stop();
    rmSync(this.root, { recursive: true, force: true });
  }
}

/** Where Bitbucket puts it is its own affair. */
const STORED = ['a1', 'b2c3', '3'];

function fillVolume(volume: string): string[] {
  const home = join(volume, 'bitbucket', 'shared');
  mkdirSync(join(home, 'data', 'repositories'), { recursive: true });
  writeFileSync(join(home, 'bitbucket.properties'), 'jdbc.user=bitbucket\n');
  return [1, 2].map((id) => fillWithLock(join(home, 'data', 'repositories', String(id))));
}

function fillWithLock(repository: string): string {
  const commit = fillRepository(repository);
  const stale = join(repository, 'HEAD.lock');
  writeFileSync(stale, '');
  utimesSync(stale, 1, 1);
  return commit;
}

/** A bare repository with one commit on main. */
function fillRepository(path: string): string {
  const git = (...args: string[]): string =>
    execFileSync('git', args, {
      env: {
        PATH: process.env.PATH,
        HOME: path,
        GIT_AUTHOR_NAME: 'a',
        GIT_AUTHOR_EMAIL: 'a@localhost',
        GIT_COMMITTER_NAME: 'a',
        GIT_COMMITTER_EMAIL: 'a@localhost',
      },
      stdio: ['ignore', 'pipe', 'ignore'],
      input: '',
      encoding: 'utf8',
    }).trim();
  git('init', '--quiet', '--bare', '--initial-branch=main', path);
  const tree = git('--git-dir', path, 'mktree');
  const commit = git('--git-dir', path, 'commit-tree', '-m', `first of ${path}`, tree);
  git('--git-dir', path, 'update-ref', 'refs/heads/main', commit);
  return commit;
}
