import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { installAll } from '../lab/install/install-all';
import { ToolMissing } from '../lab/install/tool';
import { packageRoot } from '../lab/world/program';

interface JestSummary {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
  readonly numTodoTests: number;
  /** Files that failed before any of their tests could run. */
  readonly numRuntimeErrorTestSuites: number;
}

/** What `npm test` runs: installs what is missing, all tests, and as the very last line how many passed and failed. */
async function main(): Promise<number> {
  await installAll((line) => console.log(line));
  const directory = mkdtempSync(join(tmpdir(), 'runbooks-jest-'));
  try {
    const output = join(directory, 'summary.json');
    const code = await runJest([...process.argv.slice(2), '--json', `--outputFile=${output}`]);
    const summary = JSON.parse(readFileSync(output, 'utf8')) as JestSummary;
    const failed = summary.numFailedTests + summary.numRuntimeErrorTestSuites;
    const skipped = summary.numPendingTests + summary.numTodoTests;
    const ok = code === 0 && failed === 0 && summary.numPassedTests > 0;
    console.log(
      `${summary.numPassedTests} passed, ${ok ? 0 : Math.max(1, failed)} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`,
    );
    return ok ? 0 : 1;
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function runJest(args: readonly string[]): Promise<number> {
  const root = packageRoot();
  const child = spawn(
    process.execPath,
    ['--no-warnings', join(root, 'node_modules/jest/bin/jest.js'), ...args],
    {
      cwd: root,
      stdio: ['ignore', 'ignore', 'inherit'], // With --json jest's own report is on stderr; stdout would repeat the JSON.
    },
  );
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => child.kill(signal));
  return new Promise((resolve) => child.once('close', (code) => resolve(code ?? 1)));
}

main().then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    console.error(error instanceof ToolMissing ? error.message : error);
    console.log('0 passed, 1 failed');
    process.exitCode = 1;
  },
);
