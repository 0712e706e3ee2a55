import { readdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';

import { ToolMissing } from './tool';

const LIMIT_SECONDS = 300;

/** Lets the Temporal SDK download its dev server, and keeps the program as `target`. */
export async function downloadWithSdk(directory: string, target: string): Promise<void> {
  try {
    await Promise.race([download(directory), tooLong()]);
    const program = readdirSync(directory).find((name) => name.startsWith('temporal'));
    if (program === undefined) throw new Error('the download left no program behind');
    renameSync(join(directory, program), target);
  } catch (error) {
    throw new ToolMissing(
      `the Temporal dev server can be neither built (no Go on PATH) nor downloaded (${(error as Error).message}): ` +
        'install Go 1.24 or newer, or the Temporal CLI, and put it on PATH',
    );
  }
}

async function download(directory: string): Promise<void> {
  const { TestWorkflowEnvironment } = await import('@temporalio/testing');
  const environment = await TestWorkflowEnvironment.createLocal({
    server: { executable: { type: 'cached-download', downloadDir: directory } },
  });
  await environment.teardown();
}

function tooLong(): Promise<never> {
  return new Promise((_, reject) => {
    setTimeout(() => reject(new Error(`not done after ${LIMIT_SECONDS} s`)), LIMIT_SECONDS * 1000).unref();
  });
}
