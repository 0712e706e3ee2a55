import { randomBytes } from 'node:crypto';
import { createServer, request } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { VirtualClock } from '../../../lab/clock/virtual-clock';
import { Balancers } from '../../../lab/balancer/balancers';
import type { Balancer } from '../../../lab/balancer/balancers';
import { LabNetwork, REGIONS } from '../../../lab/world/network';
import { until } from '../compute/compute-world';

const region = REGIONS.primary;
let network: LabNetwork;
let balancers: Balancers;
let balancer: Balancer;
let nodes: Map<string, Server>;
let addresses: Map<string, string>;

beforeEach(async () => {
  network = await LabNetwork.claim();
  nodes = new Map();
  addresses = new Map();
  balancers = new Balancers(new VirtualClock(100), network, (id) => addresses.get(id));
  balancer = await balancers.create(region, 'site', false);
});
afterEach(async () => {
  await balancers.stop();
  for (const server of nodes.values()) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
  await network.release();
});

async function node(
  id: string,
  serve: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<void> {
  const server = createServer((asked, response) =>
    asked.url === '/status' ? response.end('{"state":"RUNNING"}') : serve(asked, response),
  );
  nodes.set(id, server);
  addresses.set(id, network.allocate(region));
  await new Promise<void>((resolve) => server.listen(7990, addresses.get(id), resolve));
  balancer.members.register(id);
  await until(
    10,
    async () => balancer.members.get(id)!.inService,
    (inService) => inService,
  );
}

const url = (): string => `http://${balancers.addressOf(balancer.dnsName)!}:8080`;

test('names lead to addresses in any case, and to nothing once the load balancer is gone', async () => {
  expect(balancer.dnsName).toMatch(/^site-\d+\.eu-central-1\.elb\.amazonaws\.com$/);
  expect(balancers.addressOf(`${balancer.dnsName.toUpperCase()}.`)).toBe(balancer.address);
  await balancers.remove(region, 'site');
  expect(balancers.addressOf(balancer.dnsName)).toBeUndefined();
});

test('bodies stream both ways: the answer begins before the request has ended', async () => {
  await node('i-1', (asked, response) => {
    asked.on('data', (chunk) => response.write(chunk));
    asked.on('end', () => response.end());
  });
  const chunks = [randomBytes(300_000), randomBytes(300_000)];
  const received: Buffer[] = [];
  const size = (): number => Buffer.concat(received).length;
  const sent = request(`${url()}/p/git-receive-pack?a=b`, { method: 'POST' });
  const answered = new Promise<IncomingMessage>((resolve, reject) => {
    sent.once('response', resolve);
    sent.once('error', reject);
  });
  sent.write(chunks[0]);
  const answer = await answered;
  answer.on('data', (chunk: Buffer) => received.push(chunk));
  await until(
    5,
    async () => size(),
    (bytes) => bytes === 300_000,
  );
  sent.end(chunks[1]);
  await new Promise((resolve) => answer.once('end', resolve));
  expect(Buffer.concat(received).equals(Buffer.concat(chunks))).toBe(true);
});

test('without draining a deregistered node loses its requests', async () => {
  await node('i-1', () => undefined);
  const asked = fetch(url());
  asked.catch(() => undefined);
  await until(
    5,
    async () => balancer.members.get('i-1')!.inFlight,
    (count) => count === 1,
  );
  await balancer.members.deregister('i-1', 0);
  await expect(asked).rejects.toThrow();
  expect((await fetch(url())).status).toBe(503);
});

test('draining ends at its time limit, also when a request does not', async () => {
  await node('i-1', () => undefined);
  const asked = fetch(url());
  asked.catch(() => undefined);
  await until(
    5,
    async () => balancer.members.get('i-1')!.inFlight,
    (count) => count === 1,
  );
  await balancer.members.deregister('i-1', 30);
  await expect(asked).rejects.toThrow();
  expect(balancer.members.get('i-1')).toBeUndefined();
});

test('a node that breaks off before it answers is a bad gateway, not a broken connection', async () => {
  await node('i-1', (asked) => asked.socket.destroy());
  expect((await fetch(url())).status).toBe(502);
});
