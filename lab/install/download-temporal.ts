import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { TestWorkflowEnvironment } from '@temporalio/testing';

/**
 * A program of its own, because the SDK's download can be stopped only with its process: lets the SDK download the
 * given version of its dev server into a directory, sees it start, and prints where it is.
 */
async function main(directory: string, version: string): Promise<void> {
  const environment = await TestWorkflowEnvironment.createLocal({
    server: { executable: { type: 'cached-download', version, downloadDir: directory } },
  });
  await environment.teardown();
  const program = readdirSync(directory).find((name) => name.startsWith('temporal'));
  if (program === undefined) throw new Error('the download left no program behind');
  console.log(join(directory, program));
}

const [directory = '', version = ''] = process.argv.slice(2);
main(directory, version).catch((error: unknown) => {
  // The innermost cause, without the addresses that each layer repeats.
  const message = error instanceof Error ? error.message : String(error);
  console.error(message.split(/\(https:\S*\): /).at(-1));
  process.exitCode = 1;
});
