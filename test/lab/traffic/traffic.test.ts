import { execFileSync } from 'node:child_process';
import { createSocket } from 'node:dgram';
import type { Socket } from 'node:dgram';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import dnsPacket from 'dns-packet';
import { TrafficProcess } from '../../../lab/traffic/launch';
import type { TrafficOptions } from '../../../lab/traffic/options';
import { Traffic } from '../../../lab/traffic/traffic';
import { eventually } from '../bitbucket/eventually';
import { PostgresServer } from '../bitbucket/postgres-server';
import { DEVELOPER, Site } from '../bitbucket/site';
import type { Node } from '../bitbucket/site';

let server: PostgresServer;
let site: Site;
let node: Node;
let directory: string;
let dns: Socket;
let target: string | undefined;
let questions = 0;
let ttl = 0;

beforeAll(async () => {
  server = await PostgresServer.start();
});
afterAll(() => server.remove());

beforeEach(async () => {
  site = await Site.seed(server);
  node = await site.start();
  await node.reaches('RUNNING');
  target = new URL(node.url).hostname;
  ttl = 0;
  directory = mkdtempSync(join(tmpdir(), 'traffic-test-'));
  dns = createSocket('udp4');
  dns.on('message', (message, from) => {
    questions += 1;
    const { id, questions: asked } = dnsPacket.decode(message);
    const answers =
      target === undefined ? [] : [{ type: 'A' as const, name: 'git.bitbucket.lab', ttl, data: target }];
    dns.send(
      dnsPacket.encode({ type: 'response', id: id!, questions: asked!, answers }),
      from.port,
      from.address,
    );
  });
  await new Promise<void>((resolve) => dns.bind(0, '127.0.0.1', resolve));
});
afterEach(async () => {
  dns.close();
  await site.remove();
  rmSync(directory, { recursive: true, force: true });
});

function options(changes: Partial<TrafficOptions> = {}): TrafficOptions {
  return {
    serviceName: 'git.bitbucket.lab',
    port: 7990,
    dnsServer: `127.0.0.1:${dns.address().port}`,
    credentials: DEVELOPER,
    repositories: ['PROJ/one', 'PROJ/two'],
    intervalMs: 100,
    cloneEvery: 3,
    minimumOutageMs: 400,
    directory: join(directory, 'clones'),
    pushesFile: join(directory, 'pushes.jsonl'),
    ...changes,
  };
}

/** Commands that still work in this test's directories. */
const leftovers = (): string[] =>
  execFileSync('ps', ['-eo', 'args'], { encoding: 'utf8' })
    .split('\n')
    .filter((line) => line.startsWith('git ') && line.includes(directory));

test('every acknowledged push is on file and in the service; an outage is seen from its first to its last moment', async () => {
  const traffic = new Traffic(options());
  await traffic.start();
  try {
    await eventually(async () => traffic.summary().acknowledged >= 6 && traffic.summary().clones >= 1);
    site.export(false);
    const from = Date.now();
    // A loaded machine may have had a short outage of its own before; this one is still open.
    await eventually(async () => traffic.summary().outages.at(-1)?.to === null);
    site.export(true);
    const healed = Date.now();
    const before = traffic.summary().acknowledged;
    await eventually(async () => traffic.summary().acknowledged > before);
    const { outages, downtimeSeconds } = traffic.summary();
    const seen = outages.find(({ to }) => to !== null && Date.parse(to) >= healed);
    expect(Date.parse(seen!.from)).toBeLessThanOrEqual(from + 300);
    expect(downtimeSeconds).toBeGreaterThanOrEqual((healed - from) / 1000 - 0.3);
  } finally {
    await traffic.stop();
  }
  const { acknowledged, pushes, failed, unknown } = traffic.summary();
  expect(pushes).toBe(acknowledged + failed + unknown);
  expect(readFileSync(join(directory, 'pushes.jsonl'), 'utf8').trim().split('\n')).toHaveLength(acknowledged);
  expect(await traffic.audit()).toEqual({ acknowledged, lost: [], lostPushes: [] });
  expect(leftovers()).toEqual([]);
});

test('commits that a restored home lacks are counted by repository, and later pushes do not bring them back', async () => {
  const lostId = String(site.repositories.find(({ slug }) => slug === 'two')!.id);
  const live = join(site.sharedHome, 'data', 'repositories', lostId);
  const traffic = new Traffic(options({ workers: 1 }));
  await traffic.start();
  const pushed = (): number =>
    readFileSync(join(directory, 'pushes.jsonl'), 'utf8')
      .split('\n')
      .filter((line) => line.includes('PROJ/two')).length;
  try {
    await eventually(async () => pushed() >= 2);
    target = undefined;
    await eventually(async () => traffic.summary().lastError?.includes('ENODATA') === true);
    execFileSync('git', ['-c', 'safe.directory=*', '-C', live, 'update-ref', 'refs/heads/main', 'main~2']);
    const before = pushed();
    target = new URL(node.url).hostname;
    await eventually(async () => pushed() >= before + 2);
    expect((await traffic.audit()).lost).toEqual([{ repository: 'PROJ/two', count: 2 }]);
  } finally {
    await traffic.stop();
  }
});

test('an answer of the name server is kept for its time to live', async () => {
  ttl = 3600;
  questions = 0;
  const traffic = new Traffic(options({ workers: 1 }));
  await traffic.start();
  await eventually(async () => traffic.summary().acknowledged >= 3);
  await traffic.stop();
  expect(questions).toBe(1);
});

test('a service that accepts connections and never answers neither hangs the traffic nor counts as a failure', async () => {
  const silent = createServer(() => undefined);
  await new Promise<void>((resolve) => silent.listen(7990, '127.0.0.1', resolve));
  const traffic = new Traffic(options({ timeoutMs: 400 }));
  await traffic.start();
  await eventually(async () => traffic.summary().acknowledged >= 2);
  target = '127.0.0.1';
  await eventually(async () => traffic.summary().outages.length === 1);
  await traffic.stop();
  silent.close();
  expect(leftovers()).toEqual([]);
});

test('as a process of its own it answers on its control address and ends in order', async () => {
  const control = { address: new URL(node.url).hostname, port: 7991 };
  const traffic = await TrafficProcess.start(options(), control, join(directory, 'traffic.log'));
  try {
    await eventually(async () => (await traffic.summary()).acknowledged >= 3);
    expect((await traffic.audit()).lost).toEqual([]);
    expect((await traffic.audit(node.url)).lost).toEqual([]);
    await expect(traffic.audit('http://127.0.0.1:9')).rejects.toThrow(/cannot fetch/);
  } finally {
    await traffic.stop();
  }
  expect(await traffic.process.exited).toBe(0);
  expect(leftovers()).toEqual([]);
});
