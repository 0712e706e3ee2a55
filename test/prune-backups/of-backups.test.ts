import type { BackupsReport } from '../../workflows/list-backups';
import { isDeletedByName } from '../../workflows/plan/backup/object-keys';
import { keysInStore } from '../support/backup-store';
import { FailoverBench } from '../support/failover-bench';
import { snapshotsOf } from '../support/snapshots';

let bench: FailoverBench;

beforeAll(async () => {
  bench = await FailoverBench.open({ scale: 600 });
  const retention = { hourly: 0, daily: 0, weekly: 0, monthly: 0, yearly: 1 };
  await bench.changeEstate((estate) => ({
    ...estate,
    policy: { ...estate.policy, backup: { ...estate.policy?.backup, retention } },
  }));
  await bench.startWorker();
});
afterAll(() => bench?.close());

/** How every restore point stands: place, state, and what becomes of it. */
async function standing(): Promise<readonly string[]> {
  const run = await bench.start(bench.message(), { runbook: 'listBackups' });
  expect((await run.ended()).outcome).toBe('SUCCEEDED');
  const { decisions } = (await run.report())['backups'] as BackupsReport;
  return decisions
    .filter(({ point }) => point.backup.startsWith(`${bench.world.instance}-`))
    .map(({ point, action }) => `${point.place.site} ${point.state} ${action}`)
    .sort();
}

test('what backup makes is complete in both places, and the older one goes in both, each place for itself', async () => {
  const first = await bench.start(bench.message(), { runbook: 'backup' });
  // On a busy machine the freeze may be over too early, or the parts too far apart: that is another test's subject.
  expect(['SUCCEEDED', 'DEGRADED']).toContain((await first.ended()).outcome);
  expect(await standing()).toEqual(['primary complete keep', 'standby complete keep']);

  const second = await bench.start(bench.message(), { runbook: 'backup' });
  expect(['SUCCEEDED', 'DEGRADED']).toContain((await second.ended()).outcome);
  expect(await standing()).toEqual([
    'primary complete delete',
    'primary complete keep',
    'standby complete delete',
    'standby complete keep',
  ]);

  const prune = await bench.start(bench.message(), { runbook: 'pruneBackups' });
  await prune.approve('pruneBackups', 'grace', 'linus');
  const state = await prune.ended();
  expect([state.outcome, state.degraded, state.steps.length]).toEqual(['SUCCEEDED', [], 2]);
  expect(await snapshotsOf(bench, first.id)).toEqual([]);
  expect(await snapshotsOf(bench, second.id)).toHaveLength(4);
  // What the store keeps of it for ever needs no reading any more.
  const { backup } = (await first.report()) as unknown as { backup: { name: string } };
  const prefix = `/${backup.name}/`;
  const names = (await keysInStore(bench)).flatMap((key) => key.split(prefix)[1] ?? []);
  expect([names.length, isDeletedByName(names)]).toEqual([4, true]);
  expect(await standing()).toEqual(['primary complete keep', 'standby complete keep']);
  expect(await bench.violations()).toEqual([]);
});
