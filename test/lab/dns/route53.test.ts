import {
  ChangeResourceRecordSetsCommand,
  GetChangeCommand,
  GetHostedZoneCommand,
  ListHostedZonesByNameCommand,
  ListHostedZonesCommand,
  ListResourceRecordSetsCommand,
  Route53Client,
} from '@aws-sdk/client-route-53';
import type { Change, RRType } from '@aws-sdk/client-route-53';
import { Resolver } from 'node:dns/promises';
import { DnsServer } from '../../../lab/dns/dns-server';
import { route53 } from '../../../lab/dns/route53';
import { Routes } from '../../../lab/dns/routes';
import type { Gateway } from '../../../lab/gateway/gateway';
import { startBareGateway } from '../../support/bare-gateway';
import { SteppedClock } from '../stacks/stepped-clock';

const PRIMARY = 'primary-1.eu-central-1.elb.amazonaws.com';
const STANDBY = 'standby-1.eu-west-1.elb.amazonaws.com';
const ADDRESSES: Readonly<Record<string, string>> = { [PRIMARY]: '127.11.10.10', [STANDBY]: '127.11.20.10' };
const ZONE = 'Z0LAB';

let clock: SteppedClock;
let gateway: Gateway;
let dns: DnsServer;
let client: Route53Client;
let resolver: Resolver;

beforeEach(async () => {
  clock = new SteppedClock();
  const routes = new Routes(clock);
  routes.define({
    id: ZONE,
    name: 'bitbucket.lab',
    records: [{ name: 'git.bitbucket.lab', type: 'CNAME', ttl: 5, values: [PRIMARY] }],
  });
  gateway = await startBareGateway(clock, [route53(routes)]);
  dns = await DnsServer.start({
    address: '127.0.0.1',
    port: 0,
    routes,
    balancerAddress: (name) => ADDRESSES[name],
  });
  client = new Route53Client({
    endpoint: gateway.url,
    region: 'us-east-1',
    credentials: { accessKeyId: 'lab', secretAccessKey: 'lab' },
  });
  resolver = new Resolver({ timeout: 2000, tries: 2 });
  resolver.setServers([dns.server]);
});
afterEach(async () => {
  client.destroy();
  await dns.stop();
  await gateway.stop();
});

function record(
  action: 'CREATE' | 'DELETE' | 'UPSERT',
  name: string,
  type: RRType,
  value: string,
  ttl = 5,
): Change {
  return {
    Action: action,
    ResourceRecordSet: { Name: name, Type: type, TTL: ttl, ResourceRecords: [{ Value: value }] },
  };
}

async function change(...changes: Change[]): Promise<string> {
  const { ChangeInfo } = await client.send(
    new ChangeResourceRecordSetsCommand({ HostedZoneId: ZONE, ChangeBatch: { Changes: changes } }),
  );
  expect(ChangeInfo!.Status).toBe('PENDING');
  return ChangeInfo!.Id!;
}

async function synchronised(id: string): Promise<void> {
  await clock.advance(30);
  expect((await client.send(new GetChangeCommand({ Id: id }))).ChangeInfo!.Status).toBe('INSYNC');
}

async function names(): Promise<string[]> {
  const { ResourceRecordSets } = await client.send(new ListResourceRecordSetsCommand({ HostedZoneId: ZONE }));
  return ResourceRecordSets!.map((each) => `${each.Name} ${each.Type}`);
}

it('answers with the new target from INSYNC on, and not before', async () => {
  expect(await resolver.resolveCname('git.bitbucket.lab')).toEqual([PRIMARY]);
  const id = await change(record('UPSERT', 'git.bitbucket.lab', 'CNAME', STANDBY));
  await clock.advance(29);
  expect(await resolver.resolveCname('git.bitbucket.lab')).toEqual([PRIMARY]);
  expect((await client.send(new GetChangeCommand({ Id: id }))).ChangeInfo!.Status).toBe('PENDING');
  const { ResourceRecordSets } = await client.send(
    new ListResourceRecordSetsCommand({
      HostedZoneId: ZONE,
      StartRecordName: 'git.bitbucket.lab',
      StartRecordType: 'CNAME',
    }),
  );
  expect(ResourceRecordSets![0]).toMatchObject({ TTL: 5, ResourceRecords: [{ Value: STANDBY }] });
  await clock.advance(1);
  await synchronised(id);
  expect(await resolver.resolveCname('git.bitbucket.lab')).toEqual([STANDBY]);
  expect(await resolver.resolve4('git.bitbucket.lab')).toEqual(['127.11.20.10']);
});

it('follows the name to the address of the load balancer', async () => {
  expect(await resolver.resolve4('git.bitbucket.lab')).toEqual(['127.11.10.10']);
  expect(await resolver.resolve4(STANDBY)).toEqual(['127.11.20.10']);
  expect(await resolver.resolve4('GIT.Bitbucket.LAB', { ttl: true })).toEqual([
    { address: '127.11.10.10', ttl: expect.any(Number) },
  ]);
});

