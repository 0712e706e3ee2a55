import { join } from 'node:path';

import { isExecutable, onPath } from './execute';
import { build, download } from './temporal-sources';
import type { TemporalSource } from './temporal-sources';
import { installed, ToolMissing } from './tool';
import type { Report } from './tool';

/** The newest tag that installs through the Go module proxy; later ones have a nested module that it does not carry. */
const TEMPORAL_CLI = 'v1.5.1';

/**
 * Path of the Temporal command line with its dev server: `TEMPORAL_CLI_PATH`, `temporal` on PATH, our cache, the SDK's
 * own download (seconds), and last built with Go (minutes).
 */
export async function findTemporal(
  report: Report,
  sources: readonly TemporalSource[] = [download, build],
): Promise<string> {
  const chosen = process.env.TEMPORAL_CLI_PATH;
  if (chosen !== undefined && chosen !== '') {
    if (isExecutable(chosen)) return chosen;
    throw new ToolMissing(
      `TEMPORAL_CLI_PATH names ${chosen}, which is no executable file: correct or unset it`,
    );
  }
  const found = onPath('temporal');
  if (found !== undefined) return found;
  const directory = await installed(`temporal-${TEMPORAL_CLI}`, report, (target) =>
    fromFirst(sources, target, report),
  );
  return join(directory, 'temporal');
}

async function fromFirst(
  sources: readonly TemporalSource[],
  directory: string,
  report: Report,
): Promise<void> {
  const failures: string[] = [];
  for (const source of sources) {
    try {
      return await source(TEMPORAL_CLI, directory, report);
    } catch (error) {
      failures.push(error instanceof Error ? error.message : String(error));
    }
  }
  throw new ToolMissing(
    `no Temporal dev server (${failures.join('; ')}): install Go 1.24 or newer, or the Temporal CLI, and put it on ` +
      'PATH, or name the CLI in TEMPORAL_CLI_PATH',
  );
}
