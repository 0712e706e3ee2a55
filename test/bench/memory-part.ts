import type { WorkflowHandle } from '@temporalio/client';
import { LiveRun } from '../support/live-run';
import { until } from '../support/until';
import { emptyActivities } from './empty-activities';
import type { Part } from './row';
import { round, row } from './row';
import { startBenchWorker } from './temporal-worker';
import type { BenchWorker } from './temporal-worker';

const BUDGET_KIB = 100;

interface Memory {
  readonly heap: number;
  readonly resident: number;
}

/**
 * Heap per run that waits at its gate with a plan of eighteen steps, against that of a workflow that waits for nothing.
 * The worker runs its workflows in this thread (the SDK's debug mode), so that V8's own count after a collection covers
 * them; both kinds are measured in one process, the empty ones first.
 */
export async function measureMemory(count: number): Promise<Part> {
  const { gc } = globalThis;
  if (gc === undefined) throw new Error('start it with --expose-gc, as `npm run bench` does');
  const worker = await startBenchWorker('bench-memory', emptyActivities(false), {
    debugMode: true,
    maxCachedWorkflows: 3 * count,
  });
  try {
    await startEmpty(worker, 'warm', 3);
    await startRuns(worker, 'warm', 3);
    const before = await settled();
    await startEmpty(worker, 'empty', count);
    const withEmpty = await settled();
    await startRuns(worker, 'run', count);
    const withRuns = await settled();
    const empty = perRun(before, withEmpty, count);
    const run = perRun(withEmpty, withRuns, count);
    const over = round(run.heap - empty.heap, 1);
    return {
      rows: [
        row(
          'memory per cached run over an empty workflow',
          `${over} KiB heap`,
          `< ${BUDGET_KIB} KiB`,
          over < BUDGET_KIB,
        ),
        row('heap per empty workflow, per run', `${empty.heap} KiB, ${run.heap} KiB`),
      ],
      figures: { count, emptyKib: empty, runKib: run, overHeapKib: over },
    };
  } finally {
    await worker.stop();
  }
}

async function startEmpty({ client, taskQueue }: BenchWorker, name: string, count: number): Promise<void> {
  const handles = await inTurn(count, (number) =>
    client.workflow.start('emptyWorkflow', { workflowId: `${name}/${number}`, taskQueue }),
  );
  await inTurn(count, (number) => untilEvents(handles[number]!, 4));
}

async function startRuns({ client, taskQueue }: BenchWorker, name: string, count: number): Promise<void> {
  const handles = await inTurn(count, (number) =>
    client.workflow.start('emptyRunbook', {
      workflowId: `emptyRunbook/${name}-${number}`,
      taskQueue,
      args: [{ instance: `${name}-${number}` }],
    }),
  );
  await inTurn(count, (number) => new LiveRun(handles[number]!).asked('go'));
}

function untilEvents(handle: WorkflowHandle, events: number): Promise<true> {
  return until(
    'its first task',
    async () => (await handle.describe()).historyLength >= events || undefined,
    60,
  );
}

async function inTurn<T>(count: number, work: (number: number) => Promise<T>): Promise<readonly T[]> {
  const results: T[] = [];
  for (let number = 0; number < count; number += 1) results.push(await work(number));
  return results;
}

/** After collections with room for finalizers between them, until the heap no longer shrinks. */
async function settled(): Promise<Memory> {
  let heap = Infinity;
  for (;;) {
    globalThis.gc?.();
    await new Promise((resolve) => setTimeout(resolve, 200));
    const { heapUsed, rss } = process.memoryUsage();
    if (heapUsed > heap * 0.999) return { heap: heapUsed, resident: rss };
    heap = heapUsed;
  }
}

function perRun(before: Memory, after: Memory, count: number): Memory {
  const kib = (bytes: number): number => round(bytes / count / 1024, 1);
  return { heap: kib(after.heap - before.heap), resident: kib(after.resident - before.resident) };
}
