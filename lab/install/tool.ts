import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { cacheDirectory, makeReadable } from './cache';
import { withLock } from './lock';

export type Report = (line: string) => void;

/** A tool that cannot be had; the message is one sentence with the remedy. */
export class ToolMissing extends Error {}

/**
 * Directory of a tool in the cache, installing it first when it is not there complete. Installers that run at the
 * same time wait for each other; one that was killed leaves nothing that a later one would take for complete.
 */
export async function installed(
  name: string,
  report: Report,
  install: (directory: string) => Promise<void>,
  usable: (directory: string) => boolean = () => true,
): Promise<string> {
  const directory = join(cacheDirectory(), name);
  const complete = join(directory, '.complete');
  const isReady = () => existsSync(complete) && usable(directory);
  if (isReady()) return directory;
  makeReadable(cacheDirectory());
  await withLock(
    `${directory}.lock`,
    async () => {
      if (isReady()) return;
      const began = Date.now();
      rmSync(directory, { recursive: true, force: true });
      makeReadable(directory);
      await install(directory);
      writeFileSync(complete, '');
      report(`${name} installed in ${((Date.now() - began) / 1000).toFixed(1)} s`);
    },
    () => report(`${name} is being installed by another process, waiting for it`),
  );
  return directory;
}
