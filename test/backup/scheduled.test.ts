import { runCommand } from '../support/command-line';
import { FailoverBench } from '../support/failover-bench';
import { LiveRun } from '../support/live-run';
import { KEEP_NEWEST, keeping } from '../support/retention';
import { until } from '../support/until';
import { Pushes, startRestore } from '../restore/restore-world';

let bench: FailoverBench;
let pushes: Pushes;

beforeAll(async () => {
  bench = await FailoverBench.open();
  await bench.startWorker();
  pushes = new Pushes(bench);
  await bench.changeEstate((estate) => {
    const { instance } = bench.world;
    const schedules = { hourly: { runbook: 'backup', cron: '5 * * * *', timeZone: 'Europe/Berlin' } };
    const instances = { [instance]: { ...estate.instances[instance]!, schedules } };
    return keeping(KEEP_NEWEST)({ ...estate, instances });
  });
});
afterAll(() => bench?.close());

const say = (...words: string[]) => runCommand(words, { environment: bench.environment });

async function done(...words: string[]): Promise<string> {
  const { code, err, out } = await say(...words);
  if (code !== 0) throw new Error(err);
  return out;
}

/** Starts the schedule now instead of in an hour. @returns the name of the backup */
async function hourlyBackup(): Promise<string> {
  const handle = bench.client.schedule.getHandle(`runbooks/${bench.world.instance}/hourly`);
  const starts = async () => (await handle.describe()).info.recentActions;
  const before = (await starts()).length;
  await done('schedules', 'trigger', `${bench.world.instance}/hourly`);
  const started = await until('the start', async () => {
    const now = await starts();
    return now.length > before ? now.at(-1) : undefined;
  });
  const { workflowId } = started.action.workflow;
  const run = new LiveRun(bench.client.workflow.getHandle(workflowId));
  const { outcome, conclusion, trigger } = await run.ended();
  expect([outcome, conclusion, trigger]).toEqual(['SUCCEEDED', expect.anything(), 'schedule']);
  const { backup } = (await run.report()) as unknown as { backup: { name: string } };
  return backup.name;
}

test('scheduled backups, their retention, a lost region: the failover goes on from the newest copy, and a restore there gives back all of it', async () => {
  const { world } = bench;
  expect(await done('setup', '--estate', world.estate)).toContain(
    `runbooks/${world.instance}/hourly: created`,
  );
  await pushes.push('first');
  const older = await hourlyBackup();
  await pushes.push('second');
  const newest = await hourlyBackup();
  await pushes.push('too-late');

  const age = (...limit: string[]) => say('backups', 'age', world.instance, '--json', ...limit);
  const young = await age('--max-age', '26h');
  expect([young.code, JSON.parse(young.out)]).toMatchObject([
    0,
    [{ instance: world.instance, good: true, complete: { backup: newest, verdict: 'fresh' } }],
  ]);
  const old = await age('--max-age', '26h', '--max-verified-age', '8d');
  expect([old.code, JSON.parse(old.out)]).toMatchObject([1, [{ good: false, verified: { backup: null } }]]);

  // The newer one stays, at both sites.
  const prune = await bench.start(bench.message(), { runbook: 'pruneBackups' });
  await prune.approve('pruneBackups', 'grace', 'linus');
  expect((await prune.ended()).outcome).toBe('SUCCEEDED');

  await bench.lose('region-down');
  const failover = await bench.start();
  await failover.approve('failover', 'grace', 'linus');
  await failover.approve('unprovenFence', 'margaret');
  const lost = await failover.ended();
  expect(lost.outcome).toBe('SUCCEEDED');
  expect(lost.facts.find(({ label }) => label === 'home copy')?.value).toContain(newest);
  pushes.site = 'standby';
  expect(await pushes.present()).toEqual(['first', 'second']);

  await pushes.push('after-the-failover');
  const gone = await startRestore(bench, { backup: older, site: 'standby' });
  expect((await gone.ended()).problems.map(({ code }) => code)).toEqual(['unknownBackup']);
  const restore = await startRestore(bench, { backup: newest, site: 'standby' });
  await restore.approve('restore', 'grace', 'linus');
  const state = await restore.ended();
  expect([state.outcome, state.conclusion]).toEqual(['SUCCEEDED', expect.anything()]);
  expect(await pushes.present()).toEqual(['first', 'second']);
  expect(await bench.violations()).toEqual([]);
}, 900_000);
