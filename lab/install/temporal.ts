import { renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';

import { cacheDirectory } from './cache';
import { execute, isExecutable, onPath } from './execute';
import { downloadWithSdk } from './sdk-download';
import { installed, ToolMissing } from './tool';
import type { Report } from './tool';

/** The newest tag that installs through the Go module proxy; later ones have a nested module that it does not carry. */
const TEMPORAL_CLI = 'v1.5.1';

const NAME = `temporal-${TEMPORAL_CLI}`;

/**
 * Path of the Temporal command line with its dev server: `TEMPORAL_CLI_PATH`, `temporal` on PATH, our cache, built
 * with Go (about two minutes), and last the SDK's own download. The download comes after Go, because where the
 * network forbids it nobody can tell a slow one from a blocked one.
 */
export async function findTemporal(report: Report): Promise<string> {
  const chosen = process.env.TEMPORAL_CLI_PATH;
  if (chosen !== undefined && chosen !== '') {
    if (isExecutable(chosen)) return chosen;
    throw new ToolMissing(
      `TEMPORAL_CLI_PATH names ${chosen}, which is no executable file: correct or unset it`,
    );
  }
  const found = onPath('temporal');
  if (found !== undefined) return found;
  const cached = join(cacheDirectory(), NAME, 'temporal');
  if (isExecutable(cached)) return cached;
  await installed(NAME, report, async (directory) => {
    const go = onPath('go');
    if (go === undefined) {
      report('downloading the Temporal dev server');
      return downloadWithSdk(directory, join(directory, 'temporal'));
    }
    report(`building the Temporal dev server ${TEMPORAL_CLI} with Go (about two minutes, once)`);
    const bin = join(directory, 'building');
    const built = await execute(go, ['install', `github.com/temporalio/cli/cmd/temporal@${TEMPORAL_CLI}`], {
      env: { GOBIN: bin, GOFLAGS: '-mod=mod' },
      timeoutSeconds: 1800,
    });
    if (!built.ok) {
      throw new ToolMissing(
        `building the Temporal dev server with Go failed (${built.complaint}): install the Temporal CLI by hand and ` +
          'put it on PATH, or name it in TEMPORAL_CLI_PATH',
      );
    }
    renameSync(join(bin, 'temporal'), join(directory, 'temporal'));
    rmSync(bin, { recursive: true });
  });
  return cached;
}
