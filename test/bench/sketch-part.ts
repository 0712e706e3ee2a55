import { LiveRun } from '../support/live-run';
import { emptyActivities } from './empty-activities';
import { readHistory } from './history';
import type { Part } from './row';
import { row, seconds } from './row';
import { startBenchWorker } from './temporal-worker';

/** The kit with nothing to do: eighteen empty steps, two approvals. */
export async function measureSketch(): Promise<Part> {
  const worker = await startBenchWorker('bench-sketch', emptyActivities());
  try {
    const live = async (number: number): Promise<Part> => {
      const startedAt = Date.now();
      const handle = await worker.client.workflow.start('emptyRunbook', {
        workflowId: `emptyRunbook/${number}`,
        taskQueue: worker.taskQueue,
        args: [{ instance: `empty-${number}` }],
      });
      const run = new LiveRun(handle);
      await run.asked('go');
      const asked = Date.now();
      await run.approve('go', 'ben', 'cy');
      const approved = Date.now();
      await run.ended();
      const ended = Date.now();
      const { activitySpans: _spans, starts: _starts, ...temporal } = await readHistory(handle);
      return {
        rows: [
          row(
            'empty sketch, 18 steps: plan, execution',
            `${seconds(asked - startedAt)}, ${seconds(ended - approved)}`,
          ),
          row(
            'history of the empty sketch',
            `${temporal.events} events, ${Math.round(temporal.bytes / 1000)} KB`,
          ),
          row(
            'round trips of the empty sketch',
            `${temporal.workflowTasks} workflow tasks, ${temporal.activities} activities`,
          ),
        ],
        figures: {
          planMs: asked - startedAt,
          decisionsMs: approved - asked,
          executionMs: ended - approved,
          temporal,
        },
      };
    };
    // The first one pays for compiling the code.
    await live(1);
    return await live(2);
  } finally {
    await worker.stop();
  }
}
