import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { FailoverBench } from '../support/failover-bench';
import { runCommand } from '../support/command-line';
import { Stock } from './stock';

let bench: FailoverBench;
let names: readonly string[];

beforeAll(async () => {
  bench = await FailoverBench.open({ scale: 2000 });
  const retention = { hourly: 0, daily: 1, weekly: 0, monthly: 0, yearly: 0 };
  await bench.changeEstate((estate) => ({
    ...estate,
    policy: { ...estate.policy, backup: { ...estate.policy?.backup, retention } },
  }));
  await bench.startWorker();
  const stock = new Stock(bench);
  names = [
    await stock.pair('2026-10-01T10:00:00Z', { version: '9.3.0' }),
    await stock.pair('2026-10-02T10:00:00Z'),
    await stock.pair('2026-10-03T10:00:00Z'),
  ];
  await stock.verified(names[1]!);
});
afterAll(() => bench?.close());

function say(...words: string[]) {
  return runCommand(words, { environment: bench.environment });
}

test('the list says of each backup how old it is, where, in which state, and why it is kept', async () => {
  const { out, err, code } = await say('backups', 'list', bench.world.instance);
  expect([err, code]).toEqual(['', 0]);
  const line = (name: string): string => out.split('\n').find((one) => one.startsWith(name))!;
  expect(line(names[0]!)).toMatch(
    /\d+ d +primary +complete +no +\d+ GiB +not kept: the next prune deletes it/,
  );
  expect(line(names[1]!)).toMatch(/complete +✔ \d{4}-\d\d-\d\d +\d+ GiB +last verified/);
  expect(line(names[2]!)).toMatch(/newest of its day; last complete/);
  expect(out.indexOf(names[2]!)).toBeLessThan(out.indexOf(names[0]!));
});

test('the list is also for programs', async () => {
  const { out, code } = await say('backups', 'list', bench.world.instance, '--json');
  const { decisions, silent } = JSON.parse(out) as {
    decisions: { action: string; point: { backup: string } }[];
    silent: string[];
  };
  expect([code, silent]).toEqual([0, []]);
  expect(decisions.find(({ point }) => point.backup === names[0])?.action).toBe('delete');
});

test('one backup is shown with its members, by its name, the beginning of it, or as the newest', async () => {
  const full = await say('backups', 'show', bench.world.instance, 'newest');
  expect(full.out).toContain(`${names[2]} at primary (eu-central-1)  complete`);
  expect(full.out).toMatch(/ebs home: snap-\w+ completed/);
  expect(full.out).toMatch(/rds database: runbooks-\S+ available/);
  expect((await say('backups', 'show', bench.world.instance, names[0]!.slice(0, -3))).code).toBe(0);
  const none = await say('backups', 'show', bench.world.instance, 'nothing');
  expect([none.code, none.err]).toEqual([1, expect.stringContaining('there is no backup nothing')]);
});

test('the plan of a prune tells every decision and every call, and changes nothing', async () => {
  const mark = bench.mark;
  const { out, code } = await say('backups', 'prune', bench.world.instance, '--plan');
  expect(code).toBe(0);
  expect(out).toMatch(
    new RegExp(`delete +${names[0]} +primary +\\d+ d +day 2026-10-01 is before the last 1 kept`),
  );
  expect(out).toMatch(/ec2.DeleteSnapshot snap-\w+ in eu-central-1/);
  expect(out).toContain(`runbooks start pruneBackups ${bench.world.instance} --watch`);
  expect(bench.changesSince(mark)).toEqual([]);
});

test('nothing is deleted from the command line without a run', async () => {
  const { err, code } = await say('backups', 'prune', bench.world.instance);
  expect([code, err]).toEqual([2, expect.stringContaining('runbooks start pruneBackups')]);
});

test('a backup of another version is not restored: the plan says which the nodes need', async () => {
  const { mark } = bench;
  const input = JSON.stringify({ backup: names[0] });
  const { out, code } = await say('plan', 'restore', bench.world.instance, '--input', input);
  expect(out).toMatch(
    new RegExp(`otherVersion: ${names[0]} was taken of Bitbucket 9\\.3\\.0; the nodes run \\d+\\.\\d+`),
  );
  expect([code, out]).toEqual([1, expect.stringContaining('Bring the nodes to 9.3.0 first')]);
  expect(bench.changesSince(mark)).toEqual([]);
});

test('a worker tells its metrics when the newest good backups were captured', async () => {
  await bench.stopWorkers();
  const address = await freeAddress();
  await bench.startWorkerProcess({ environment: { RUNBOOKS_METRICS_ADDRESS: address } });
  expect((await say('backups', 'list', bench.world.instance)).code).toBe(0);
  const told = await (await fetch(`http://${address}/metrics`)).text();
  const value = (kind: string): number => {
    const series = told
      .split('\n')
      .filter((line) => line.startsWith('runbooks_last_good_backup_timestamp_seconds{'))
      .filter(
        (line) => line.includes(`kind="${kind}"`) && line.includes(`instance="${bench.world.instance}"`),
      );
    expect([kind, series.length]).toEqual([kind, 1]);
    return Number(series[0]!.split(' ').at(-1));
  };
  expect([value('complete'), value('verified')]).toEqual([
    ...[Date.parse('2026-10-03T10:00:00Z') / 1000, Date.parse('2026-10-02T10:00:00Z') / 1000],
  ]);
});

/** `host:port` where nobody listens. */
async function freeAddress(): Promise<string> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  return `127.0.0.1:${port}`;
}
