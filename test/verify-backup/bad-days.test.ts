import {
  CreateDBInstanceCommand,
  DeleteDBInstanceCommand,
  DescribeDBInstancesCommand,
} from '@aws-sdk/client-rds';
import type { FaultEffect } from '../../lab/gateway/faults';
import { isLabs } from '../../lab/gateway/ledger';
import { DRILL } from '../../lab/world/layout';
import { backUp } from '../restore/restore-world';
import { FailoverBench } from '../support/failover-bench';
import { footprint } from '../support/footprint';
import { until } from '../support/until';
import { recordsOf, verificationOf, verify } from './verify-world';

let bench: FailoverBench;
let backup: string;
let before: Awaited<ReturnType<typeof footprint>>;

beforeAll(async () => {
  bench = await FailoverBench.open({ drill: true });
  await bench.startWorker();
  backup = await backUp(bench);
  before = await footprint(bench);
});
afterEach(async () => {
  bench?.world.gateway.faults.clear();
  if (bench !== undefined && (await statusOfForeign()) !== undefined) await deleteForeign();
  await bench?.changeEstate();
});
afterAll(() => bench?.close());

const fault = (action: string, effect: FaultEffect, times = 1, about = '') =>
  bench.world.gateway.faults.add({
    // What the lab's own services call of each other is nobody's lost answer.
    match: { action, where: (call) => !isLabs(call) && JSON.stringify(call.parameters).includes(about) },
    times,
    effect,
  });
/** One client token is one effect, however often it was sent. */
const applied = (mark: number, action: string) =>
  new Set(
    bench
      .changesSince(mark)
      .filter((entry) => entry.action === action && entry.applied && entry.errorCode === null)
      .map((entry) => entry.token ?? entry),
  ).size;
const asked = (asks: readonly { readonly result: string | null }[]) =>
  asks.filter(({ result }) => result !== 'policy');
const foreign = { DBInstanceIdentifier: DRILL.databaseId };

async function createForeign(): Promise<void> {
  const { rds } = bench.aws.standby;
  await rds.send(
    new CreateDBInstanceCommand({
      ...foreign,
      ...{ DBInstanceClass: 'db.m5.large', Engine: 'postgres', AllocatedStorage: 20 },
      ...{ DBName: 'other', MasterUsername: 'other', MasterUserPassword: 'something-long' },
    }),
  );
  await until('the foreign database', async () => (await statusOfForeign()) === 'available' || undefined);
}

async function statusOfForeign(): Promise<string | undefined> {
  const { DBInstances = [] } = await bench.aws.standby.rds.send(new DescribeDBInstancesCommand({}));
  return DBInstances.find(({ DBInstanceIdentifier }) => DBInstanceIdentifier === DRILL.databaseId)
    ?.DBInstanceStatus;
}

async function deleteForeign(): Promise<void> {
  const { rds } = bench.aws.standby;
  await rds.send(new DeleteDBInstanceCommand({ ...foreign, SkipFinalSnapshot: true }));
  await until('its end', async () => (await statusOfForeign()) === undefined || undefined);
}

test('without a drill site it refuses, and says what to describe', async () => {
  await bench.changeEstate((estate) => {
    const text = JSON.stringify(estate, (key, value: unknown) => (key === 'drill' ? undefined : value));
    return JSON.parse(text) as typeof estate;
  });
  const { outcome, problems } = await (await verify(bench)).ended();
  expect([outcome, problems.map(({ code }) => code)]).toEqual(['REFUSED', ['noDrillSite']]);
  expect(problems[0]!.remedy).toContain('backup.drill');
});

test('a database of that name that is not ours is refused, also when it comes later, and never deleted', async () => {
  await createForeign();
  const { mark } = bench;
  const refused = await (await verify(bench)).ended();
  expect([refused.outcome, refused.problems.map(({ code }) => code)]).toEqual([
    ...['REFUSED', ['drillDatabaseExists']],
  ]);
  expect(bench.changesSince(mark)).toEqual([]);
  await deleteForeign();

  const run = await verify(bench);
  await run.step('holdBackup', ['running', 'verifying', 'done']);
  await run.hold('grace');
  await createForeign();
  await run.resume('grace');
  const { outcome, problems, conclusion, asks } = await run.ended();
  expect([outcome, problems.map(({ code }) => code), asked(asks)]).toEqual(['UNDONE', ['notVerified'], []]);
  expect(conclusion).toContain('nothing is restored over it');
  expect(await statusOfForeign()).toBe('available');
  await deleteForeign();
  expect(await recordsOf(bench, backup)).toEqual([]);
  expect(await footprint(bench)).toEqual(before);
  expect(await bench.violations()).toEqual([]);
});

