import { request } from 'node:http';
import { basic, BitbucketClient } from '../../activities/bitbucket/client';
import { NODE_PORT } from '../../lab/world/layout';
import { USERS } from '../../lab/world/secrets';
import type { Manifest } from '../../workflows/plan/backup/manifest';
import { readStore } from '../support/backup-store';
import { FailoverBench } from '../support/failover-bench';
import { doorsOf, pushSoon } from '../support/push';
import { snapshotsOf } from '../support/snapshots';
import { untilServing } from '../support/until-serving';

let bench: FailoverBench;
let bitbucket: BitbucketClient;

beforeAll(async () => {
  bench = await FailoverBench.open();
  await bench.startWorker();
  const node = bench.world.hosts.hosts().find(({ role }) => role === 'node')!;
  const password = bench.world.passwords.BITBUCKET_ADMIN_PASSWORD;
  bitbucket = new BitbucketClient({
    baseUrl: `http://${node.address}:${NODE_PORT}`,
    credentials: { username: USERS.administrator, password },
  });
});
afterAll(() => bench?.close());

const start = () => bench.start(bench.message({ mode: 'locked' }), { runbook: 'backup' });

test('users are locked out from the drain to the captured instant, and not longer', async () => {
  const run = await start();
  await run.step('captureVolumes', ['checking', 'running', 'verifying', 'done']);
  expect((await bitbucket.status()).state).toBe('MAINTENANCE');
  await run.step('unlockBitbucket', ['done']);
  expect(await bitbucket.maintenanceLock()).toBeNull();
  const { outcome, degraded } = await run.ended();
  expect([outcome, degraded]).toEqual(['SUCCEEDED', []]);
  const { backup } = (await run.report()) as unknown as { backup: { key: string } };
  expect((await readStore<Manifest>(bench, backup.key)).value.mode).toBe('locked');
  expect(JSON.stringify(await run.report())).not.toMatch(/unlockToken/);
  await pushSoon(bench.world, doorsOf(bench.world, 'primary')[0]!);
  expect(await bench.violations()).toEqual([]);
});

test('a database that makes a backup of its own is waited for before users are locked out', async () => {
  let isBusy = true;
  bench.world.gateway.use({
    service: 'rds',
    handlers: {
      DescribeDBInstances: async (_call, forward) => {
        const reply = await forward();
        if (!isBusy) return reply;
        const body = reply.body
          .toString()
          .replaceAll('<DBInstanceStatus>available<', '<DBInstanceStatus>backing-up<');
        return { ...reply, body: Buffer.from(body) };
      },
    },
  });
  const run = await start();
  await run.step('awaitDatabase', ['verifying']);
  expect(await bitbucket.maintenanceLock()).toBeNull();
  // Of a run that is held the lock does not begin; and nobody can prolong it by a hold.
  await run.hold('grace');
  isBusy = false;
  await run.step('awaitDatabase', ['done']);
  expect((await run.status()).steps.find(({ id }) => id === 'lockBitbucket')?.state).toBe('planned');
  expect(await bitbucket.maintenanceLock()).toBeNull();
  await run.resume('grace');
  await run.step('drainBitbucket', ['checking', 'running', 'verifying', 'done']);
  await run.hold('grace');
  await run.step('unlockBitbucket', ['done']);
  expect(await bitbucket.maintenanceLock()).toBeNull();
  await run.resume('grace');
  expect((await run.ended()).outcome).toBe('SUCCEEDED');
});

test('a cancel under the lock unlocks', async () => {
  const run = await start();
  await run.step('captureVolumes', ['checking', 'running', 'verifying', 'done']);
  await run.handle.cancel();
  expect((await run.ended()).outcome).toBe('UNDONE');
  expect(await bitbucket.maintenanceLock()).toBeNull();
  expect(await snapshotsOf(bench, run.id)).toEqual([]);
  await untilServing(bench);
  expect(await bench.violations()).toEqual([]);
});

test('a lock of somebody else is refused, and stays', async () => {
  const token = await bitbucket.lockForMaintenance();
  const run = await start();
  const { outcome, problems } = await run.ended();
  // Under the lock Bitbucket does not say either whether it has Mesh nodes.
  const codes = problems.map(({ code }) => code).filter((code) => code !== 'meshUnknown');
  expect([outcome, codes]).toEqual(['REFUSED', ['lockedBySomebody']]);
  expect(await bitbucket.maintenanceLock()).toEqual({ owner: USERS.administrator });
  expect(await bitbucket.unlock(token)).toBe(true);
});

test('requests that do not end in time: the lock is taken off, and the backup has failed', async () => {
  await bench.changeEstate((estate) => ({
    ...estate,
    policy: { ...estate.policy, backup: { ...estate.policy?.backup, drainTimeout: '2s' } },
  }));
  const { address } = bench.world.hosts.hosts().find(({ role }) => role === 'node')!;
  // A clone whose client never says all that it wants.
  const endless = request({
    ...{ host: address, port: NODE_PORT, method: 'POST', path: '/scm/OPS/probe.git/git-upload-pack' },
    headers: {
      'content-type': 'application/x-git-upload-pack-request',
      authorization: basic({
        username: USERS.probe,
        password: bench.world.passwords.BITBUCKET_PROBE_PASSWORD,
      }),
    },
  });
  endless.on('error', () => undefined);
  endless.write('00');
  const run = await start();
  const { outcome, conclusion } = await run.ended();
  expect(outcome).toBe('UNDONE');
  expect(conclusion).toContain('requests still run');
  expect(await bitbucket.maintenanceLock()).toBeNull();
  expect(await snapshotsOf(bench, run.id)).toEqual([]);
  endless.destroy();
});
