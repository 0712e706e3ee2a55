import { consecutiveFailures, probeServiceImplementation } from '../../../activities/bitbucket/probe-service';
import type { ServiceProbes } from '../../../workflows/steps/probe-service';
import { DnsWorld, NAME, OLD } from '../dns/dns-world';
import { CONTEXT } from '../hosts/file-server-world';
import { WebServer } from './web-server';

it.each([
  [[], 0],
  [['RUNNING'], 0],
  [['none', 'none'], 2],
  [['FIRST_RUN', 'RUNNING', 'none'], 1],
  [['none', 'MAINTENANCE'], 0],
  [['RUNNING', 'FIRST_RUN', 'other', 'STARTING'], 3],
])('counts the bad probes at the end of %j as %d', (states, expected) => {
  expect(consecutiveFailures(states.map((state) => ({ state })))).toBe(expected);
});

describe('through the resolvers of the estate', () => {
  let dns: DnsWorld;
  let server: WebServer;
  const look = (resolver: string, name = NAME): Promise<ServiceProbes> =>
    probeServiceImplementation().look(
      {
        url: `http://${name}:${server.port}`,
        dns: { zoneId: 'Z', name, ttlSeconds: 60, resolvers: [resolver] },
        probes: 2,
        intervalSeconds: 0.01,
        timeoutSeconds: 1,
      },
      CONTEXT,
    ) as Promise<ServiceProbes>;

  beforeAll(async () => {
    server = await WebServer.start();
    dns = await DnsWorld.start([{ name: NAME, type: 'A', ttl: 60, values: ['127.0.0.1'] }]);
  });
  afterAll(() => Promise.all([server.stop(), dns.stop()]));

  it('takes two good answers for good', async () => {
    server.routes['GET /status'] = { body: { state: 'RUNNING' } };
    expect(await look(dns.dns.server)).toMatchObject({
      consecutiveFailures: 0,
      probes: [
        { address: '127.0.0.1', state: 'RUNNING', httpStatus: 200 },
        { address: '127.0.0.1', state: 'RUNNING' },
      ],
    });
  });

  it('takes a set-up wizard with HTTP 200 for a failure', async () => {
    server.routes['GET /status'] = { body: { state: 'FIRST_RUN' } };
    expect(await look(dns.dns.server)).toMatchObject({ consecutiveFailures: 2 });
  });

  it('a name that does not resolve is no answer, with the reason', async () => {
    const { probes, consecutiveFailures: failures } = await look(dns.dns.server, `unknown.${OLD}`);
    expect(failures).toBe(2);
    expect(probes[0]).toMatchObject({ address: null, state: 'none', httpStatus: null });
    expect(probes[0]?.detail).toContain('does not resolve');
  });
});
