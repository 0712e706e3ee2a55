import type { EstateInput } from '../../estate/schema';
import type { Manifest } from '../../workflows/plan/backup/manifest';
import { keysInStore, readStore } from '../support/backup-store';
import { FailoverBench } from '../support/failover-bench';
import type { LiveRun } from '../support/live-run';
import { until } from '../support/until';

let bench: FailoverBench;

beforeAll(async () => {
  bench = await FailoverBench.open();
  await bench.changeEstate(several);
  await bench.startWorker();
});
afterAll(() => bench?.close());

/**
 * Three instances by name, of one installation: one after the other each can be backed up by itself. One is not backed up
 * by us, one names a database that there is not.
 */
function several(estate: EstateInput): EstateInput {
  const own = estate.instances[bench.world.instance]!;
  const { backup: _none, ...unkept } = own;
  const lost = Object.fromEntries(
    Object.entries(own.sites).map(([site, one]) => [
      site,
      { ...one, database: { ...one.database, id: 'gone' } },
    ]),
  );
  return {
    ...estate,
    instances: { ...estate.instances, twin: own, unkept, 'without-database': { ...own, sites: lost } },
  };
}

function start(input: object): Promise<LiveRun> {
  return bench.start({ requestedBy: 'ada', ...input }, { runbook: 'backupFleet' });
}

/** Instances of the manifests in the store, one for each backup. */
async function backedUp(): Promise<readonly string[]> {
  const keys = (await keysInStore(bench)).filter((key) => key.endsWith('/manifest.json'));
  const manifests = await Promise.all(keys.map((key) => readStore<Manifest>(bench, key)));
  return manifests.map(({ value }) => value.instance).sort();
}

test('a dry run lists the instances, what is left out and why, the limits, and changes nothing', async () => {
  const { mark } = bench;
  const run = await start({ dryRun: true, concurrency: 3 });
  const { outcome, facts, fleet } = await run.ended();
  expect([outcome, fleet, bench.changesSince(mark)]).toEqual(['PLANNED', undefined, []]);
  expect(Object.fromEntries(facts.map(({ label, value }) => [label, value]))).toEqual({
    instances: '3 to back up, 4 selected, 4 in the estate',
    'to back up': `${bench.world.instance}, twin, without-database`,
    'left out: the estate does not say where its backups are kept': '1: unkept',
    limits: '3 at once, the rest is not started after more than 1 failures',
  });
});

test.each([
  [{ instances: ['twim', 'nothing-*'] }, /"twim" \(did you mean "twin"\?\), "nothing-\*".*Known: /s],
  [{ instances: ['twin'], except: ['t*'] }, /"except" leaves out every instance/],
  [{ instances: [] }, /"instances" is empty: leave it out to mean all/],
  [{ instances: 'twin' }, /"instances" must be a list of names or patterns/],
  [{ concurrency: 0 }, /"concurrency" must be a whole number from 1 to 1000/],
  [{ concurrency: -2 }, /"concurrency" must be a whole number from 1 to 1000/],
  [{ concurrency: 1.5 }, /"concurrency" must be a whole number from 1 to 1000/],
  [{ errorThreshold: '200%' }, /"errorThreshold" must be a number of instances, 0 or more, or a share/],
  [{ errorThreshold: -1 }, /"errorThreshold" must be a number of instances, 0 or more, or a share/],
  [{ whenBusy: 'refuse' }, /"whenBusy" must be skip or wait/],
  [{ instance: 'twin' }, /"instance" is for runbooks of one instance: write "instances"/],
])('wrong input is refused with one clear sentence: %j', async (input, words) => {
  const { outcome, problems } = await (await start(input)).ended();
  expect([outcome, problems.map(({ code }) => code)]).toEqual(['REFUSED', ['invalidInput']]);
  expect(problems[0]!.message).toMatch(words);
});

test('an estate in which nothing can be backed up is refused', async () => {
  const { outcome, problems } = await (await start({ instances: ['unkept'] })).ended();
  expect([outcome, problems.map(({ code }) => code)]).toEqual(['REFUSED', ['nothingToBackUp']]);
});

test('each instance gets its own backup; one that cannot be backed up is told, and does not stop the others', async () => {
  const run = await start({ instances: ['*'], concurrency: 1 });
  const state = await run.ended();
  expect([state.outcome, state.degraded]).toEqual(['DEGRADED', ['backup: 2 of 3 instances done, 1 failed']]);
  expect(state.fleet!.notes).toEqual([
    { instance: 'without-database', kind: 'failed', why: expect.stringMatching(/^REFUSED: /) },
  ]);
  expect(await backedUp()).toEqual([bench.world.instance, 'twin'].sort());
  expect((await run.report()).calls.mutating).toBeGreaterThan(8);
  expect(await bench.violations()).toEqual([]);
});

test('an instance that another run holds is skipped, or waited for, as the starter says', async () => {
  const byHand = { gates: { backup: { approvals: 1, roles: ['operator'] } } };
  await bench.changeEstate((estate) => {
    const whole = several(estate);
    return {
      ...whole,
      instances: { ...whole.instances, twin: { ...whole.instances['twin']!, policy: byHand } },
    };
  });
  const holder = await bench.start({ instance: 'twin', requestedBy: 'ada' }, { runbook: 'backup' });
  await holder.asked('backup');
  await bench.changeEstate(several);
  const skipping = await (await start({ instances: ['twin'] })).ended();
  expect([skipping.outcome, skipping.fleet!.counts.skipped]).toEqual(['DEGRADED', 1]);
  expect(skipping.fleet!.notes[0]!.why).toContain(`twin is held by ${holder.id}`);
  expect(skipping.facts.find(({ label }) => label === 'held by other runs')?.value).toContain(holder.id);

  const waiting = await start({ instances: ['twin'], whenBusy: 'wait' });
  await until('the child to wait', async () => {
    const { waiting: queue } = await bench.client.workflow
      .getHandle('lease/twin')
      .query<{ waiting: readonly object[] }>('lease');
    return queue.length === 1 || undefined;
  });
  await holder.handle.cancel();
  expect((await waiting.ended()).outcome).toBe('SUCCEEDED');
});
