import { ChangeResourceRecordSetsCommand } from '@aws-sdk/client-route-53';
import { MockActivityEnvironment } from '@temporalio/testing';
import { switchDnsImplementation } from '../../../activities/dns/switch-dns';
import type { Verified } from '../../../workflows/runbook/step';
import { later } from '../../../workflows/runbook/later';
import { CONTEXT } from '../hosts/file-server-world';
import { DnsWorld, NAME, NEW, OLD, silentServer, ZONE } from './dns-world';

let world: DnsWorld;
afterEach(() => world.stop());

const parts = () => switchDnsImplementation(world.dependencies).parts;
const input = (resolvers = [world.dns.server], target = NEW) => ({
  dns: { zoneId: ZONE, name: NAME, ttlSeconds: 30, resolvers },
  target,
});
const changes = () =>
  world.gateway.ledger.entries().filter((entry) => entry.action === 'ChangeResourceRecordSets');

describe('with a plain CNAME', () => {
  beforeEach(async () => {
    world = await DnsWorld.start();
  });

  it('shows the record now and the one call, then points the name and proves it at the resolver', async () => {
    expect(await parts().check(input(), CONTEXT)).toMatchObject({
      state: 'needed',
      before: { target: OLD, ttlSeconds: 60 },
      calls: [{ action: 'ChangeResourceRecordSets', target: NAME, parameters: { Value: NEW, TTL: 30 } }],
      problems: [],
      notes: [],
    });
    const output = await parts().run!(input(), CONTEXT);
    expect(output).toEqual({ previous: OLD, resolvers: 1 });
    expect(await parts().verify(input(), output, CONTEXT)).toMatchObject({
      output: { previous: OLD, resolvers: 1 },
      facts: { target: NEW, ttlSeconds: 30 },
    });
    expect((await parts().check(input(), CONTEXT)).state).toBe('done');
  });

  it('a run repeated after its answer was lost ends with the same record', async () => {
    world.gateway.faults.add({
      match: { action: 'ChangeResourceRecordSets' },
      times: 1,
      effect: { kind: 'dropAfter' },
    });
    expect(await parts().run!(input(), CONTEXT)).toMatchObject({ resolvers: 1 });
    expect(changes().length).toBeGreaterThan(1);
    expect((await parts().verify(input(), undefined, CONTEXT)).facts).toMatchObject({ target: NEW });
  });

  it('waits for a resolver that stays behind, and after twice the TTL goes on degraded', async () => {
    const both = input([world.dns.server, world.behind.server]);
    const output = await parts().run!(both, CONTEXT);
    await expect(parts().verify(both, output, CONTEXT)).rejects.toMatchObject({
      type: 'NotYet',
      message: expect.stringContaining(`${world.behind.server} says ${OLD}`),
    });
    const overdue = new MockActivityEnvironment({ scheduledTimestampMs: Date.now() - 61_000 });
    const proven = await overdue.run<[], Verified<unknown>, () => Promise<Verified<unknown>>>(() =>
      parts().verify(both, output, CONTEXT),
    );
    expect(proven.output).toMatchObject({ resolvers: 1 });
    expect(proven.degraded).toEqual([expect.stringContaining(`${world.behind.server} says ${OLD}`)]);
  });

  it('never ends while no resolver at all follows', async () => {
    const only = input([world.behind.server]);
    await parts().run!(only, CONTEXT);
    const overdue = new MockActivityEnvironment({ scheduledTimestampMs: Date.now() - 3_600_000 });
    await expect(overdue.run(() => parts().verify(only, undefined, CONTEXT))).rejects.toMatchObject({
      type: 'NotYet',
    });
  });

  it('a record that was changed back by someone is an error, not a wait', async () => {
    await expect(parts().verify(input(), undefined, CONTEXT)).rejects.toMatchObject({
      type: 'Terminal',
      message: expect.stringContaining(`points to ${OLD}`),
    });
  });

  it('a target that only the execution brings is planned, not compared', async () => {
    const check = await parts().check(input([world.dns.server], later('load balancer')), CONTEXT);
    expect(check).toMatchObject({ state: 'needed', problems: [] });
  });

  it('notes a silent resolver without refusing', async () => {
    const silent = await silentServer();
    try {
      const { problems, notes } = await parts().check(input([silent.server]), CONTEXT);
      expect(problems).toEqual([]);
      expect(notes).toEqual([expect.stringContaining(`${silent.server} says no answer`)]);
    } finally {
      silent.stop();
    }
  });

  it('reports a zone that does not exist', async () => {
    const wrong = { ...input(), dns: { ...input().dns, zoneId: 'ZOTHER' } };
    expect((await parts().check(wrong, CONTEXT)).problems).toMatchObject([
      { code: 'dnsZoneMissing', consent: 'dnsByHand' },
    ]);
    await expect(parts().run!(wrong, CONTEXT)).rejects.toMatchObject({ type: 'Terminal' });
  });

  it.each([
    ['ServiceUnavailable', 503],
    ['AccessDenied', 403],
  ])(
    'Route 53 that does not tell (%s) does not end an emergency: the name can be moved by hand',
    async (code, status) => {
      world.gateway.faults.add({ match: { service: 'route53' }, effect: { kind: 'error', code, status } });
      expect((await parts().check(input(), CONTEXT)).problems).toMatchObject([
        { code: 'dnsZoneUnreachable', consent: 'dnsByHand' },
      ]);
    },
  );
});

it('reports records that a CNAME cannot stand beside', async () => {
  world = await DnsWorld.start([{ name: NAME, type: 'A', ttl: 60, values: ['127.0.0.1'] }]);
  expect((await parts().check(input(), CONTEXT)).problems).toMatchObject([
    { code: 'dnsRecordOfAnotherType', consent: 'dnsByHand' },
  ]);
  await expect(parts().run!(input(), CONTEXT)).rejects.toMatchObject({ type: 'Terminal' });
  expect(changes()).toEqual([]);
});

it('reports records with a routing policy', async () => {
  world = await DnsWorld.start([]);
  const weighted = { Name: NAME, Type: 'CNAME' as const, TTL: 60, SetIdentifier: 'blue', Weight: 1 };
  await world.dependencies.aws.route53().send(
    new ChangeResourceRecordSetsCommand({
      HostedZoneId: ZONE,
      ChangeBatch: {
        Changes: [
          { Action: 'CREATE', ResourceRecordSet: { ...weighted, ResourceRecords: [{ Value: OLD }] } },
        ],
      },
    }),
  );
  const { problems } = await parts().check(input(), CONTEXT);
  expect(problems).toMatchObject([{ code: 'dnsRecordIsRouted', consent: 'dnsByHand' }]);
});

it('notes a TTL above 60 s', async () => {
  world = await DnsWorld.start([{ name: NAME, type: 'CNAME', ttl: 3600, values: [OLD] }]);
  const { notes, problems } = await parts().check(input(), CONTEXT);
  expect(problems).toEqual([]);
  expect(notes).toEqual([expect.stringContaining('TTL is 3600 s')]);
});

it('creates the record where there is none', async () => {
  world = await DnsWorld.start([]);
  expect(await parts().run!(input(), CONTEXT)).toEqual({ previous: null, resolvers: 1 });
  expect((await parts().verify(input(), undefined, CONTEXT)).facts).toMatchObject({ target: NEW });
});
