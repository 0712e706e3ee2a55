import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { cpus } from 'node:os';
import { bundleWorkflowCode } from '@temporalio/worker';
import { Command, InvalidArgumentError } from 'commander';
import { table } from '../../client/render/table';
import { FailoverBench } from '../support/failover-bench';
import globalSetup from '../support/global-setup';
import type { SharedServer } from '../support/global-setup';
import globalTeardown from '../support/global-teardown';
import { keepRuntimeQuiet } from '../support/quiet-runtime';
import { measureBackupFleet } from './backup-fleet-part';
import { learnedRows, measureFailover, measureFirstAsk } from './failover-part';
import { measureFleet } from './fleet-part';
import { measureKill } from './kill-part';
import { measureMemory } from './memory-part';
import type { Part } from './row';
import { row } from './row';
import { measureSketch } from './sketch-part';

const PARTS = ['sketch', 'failover', 'memory', 'fleet', 'backups', 'kill'] as const;
/** Enough of them for a mean. */
const CACHED_RUNS = 100;
type PartName = (typeof PARTS)[number];

interface Options {
  readonly json?: string;
  readonly scale: number;
  readonly runs: number;
  readonly fleet: number;
  readonly only: readonly PartName[];
}

/** `npm run bench`: measures one after the other in one run, on a machine that does nothing else. */
async function main(): Promise<void> {
  const options = new Command('bench')
    .description('measures the budgets of the design in the lab')
    .option('--json <file>', 'write every figure as JSON')
    .option('--scale <n>', 'how many times faster than in AWS its waits pass', wholeNumber, 30)
    .option('--runs <n>', 'dry runs at once', wholeNumber, 200)
    .option('--fleet <n>', 'instances that are backed up at once', wholeNumber, 100)
    .option('--only <parts>', `of ${PARTS.join(',')}`, parseParts, PARTS)
    .parse()
    .opts<Options>();
  const startedAt = Date.now();
  keepRuntimeQuiet();
  await globalSetup();
  const found: Record<string, Part> = {};
  try {
    await bundleForBench();
    for (const name of options.only) {
      console.error(`measuring: ${name}`);
      Object.assign(found, await measure(name, options).catch((error: unknown) => failedPart(name, error)));
      await tell(found, options, startedAt);
    }
  } finally {
    await globalTeardown();
  }
}

/** One part that cannot be measured must not cost the figures of the others. */
function failedPart(name: PartName, error: unknown): Record<string, Part> {
  console.error(error);
  process.exitCode = 1;
  const why = error instanceof Error ? error.message : String(error);
  return { [name]: { rows: [row(`${name}: not measured`, why)], figures: { error: why } } };
}

/** The table, and the file, of what was found so far. */
async function tell(found: Record<string, Part>, options: Options, startedAt: number): Promise<void> {
  const rows = Object.values(found).flatMap((part) => part.rows);
  const lines = rows.map(({ name, value, budget, met }) => [
    name,
    value,
    budget ?? '',
    met === null ? '' : met ? 'met' : 'NOT MET',
  ]);
  console.log(table(['what', 'figure', 'budget', ''], lines, { dim: (text) => text }));
  const result = {
    at: new Date().toISOString(),
    node: process.version,
    cpus: cpus().length,
    seconds: Math.round((Date.now() - startedAt) / 1000),
    rows,
    figures: Object.fromEntries(Object.entries(found).map(([name, part]) => [name, part.figures])),
  };
  if (options.json !== undefined) await writeFile(options.json, `${JSON.stringify(result, null, 2)}\n`);
}

async function measure(name: PartName, { scale, runs, fleet }: Options): Promise<Record<string, Part>> {
  switch (name) {
    case 'sketch':
      return { sketch: await measureSketch() };
    case 'failover':
      return measureFailovers(scale);
    case 'memory':
      return { memory: await measureMemory(Math.min(runs, CACHED_RUNS)) };
    case 'fleet':
      return withBench({}, async (bench) => {
        const worker = await bench.startWorkerProcess();
        return { fleet: await measureFleet(bench, worker, runs) };
      });
    case 'backups':
      return { backups: await measureBackupFleet(fleet) };
    case 'kill':
      return withBench({}, async (bench) => ({ kill: await measureKill(bench) }));
  }
}

/** Once as the contracts expect the waits, and once more, in a world of its own, as the first failover has shown them to be. */
async function measureFailovers(scale: number): Promise<Record<string, Part>> {
  const { firstAsk, failover } = await withBench({ scale, nodes: 2 }, async (bench) => {
    await bench.startWorker();
    return { firstAsk: await measureFirstAsk(bench), failover: await measureFailover(bench, scale) };
  });
  const learned = await withBench({ scale, nodes: 2 }, async (bench) => {
    await bench.startWorker();
    return measureFailover(bench, scale, { words: ', times learned', expected: failover.took });
  });
  return { firstAsk, failover, learned: { ...learned, rows: learnedRows(learned) } };
}

async function withBench<T>(
  options: Parameters<typeof FailoverBench.open>[0],
  work: (bench: FailoverBench) => Promise<T>,
): Promise<T> {
  const bench = await FailoverBench.open(options);
  try {
    return await work(bench);
  } finally {
    await bench.close();
  }
}

/** The bench's own workflows beside the real ones. */
async function bundleForBench(): Promise<void> {
  const { directory } = (globalThis as { sharedServer?: SharedServer }).sharedServer ?? { directory: '' };
  const codePath = join(directory, 'bench-bundle.js');
  const quiet = { log() {}, trace() {}, debug() {}, info() {}, warn: console.warn, error: console.error };
  const { code } = await bundleWorkflowCode({ workflowsPath: require.resolve('./workflows'), logger: quiet });
  await writeFile(codePath, code);
  process.env['TEST_BUNDLE'] = codePath;
}

function wholeNumber(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new InvalidArgumentError('give a whole number above 0');
  return value;
}

function parseParts(text: string): readonly PartName[] {
  const names = text.split(',');
  const wrong = names.filter((name) => !PARTS.some((part) => part === name));
  if (wrong.length > 0) throw new InvalidArgumentError(`there is no part ${wrong.join(', ')}`);
  return PARTS.filter((part) => names.includes(part));
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
