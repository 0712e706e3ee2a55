import { DescribeVolumesCommand } from '@aws-sdk/client-ec2';
import { HOME_DEVICE } from '../../lab/world/layout';
import { plan as planQuery } from '../../workflows/runbook/messages';
import { FailoverBench } from '../support/failover-bench';
import { footprint } from '../support/footprint';
import { doorsOf, push, pushSoon } from '../support/push';
import { untilServingAgain } from '../support/until-serving';

let bench: FailoverBench;
let former: string;

// As after an earlier failover the other way: the standby was the primary, and its home is still mounted.
beforeAll(async () => {
  bench = await FailoverBench.open({ standbyHome: true });
  await bench.startWorker();
  former = (await homeOfStandby()).id;
});
afterAll(() => bench?.close());

/** The volume on the home's device, and what the file server has mounted. */
async function homeOfStandby(): Promise<{ id: string; mounts: string; unit: string }> {
  const { fileServerId } = bench.world.sites.standby;
  const { Volumes = [] } = await bench.aws.standby.ec2.send(
    new DescribeVolumesCommand({ Filters: [{ Name: 'attachment.instance-id', Values: [fileServerId] }] }),
  );
  const home = Volumes.find(({ Attachments = [] }) => Attachments[0]?.Device === HOME_DEVICE);
  const said = await bench.world.hosts.run(
    fileServerId,
    'findmnt -rno SOURCE,TARGET || true; echo; systemctl is-enabled nfs-server || true; systemctl is-active nfs-server || true',
    { timeoutSeconds: 20 },
  );
  const [mounts = '', unit = ''] = said.stdout.trim().split('\n\n');
  return { id: home?.VolumeId ?? '', mounts, unit };
}

test('the plan tells that the home of the standby is unmounted, and that the other one is mounted', async () => {
  const run = await bench.start(bench.message({ dryRun: true }));
  await run.ended();
  const { steps } = (await run.handle.query(planQuery))!;
  const calls = (id: string) => steps.find((one) => one.id === id)!.calls.map(({ action }) => action);
  expect(calls('unmountFormerHome')).toEqual(['unmount-home.sh']);
  expect(calls('attachHomeVolume')).toEqual(['CreateTags', 'DetachVolume', 'AttachVolume']);
  // What is mounted and exported now is another home.
  expect(calls('mountHome')).toEqual(['mount-home.sh']);
});

test('a failover that is cancelled gives the standby its own home back: attached, mounted, exported', async () => {
  const { world } = bench;
  const before = { ...(await footprint(bench)), home: await homeOfStandby() };
  expect(before.home.mounts).toContain(HOME_DEVICE);
  await bench.lose('database-down');
  const run = await bench.start();
  await run.approve('failover', 'grace', 'linus');
  await run.step('attachHomeVolume', ['running', 'verifying', 'done']);
  await run.hold('ada');
  await run.step('attachHomeVolume', ['done']);
  expect((await homeOfStandby()).id).not.toBe(former);
  await run.handle.cancel();
  const state = await run.ended();
  expect(state.outcome).toBe('UNDONE');
  expect(state.steps.find(({ id }) => id === 'unmountFormerHome')).toMatchObject({ state: 'undone' });
  await world.heal();
  await untilServingAgain(bench, 90);
  expect({ ...(await footprint(bench)), home: await homeOfStandby() }).toEqual(before);
  for (const door of doorsOf(world, 'primary')) await push(world, door);
  expect(await bench.violations()).toEqual([]);
});

test('a failover onto it unmounts that home before it is detached, and nobody is asked', async () => {
  const { world } = bench;
  await bench.lose('database-down');
  const run = await bench.start();
  await run.approve('failover', 'grace', 'linus');
  const state = await run.ended();
  expect([state.outcome, state.problems, state.degraded]).toEqual(['SUCCEEDED', [], []]);
  expect(state.asks.map(({ id }) => id)).toEqual(['failover']);
  const { id, mounts } = await homeOfStandby();
  expect(id).not.toBe(former);
  expect(mounts).toContain(HOME_DEVICE);
  const { Volumes } = await bench.aws.standby.ec2.send(new DescribeVolumesCommand({ VolumeIds: [former] }));
  expect(Volumes![0]).toMatchObject({ State: 'available' });
  await world.heal();
  for (const door of doorsOf(world, 'standby')) await pushSoon(world, door);
  expect(await bench.violations()).toEqual([]);
});
