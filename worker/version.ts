import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { WorkerOptions } from '@temporalio/worker';
import type { DeploymentConfig } from './config';

type DeploymentOptions = NonNullable<WorkerOptions['workerDeploymentOptions']>;

/** The package's version, e.g. `0.1.0`. */
export function packageVersion(): string {
  for (const path of ['../../package.json', '../package.json']) {
    try {
      return (JSON.parse(readFileSync(require.resolve(path), 'utf8')) as { version: string }).version;
    } catch {
      // Compiled code lies one directory deeper than the sources.
    }
  }
  return 'unknown';
}

/**
 * Names the code of a worker, e.g. `0.1.0-5f2c9a81d0b4`: the package's version and a digest of the workflow code, which
 * is what decides whether an open run can be continued. Equal builds have equal ids, on whatever machine.
 * @param bundle path of the workflow bundle
 */
export function buildIdOf(bundle: string): string {
  const code = readFileSync(bundle, 'utf8').replace(SOURCE_MAP, '');
  return `${packageVersion()}-${createHash('sha256').update(code).digest('hex').slice(0, 12)}`;
}

/** Ends the bundle; tells where it was built, which is no matter of the code. */
const SOURCE_MAP = /\n\/\/# sourceMappingURL=.*\s*$/;

/** How Temporal is told: always the version; that runs stay on theirs only where the configuration asks for it. */
export function deploymentOptions({ name, pinned }: DeploymentConfig, buildId: string): DeploymentOptions {
  const version = { deploymentName: name, buildId };
  return pinned
    ? { version, useWorkerVersioning: true, defaultVersioningBehavior: 'PINNED' }
    : { version, useWorkerVersioning: false };
}