it('does not know other names, nor other types of a name', async () => {
  await expect(resolver.resolve4('other.bitbucket.lab')).rejects.toMatchObject({ code: 'ENOTFOUND' });
  await expect(resolver.resolve4('example.com')).rejects.toMatchObject({ code: 'ENOTFOUND' });
  await expect(resolver.resolve6('bitbucket.lab')).rejects.toMatchObject({ code: 'ENODATA' });
});

it('answers aliases and wildcards', async () => {
  const alias: Change = {
    Action: 'CREATE',
    ResourceRecordSet: {
      Name: 'bitbucket.lab',
      Type: 'A',
      AliasTarget: { HostedZoneId: 'Z215JYRZR1TBD5', DNSName: PRIMARY, EvaluateTargetHealth: false },
    },
  };
  await synchronised(
    await change(alias, record('CREATE', '*.mirrors.bitbucket.lab', 'A', '127.11.10.99', 7)),
  );
  expect(await resolver.resolve4('bitbucket.lab')).toEqual(['127.11.10.10']);
  expect(await resolver.resolve4('one.mirrors.bitbucket.lab', { ttl: true })).toEqual([
    { address: '127.11.10.99', ttl: 7 },
  ]);
});

it.each([
  ['a record that exists', record('CREATE', 'git.bitbucket.lab', 'CNAME', STANDBY), 'already exists'],
  [
    'another type beside a CNAME',
    record('CREATE', 'git.bitbucket.lab', 'A', '127.0.0.1'),
    'conflicts with other records',
  ],
  ['a CNAME at the top', record('CREATE', 'bitbucket.lab', 'CNAME', STANDBY), 'at apex'],
  ['a foreign name', record('CREATE', 'git.example.com', 'A', '127.0.0.1'), 'not permitted in zone'],
  ['the end of what is not there', record('DELETE', 'x.bitbucket.lab', 'A', '127.0.0.1'), 'was not found'],
  [
    'the end of another value',
    record('DELETE', 'git.bitbucket.lab', 'CNAME', STANDBY),
    'do not match the current values',
  ],
])('refuses %s, and the whole batch with it', async (_, wrong, message) => {
  const before = await names();
  const attempt = change(record('CREATE', 'fine.bitbucket.lab', 'A', '127.0.0.1'), wrong);
  await expect(attempt).rejects.toMatchObject({ name: 'InvalidChangeBatch' });
  await attempt.catch((error: Error) => expect(error.message).toContain(message));
  expect(await names()).toEqual(before);
});

it('replaces a CNAME by another type when the batch deletes it first', async () => {
  await synchronised(
    await change(
      record('DELETE', 'git.bitbucket.lab', 'CNAME', PRIMARY),
      record('CREATE', 'git.bitbucket.lab', 'A', '127.11.10.50'),
    ),
  );
  expect(await resolver.resolve4('git.bitbucket.lab')).toEqual(['127.11.10.50']);
});

it('lists by pages, ordered by the labels from the right', async () => {
  await change(
    record('CREATE', 'b.bitbucket.lab', 'A', '127.0.0.1'),
    record('CREATE', 'a.z.bitbucket.lab', 'A', '127.0.0.1'),
    record('CREATE', 'z.bitbucket.lab', 'A', '127.0.0.1'),
  );
  const seen: string[] = [];
  let start: { StartRecordName?: string | undefined; StartRecordType?: RRType | undefined } = {};
  for (let truncated = true; truncated;) {
    const answer = await client.send(
      new ListResourceRecordSetsCommand({ HostedZoneId: ZONE, MaxItems: 2, ...start }),
    );
    expect(answer.ResourceRecordSets!.length).toBeLessThanOrEqual(2);
    seen.push(...answer.ResourceRecordSets!.map((each) => `${each.Name} ${each.Type}`));
    truncated = answer.IsTruncated!;
    start = { StartRecordName: answer.NextRecordName, StartRecordType: answer.NextRecordType };
  }
  expect(seen).toEqual([
    'bitbucket.lab. NS',
    'bitbucket.lab. SOA',
    'b.bitbucket.lab. A',
    'git.bitbucket.lab. CNAME',
    'z.bitbucket.lab. A',
    'a.z.bitbucket.lab. A',
  ]);
});

it('finds zones by id and by name, and says which it does not know', async () => {
  const { HostedZone } = await client.send(new GetHostedZoneCommand({ Id: ZONE }));
  expect(HostedZone).toMatchObject({
    Id: `/hostedzone/${ZONE}`,
    Name: 'bitbucket.lab.',
    ResourceRecordSetCount: 3,
  });
  const { HostedZones } = await client.send(new ListHostedZonesByNameCommand({ DNSName: 'bitbucket.lab' }));
  expect(HostedZones!.map((each) => each.Name)).toEqual(['bitbucket.lab.']);
  expect((await client.send(new ListHostedZonesCommand({}))).HostedZones).toHaveLength(1);
  const unknown = client.send(new ListResourceRecordSetsCommand({ HostedZoneId: 'ZNONE' }));
  await expect(unknown).rejects.toMatchObject({ name: 'NoSuchHostedZone' });
  await expect(client.send(new GetChangeCommand({ Id: 'CNONE' }))).rejects.toMatchObject({
    name: 'NoSuchChange',
  });
});
