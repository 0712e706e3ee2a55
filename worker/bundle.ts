import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { bundleWorkflowCode } from '@temporalio/worker';

/** The workflow bundle that `npm run build` makes; built ahead so that a worker starts fast and always with the same code. */
export const BUNDLE_PATH = join(__dirname, 'workflow-bundle.js');

/** Bundles the workflows for the sandbox and writes the result. */
export async function writeBundle(path: string): Promise<void> {
  const { code } = await bundleWorkflowCode({
    workflowsPath: join(__dirname, '..', 'workflows', `index.js`),
    logger: quiet,
  });
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, code);
}

/**
 * Where the bundle is.
 * @throws Error naming the command that makes it
 */
export function bundlePath(path = BUNDLE_PATH): string {
  if (!existsSync(path)) throw new Error(`${path} is missing: run \`npm run build\` first`);
  return path;
}

const silent = (): void => {};
const quiet = {
  log: silent,
  trace: silent,
  debug: silent,
  info: silent,
  warn: console.warn,
  error: console.error,
};

if (require.main === module) {
  writeBundle(BUNDLE_PATH).catch((error: unknown) => {
    console.error(error);
    process.exitCode = 1;
  });
}
