import { DeleteDBSnapshotCommand, DescribeDBSnapshotsCommand } from '@aws-sdk/client-rds';
import type { FaultEffect } from '../../lab/gateway/faults';
import { isLabs } from '../../lab/gateway/ledger';
import { FailoverBench } from '../support/failover-bench';
import { footprint } from '../support/footprint';
import { until } from '../support/until';
import { untilServing } from '../support/until-serving';
import { appliedTwice } from '../sweeps/oracle';
import { backUp, Pushes, startRestore } from './restore-world';

let bench: FailoverBench;
let pushes: Pushes;
let backup: string;

beforeAll(async () => {
  bench = await FailoverBench.open();
  await bench.startWorker();
  pushes = new Pushes(bench);
  await pushes.push('before');
  backup = await backUp(bench);
  await pushes.push('after');
});
afterEach(() => bench?.world.gateway.faults.clear());
afterAll(() => bench?.close());

const fault = (action: string, effect: FaultEffect) =>
  bench.world.gateway.faults.add({
    // What the lab's own services call of each other is nobody's lost answer.
    match: { action, where: (call) => !isLabs(call) },
    times: 1,
    effect,
  });
const applied = (mark: number, action: string) =>
  bench
    .changesSince(mark)
    .filter((entry) => entry.action === action && entry.applied && entry.errorCode === null);

test('cancelled while the database is being renamed, the run waits for that and gives everything back', async () => {
  const before = await footprint(bench);
  const { mark } = bench;
  const run = await startRestore(bench, { backup });
  await run.approve('restore', 'grace', 'linus');
  await until('the renaming', async () => applied(mark, 'ModifyDBInstance').length > 0 || undefined, 120);
  await run.handle.cancel();
  const { outcome, conclusion } = await run.ended();
  expect([outcome, conclusion]).toEqual(['UNDONE', 'cancelled; everything was undone']);
  expect(applied(mark, 'RestoreDBInstanceFromDBSnapshot')).toEqual([]);
  await untilServing(bench);
  expect(await footprint(bench)).toEqual(before);
  expect(await pushes.present()).toEqual(['before', 'after']);
  expect(await bench.violations()).toEqual([]);
});

test('nodes that nobody has seen stop are not skipped over: the home stays as it is', async () => {
  const before = await footprint(bench);
  const { mark } = bench;
  const denied = { kind: 'error', code: 'AccessDenied', status: 403, message: 'not authorized' } as const;
  const { faults } = bench.world.gateway;
  const run = await startRestore(bench, { backup });
  await run.asked('restore');
  const where = {
    action: 'UpdateAutoScalingGroup',
    where: (call: Parameters<typeof isLabs>[0]) => !isLabs(call),
  };
  const one = faults.add({ match: where, effect: denied });
  await run.approve('restore', 'grace', 'linus');
  const ask = await run.asked('stopNodes.failed');
  await run.decide({ ask: ask.id, verdict: 'skip', actor: 'grace', note: 'they are idle' });
  faults.remove(one);
  const { outcome, conclusion } = await run.ended();
  expect([outcome, conclusion]).toEqual(['UNDONE', expect.stringContaining('not seen that all nodes')]);
  for (const action of ['DetachVolume', 'AttachVolume', 'ModifyDBInstance']) {
    expect(applied(mark, action)).toEqual([]);
  }
  await untilServing(bench);
  expect(await footprint(bench)).toEqual(before);
});

test('every answer lost once: what was done is adopted, nothing is renamed, restored or made twice', async () => {
  const actions = [
    ...['UpdateAutoScalingGroup', 'SuspendProcesses', 'ResumeProcesses', 'CreateOrUpdateTags'],
    ...['CreateVolume', 'DetachVolume', 'AttachVolume', 'CreateTags'],
    ...['AddTagsToResource', 'ModifyDBInstance', 'RestoreDBInstanceFromDBSnapshot'],
    ...['CreateChangeSet', 'ExecuteChangeSet', 'RegisterInstancesWithLoadBalancer'],
  ];
  actions.forEach((action) => fault(action, { kind: 'dropAfter' }));
  const { mark } = bench;
  const run = await startRestore(bench, { backup });
  await run.approve('restore', 'grace', 'linus');
  const { outcome, degraded, asks } = await run.ended();
  expect([outcome, degraded]).toEqual(['SUCCEEDED', []]);
  expect(asks.filter(({ kind }) => kind !== 'gate')).toEqual([]);
  // One client token is one effect, however often it was sent.
  expect(appliedTwice(bench.changesSince(mark), [])).toEqual([]);
  expect(applied(mark, 'RestoreDBInstanceFromDBSnapshot')).toHaveLength(1);
  const renamings = applied(mark, 'ModifyDBInstance').filter(
    ({ parameters }) => parameters.NewDBInstanceIdentifier !== undefined,
  );
  expect(renamings).toHaveLength(1);
  expect(await pushes.present()).toEqual(['before']);
  expect(await bench.violations()).toEqual([]);
});

test('half a backup is refused with the member that lacks, and nothing is touched', async () => {
  const { rds } = bench.aws.primary;
  const { DBSnapshots = [] } = await rds.send(new DescribeDBSnapshotsCommand({}));
  const id = DBSnapshots.map((one) => one.DBSnapshotIdentifier!).find((name) =>
    name.startsWith('runbooks-'),
  )!;
  await rds.send(new DeleteDBSnapshotCommand({ DBSnapshotIdentifier: id }));
  const { mark } = bench;
  const { outcome, problems } = await until('the snapshot to be gone', async () => {
    const state = await (await startRestore(bench, { backup })).ended();
    return state.problems.some(({ message }) => message.includes('missing')) ? state : undefined;
  });
  expect([outcome, problems.map(({ code }) => code)]).toEqual(['REFUSED', ['incompletePair']]);
  expect(problems[0]!.message).toContain(`database (${id}) is missing`);
  expect(bench.changesSince(mark)).toEqual([]);
});
