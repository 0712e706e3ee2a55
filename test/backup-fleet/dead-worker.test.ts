import { keysInStore } from '../support/backup-store';
import { FailoverBench } from '../support/failover-bench';
import { LiveRun } from '../support/live-run';
import { until } from '../support/until';

let bench: FailoverBench;

beforeAll(async () => {
  bench = await FailoverBench.open();
  await bench.changeEstate((estate) => ({
    ...estate,
    instances: { ...estate.instances, twin: estate.instances[bench.world.instance]! },
  }));
});
afterAll(() => bench?.close());

test('a worker that dies in the middle of a backup: another goes on, and no instance is backed up twice', async () => {
  const worker = await bench.startWorkerProcess();
  const run = await bench.start({ requestedBy: 'ada', concurrency: 1 }, { runbook: 'backupFleet' });
  const { children } = await until(
    'the first child',
    async () => {
      const { fleet } = await run.status().catch(() => ({ fleet: undefined }));
      return fleet?.running === 1 ? fleet : undefined;
    },
    120,
  );
  const handle = bench.client.workflow.getHandle(children.replace('<instance>', bench.world.instance));
  const child = new LiveRun(handle);
  await until('the child', () => child.status().catch(() => undefined));
  await child.step('captureDatabase', ['running', 'verifying']);
  await worker.kill();
  await bench.startWorkerProcess();
  const { outcome, fleet } = await run.ended();
  // DEGRADED: the freeze was over when the snapshots were found, and the manifest says so.
  expect(['SUCCEEDED', 'DEGRADED']).toContain(outcome);
  expect(fleet!.counts.done + fleet!.counts.degraded).toBe(2);
  const manifests = (await keysInStore(bench)).filter((key) => key.endsWith('/manifest.json'));
  expect(manifests).toHaveLength(2);
  expect(await bench.violations()).toEqual([]);
});