test('what fails at the drill site is no result: nobody is asked, nothing is recorded, nothing is left', async () => {
  fault('CreateVolume', { kind: 'error', code: 'VolumeLimitExceeded', status: 400 }, 100);
  const { outcome, problems, conclusion, asks } = await (await verify(bench)).ended();
  expect([outcome, problems.map(({ code }) => code), asked(asks)]).toEqual(['UNDONE', ['notVerified'], []]);
  expect(conclusion).toContain('createHomeVolume');
  expect(await recordsOf(bench, backup)).toEqual([]);
  expect(await footprint(bench)).toEqual(before);
  expect(await bench.violations()).toEqual([]);
});

test('a check that could not be carried out is no result either: neither passed nor failed, and told', async () => {
  // The others go on, and pass.
  fault('SendCommand', { kind: 'error', code: 'AccessDenied', status: 403 }, 100, 'check-repository');
  const run = await verify(bench);
  const { outcome, problems, conclusion, asks } = await run.ended();
  expect([outcome, problems.map(({ code }) => code), asked(asks)]).toEqual(['UNDONE', ['notVerified'], []]);
  expect(conclusion).toMatch(/could not be tried: checkRepositories: could not run check-repository\.sh/);
  const { result, checks } = await verificationOf(run);
  expect([result, checks.filter(({ passed }) => !passed).map(({ name }) => name)]).toEqual([
    ...[null, ['checkRepositories']],
  ]);
  expect(await recordsOf(bench, backup)).toEqual([]);
  expect(await footprint(bench)).toEqual(before);
  expect(await bench.violations()).toEqual([]);
});

test('cancelled while the database is being restored, the run takes everything down', async () => {
  const run = await verify(bench);
  await run.step('restoreDrillDatabase', ['verifying']);
  await run.handle.cancel();
  const { outcome, conclusion } = await run.ended();
  expect([outcome, conclusion]).toEqual(['UNDONE', 'cancelled; everything was undone']);
  expect(await recordsOf(bench, backup)).toEqual([]);
  expect(await footprint(bench)).toEqual(before);
  expect(await bench.violations()).toEqual([]);
});

test('when the time of the policy is over everything is taken down, and the backup is as good as before', async () => {
  await bench.changeEstate((estate) => ({
    ...estate,
    policy: { ...estate.policy, verify: { limit: '4s' } },
  }));
  const { outcome, conclusion } = await (await verify(bench)).ended();
  expect(outcome).toBe('UNDONE');
  expect(conclusion).toContain('not done within 4 s');
  expect(await recordsOf(bench, backup)).toEqual([]);
  expect(await footprint(bench)).toEqual(before);
  expect(await bench.violations()).toEqual([]);
});

test('every answer lost once: what was done is adopted, nothing is made twice or left', async () => {
  const once = [
    ...['CreateVolume', 'AttachVolume', 'DetachVolume', 'DeleteVolume'],
    ...['RestoreDBInstanceFromDBSnapshot', 'DeleteDBInstance'],
  ];
  const others = [
    ...['CreateTags', 'AddTagsToResource', 'DeleteTags', 'RemoveTagsFromResource', 'PutObject'],
    ...['CreateChangeSet', 'ExecuteChangeSet', 'SuspendProcesses', 'ResumeProcesses'],
    ...['UpdateAutoScalingGroup', 'CreateOrUpdateTags'],
  ];
  [...once, ...others].forEach((action) => fault(action, { kind: 'dropAfter' }));
  const { mark } = bench;
  const { outcome, degraded, asks } = await (await verify(bench)).ended();
  expect([outcome, degraded, asked(asks)]).toEqual(['SUCCEEDED', [], []]);
  expect(once.map((action) => [action, applied(mark, action)])).toEqual(once.map((action) => [action, 1]));
  expect(await recordsOf(bench, backup)).toMatchObject([{ result: 'passed' }]);
  expect(await footprint(bench)).toEqual(before);
  expect(await bench.violations()).toEqual([]);
});

test('a worker that dies in the middle leaves the trial to another one, which ends it and takes it down', async () => {
  await bench.stopWorkers();
  await bench.changeEstate((estate) => ({
    ...estate,
    policy: { ...estate.policy, worker: { deadAfter: '3s' } },
  }));
  const first = await bench.startWorkerProcess();
  const run = await verify(bench);
  await run.step('mountHome', ['running', 'verifying', 'done']);
  await first.kill();
  await bench.startWorkerProcess();
  const { outcome, degraded } = await run.ended();
  expect([outcome, degraded]).toEqual(['SUCCEEDED', []]);
  expect((await recordsOf(bench, backup)).at(-1)).toMatchObject({
    ...{ result: 'passed', run: { workflowId: run.id } },
  });
  expect(await footprint(bench)).toEqual(before);
  expect(await bench.violations()).toEqual([]);
});
