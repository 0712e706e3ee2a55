import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { DRILL } from '../../lab/world/layout';
import { backUp, Pushes } from '../restore/restore-world';
import { FailoverBench } from '../support/failover-bench';
import { footprint } from '../support/footprint';
import {
  decisionAbout,
  homeOf,
  recordsOf,
  spoilBlob,
  verificationOf,
  verificationTags,
  verify,
} from './verify-world';

let bench: FailoverBench;
let backup: string;

beforeAll(async () => {
  bench = await FailoverBench.open({ drill: true });
  await bench.startWorker();
  const pushes = new Pushes(bench);
  await pushes.push('before-1');
  await pushes.push('before-2');
  backup = await backUp(bench);
});
afterAll(() => bench?.close());

test('a dry run tells every step, and changes nothing', async () => {
  const { mark } = bench;
  const { outcome, problems, steps, facts } = await (await verify(bench, { dryRun: true })).ended();
  expect([outcome, problems]).toEqual(['PLANNED', []]);
  expect(steps.map(({ id }) => id).sort()).toEqual(
    [
      ...['holdBackup', 'setStackProperties', 'keepUsersOut'],
      ...['createHomeVolume', 'attachHomeVolume', 'mountHome', 'restoreDrillDatabase', 'startNode.1'],
      ...['compareWithBackup', 'compareRows', 'checkRepositories', 'smokeTest', 'cloneRepositories'],
      'recordVerification',
    ].sort(),
  );
  expect(facts.find(({ label }) => label === 'backup')?.value).toContain(`${backup}, captured `);
  expect(facts.find(({ label }) => label === 'verified before')?.value).toBe('never');
  expect(bench.changesSince(mark)).toEqual([]);
});

test('a good backup passes, nothing of the trial is left, and retention sees it as verified', async () => {
  const before = await footprint(bench);
  const run = await verify(bench);
  const state = await run.ended();
  expect([state.outcome, state.degraded, state.asks.filter(({ result }) => result !== 'policy')]).toEqual([
    ...['SUCCEEDED', [], []],
  ]);
  const { result, checks, measured } = await verificationOf(run);
  expect([result, checks.filter(({ passed }) => !passed)]).toEqual(['passed', []]);
  expect(checks.map(({ name }) => name)).toEqual([
    ...['compareWithBackup', 'compareRows', 'checkRepositories', 'smokeTest', 'cloneRepositories'],
  ]);
  expect(checks.find(({ name }) => name === 'compareRows')?.detail).toMatch(
    /^4 repositories and [2-9]\d* refs/,
  );
  expect(measured['nodeSeconds']).toBeGreaterThan(0);
  expect(measured['tornDownSeconds']).toBeGreaterThan(measured['provenSeconds']!);

  const [record, another] = await recordsOf(bench, backup);
  expect(another).toBeUndefined();
  expect(record).toMatchObject({
    ...{ record: 'verification', backup, result: 'passed', measured },
    place: { site: 'standby', region: DRILL.region },
    run: { workflowId: run.id },
  });
  const { point, reasons } = await decisionAbout(bench, backup);
  expect([point.state, point.verification?.result, point.uses]).toEqual(['complete', 'passed', []]);
  expect(reasons).toContain('last verified');
  expect(await footprint(bench)).toEqual(before);
  expect(await bench.violations()).toEqual([]);
});

test('a repository that is gone and an object that is torn are told, recorded, and torn down', async () => {
  const spoilt = await backUp(bench);
  const repositories = join(await homeOf(bench, spoilt), 'data', 'repositories');
  spoilBlob(join(repositories, '2'));
  rmSync(join(repositories, '4'), { recursive: true });
  const before = await footprint(bench);
  const run = await verify(bench, { backup: spoilt });
  const state = await run.ended();
  expect([state.outcome, state.asks.filter(({ result }) => result !== 'policy')]).toEqual(['DEGRADED', []]);
  expect(state.degraded.join()).toContain(`${spoilt} failed its verification`);
  const { result, checks } = await verificationOf(run);
  const failed = new Map(checks.filter(({ passed }) => !passed).map(({ name, detail }) => [name, detail]));
  expect(result).toBe('failed');
  expect(failed.get('compareRows')).toContain('PAY/ledger (4) has no directory');
  expect(failed.get('checkRepositories')).toContain('SHOP/storefront (2)');
  // One that fails hides no other.
  expect(checks.filter(({ passed }) => passed).map(({ name }) => name)).toEqual(
    expect.arrayContaining(['compareWithBackup', 'smokeTest']),
  );
  const [record] = await recordsOf(bench, spoilt);
  expect(record).toMatchObject({ result: 'failed' });
  // A failover cannot ask the store: the members say it themselves.
  const told = await verificationTags(bench, spoilt);
  expect(told).toEqual(told.map(() => `failed ${record!.at}`));
  expect(told.length).toBeGreaterThan(1);
  expect((await decisionAbout(bench, spoilt)).point.verification?.result).toBe('failed');
  expect(await footprint(bench)).toEqual(before);
  expect(await bench.violations()).toEqual([]);
});
