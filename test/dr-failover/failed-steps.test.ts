import { renameSync } from 'node:fs';
import { join } from 'node:path';
import { TerminateInstanceInAutoScalingGroupCommand } from '@aws-sdk/client-auto-scaling';
import { DescribeSnapshotsCommand } from '@aws-sdk/client-ec2';
import { FailoverBench } from '../support/failover-bench';
import { footprint } from '../support/footprint';
import { doorsOf, push } from '../support/push';
import { until } from '../support/until';
import { untilServingAgain } from '../support/until-serving';

let bench: FailoverBench;

beforeAll(async () => {
  bench = await FailoverBench.open();
  await bench.startWorker();
});
afterAll(() => bench?.close());

test('an abort after a home that cannot be used takes back volume, attachment and fence', async () => {
  const { world } = bench;
  const before = await footprint(bench);
  const { Snapshots = [] } = await bench.aws.standby.ec2.send(
    new DescribeSnapshotsCommand({ Filters: [{ Name: 'tag:runbooks:volume', Values: ['home'] }] }),
  );
  const properties = join(world.directory.snapshot(Snapshots[0]!.SnapshotId!), 'bitbucket.properties');
  renameSync(properties, `${properties}.lost`);
  await bench.lose('database-down');

  const run = await bench.start();
  await run.approve('failover', 'grace', 'linus');
  const ask = await run.asked('mountHome.failed');
  expect(ask.evidence.join()).toContain('has no bitbucket.properties');
  const during = await footprint(bench);
  expect(during.primary.groups![0]!.numbers).toEqual([0, 0, 0]);
  expect(during.standby.volumes!.length).toBe(before.standby.volumes!.length + 1);
  await run.decide({ ask: ask.id, verdict: 'abort', actor: 'grace' });

  const state = await run.ended();
  expect([state.outcome, state.conclusion]).toEqual([
    'UNDONE',
    expect.stringContaining('everything was undone'),
  ]);
  const undone = state.steps.filter((step) => step.state === 'undone').map(({ id }) => id);
  expect(undone.sort()).toEqual([
    'attachHomeVolume',
    'createHomeVolume',
    'disableAutomation',
    'fenceDatabase',
    'fenceHome',
    'fenceNodes',
    'mountHome',
    'unmountFormerHome',
  ]);
  // Without the database: they are told to look, and how to mend it.
  expect(state.followUps).toEqual([expect.stringMatching(/nodes of primary serve.+terminate-instance-in/)]);
  await world.heal();
  renameSync(`${properties}.lost`, properties);
  await untilServingAgain(bench, 90);
  expect(await footprint(bench)).toEqual(before);
  for (const door of doorsOf(world, 'primary')) await push(world, door);
  expect(await bench.violations()).toEqual([]);
});

test('a first node that finds an empty database stops the run in clear words; once mended, retry goes on', async () => {
  const { world } = bench;
  const { region, databaseId } = world.sites.standby.layout;
  const sql = (text: string): Promise<unknown> => world.databases.query(region, databaseId, text);
  await bench.lose('database-down');
  const run = await bench.start();
  await run.approve('failover', 'grace', 'linus');
  await run.step('promoteReplica', ['running', 'verifying', 'done']);
  await run.hold('ada');
  await run.step('promoteReplica', ['done']);
  await sql(
    'alter schema public rename to hidden; create schema public; grant all on schema public to public',
  );
  await run.resume('ada');

  const ask = await run.asked('startNode.1.failed');
  expect(ask.evidence.join()).toMatch(
    /says FIRST_RUN: it sees an empty database or home.*check which database/s,
  );
  expect((await run.status()).pastPointOfNoReturn).toBe('promoteReplica');
  const [bad] = (await world.probe()).standby.nodes;
  expect(bad!.state).toBe('FIRST_RUN');

  await sql('drop schema public cascade; alter schema hidden rename to public');
  await bench.aws.standby.autoScaling.send(
    new TerminateInstanceInAutoScalingGroupCommand({
      InstanceId: bad!.id,
      ShouldDecrementDesiredCapacity: false,
    }),
  );
  await until(
    'another node',
    async () => {
      const { nodes } = (await world.probe()).standby;
      return (nodes.length === 1 && nodes[0]!.id !== bad!.id && nodes[0]!.state === 'RUNNING') || undefined;
    },
    90,
  );
  await run.decide({ ask: ask.id, verdict: 'retry', actor: 'grace' });
  const state = await run.ended();
  expect([state.outcome, state.steps.find(({ id }) => id === 'startNode.1')!.tries]).toEqual([
    'SUCCEEDED',
    2,
  ]);
  await world.heal();
  expect(await bench.violations()).toEqual([]);
});
