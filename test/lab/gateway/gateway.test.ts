import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { CreateVolumeCommand, DescribeVolumesCommand, EC2Client } from '@aws-sdk/client-ec2';
import { DescribeDBInstancesCommand, ModifyDBInstanceCommand, RDSClient } from '@aws-sdk/client-rds';
import { GetChangeCommand, Route53Client } from '@aws-sdk/client-route-53';
import { GetCommandInvocationCommand, SSMClient } from '@aws-sdk/client-ssm';
import { VirtualClock } from '../../../lab/clock/virtual-clock';
import { Gateway } from '../../../lab/gateway/gateway';
import { AwsFault } from '../../../lab/gateway/overlay';
import type { Overlay } from '../../../lab/gateway/overlay';
import { ec2Reply, queryReply } from '../../../lab/gateway/reply';
import { until } from '../../support/until';

/** An emulator of which nothing is asked but what it got and one answer. */
class FakeEmulator {
  readonly bodies: string[] = [];
  answer = {
    status: 200,
    type: 'text/xml',
    body: '<DescribeVolumesResponse><volumeSet/></DescribeVolumesResponse>',
  };
  private constructor(private readonly server: Server) {
    server.on('request', (request, response) => {
      let body = '';
      request.on('data', (chunk) => (body += String(chunk)));
      request.on('end', () => {
        this.bodies.push(body);
        response.writeHead(this.answer.status, { 'content-type': this.answer.type });
        response.end(this.answer.body);
      });
    });
  }

  static async start(): Promise<FakeEmulator> {
    const emulator = new FakeEmulator(createServer());
    await new Promise<void>((resolve) => emulator.server.listen(0, '127.0.0.1', resolve));
    return emulator;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  stop(): Promise<void> {
    this.server.closeAllConnections();
    return new Promise((resolve) => this.server.close(() => resolve()));
  }
}

let emulator: FakeEmulator;
let gateway: Gateway;
let clients: { destroy(): void }[];

function client<C extends { destroy(): void }>(type: new (settings: object) => C, settings: object = {}): C {
  const made = new type({
    region: 'eu-central-1',
    endpoint: gateway.url,
    credentials: { accessKeyId: 'lab', secretAccessKey: 'lab' },
    maxAttempts: 1,
    ...settings,
  });
  clients.push(made);
  return made;
}

beforeEach(async () => {
  clients = [];
  emulator = await FakeEmulator.start();
  gateway = await Gateway.start({
    address: '127.0.0.1',
    port: 0,
    emulatorUrl: emulator.url,
    clock: new VirtualClock(60),
    overlays: [],
  });
});
afterEach(async () => {
  for (const each of clients) each.destroy();
  await gateway.stop();
  await emulator.stop();
});

test.each([
  ['query', () => client(RDSClient).send(new DescribeDBInstancesCommand({}))],
  ['EC2', () => client(EC2Client).send(new DescribeVolumesCommand({}))],
  [
    'JSON',
    () =>
      client(SSMClient).send(
        new GetCommandInvocationCommand({ CommandId: 'c'.repeat(36), InstanceId: 'i-12345678' }),
      ),
  ],
  ['REST XML', () => client(Route53Client).send(new GetChangeCommand({ Id: 'C1' }))],
])('an error arrives with its name in the %s protocol', async (_name, send) => {
  gateway.faults.add({ match: {}, effect: { kind: 'error', code: 'Throttling', status: 400 } });
  await expect(send()).rejects.toMatchObject({ name: 'Throttling', message: 'Injected by the lab.' });
  expect(gateway.ledger.entries()).toMatchObject([{ errorCode: 'Throttling', status: 400, applied: false }]);
  expect(emulator.bodies).toEqual([]);
});

test.each(['rds', 'ec2', 'ssm', 'route53'])(
  'calls to %s are known by service, region and action',
  async (service) => {
    gateway.faults.add({ match: {}, effect: { kind: 'error', code: 'Stop', status: 400 } });
    const settings = { region: 'eu-west-1' };
    const sends: Record<string, () => Promise<unknown>> = {
      rds: () => client(RDSClient, settings).send(new DescribeDBInstancesCommand({})),
      ec2: () => client(EC2Client, settings).send(new DescribeVolumesCommand({})),
      ssm: () =>
        client(SSMClient, settings).send(
          new GetCommandInvocationCommand({ CommandId: 'c'.repeat(36), InstanceId: 'i-12345678' }),
        ),
      route53: () => client(Route53Client, settings).send(new GetChangeCommand({ Id: 'C1' })),
    };
    const actions: Record<string, string> = {
      rds: 'DescribeDBInstances',
      ec2: 'DescribeVolumes',
      ssm: 'GetCommandInvocation',
      route53: 'GetChange',
    };
    await expect(sends[service]!()).rejects.toMatchObject({ name: 'Stop' });
    expect(gateway.ledger.entries()).toMatchObject([
      { service, action: actions[service], region: 'eu-west-1', mutating: false, account: '123456789012' },
    ]);
  },
);

test("the emulator's crashes are never taken for AWS", async () => {
  emulator.answer = { status: 500, type: 'text/html', body: '<!doctype html><h1>Internal Server Error</h1>' };
  const ec2 = client(EC2Client, { maxAttempts: 3 });
  await expect(ec2.send(new DescribeVolumesCommand({}))).rejects.toMatchObject({
    name: 'NotImplemented',
    $metadata: { httpStatusCode: 501, attempts: 1 },
  });
  emulator.answer = { ...emulator.answer, status: 404 };
  await expect(ec2.send(new DescribeVolumesCommand({}))).rejects.toMatchObject({ name: 'NotImplemented' });
  expect(gateway.failures()).toMatchObject([{ action: 'DescribeVolumes' }, { action: 'DescribeVolumes' }]);
});

test('a lost answer is a call that took effect, a dropped call is none', async () => {
  const ec2 = client(EC2Client);
  const send = () =>
    ec2.send(new CreateVolumeCommand({ AvailabilityZone: 'eu-central-1a', ClientToken: 'token' }));
  gateway.faults.add({ match: { action: 'CreateVolume' }, nth: 1, effect: { kind: 'dropBefore' } });
  gateway.faults.add({ match: { mutating: true }, nth: 2, effect: { kind: 'dropAfter' } });
  await expect(send()).rejects.toThrow();
  expect(emulator.bodies).toHaveLength(0);
  await expect(send()).rejects.toThrow();
  expect(emulator.bodies).toHaveLength(1);
  await ec2.send(new DescribeVolumesCommand({}));
  expect(gateway.ledger.entries().map(({ applied, status, token }) => [applied, status, token])).toEqual([
    [false, 0, 'token'],
    [true, 0, 'token'],
    [true, 200, undefined],
  ]);
});

test('a broken answer belongs to a call that took effect; a rule may look at the call itself', async () => {
  const ec2 = client(EC2Client);
  const send = (ClientToken: string) =>
    ec2.send(new CreateVolumeCommand({ AvailabilityZone: 'eu-central-1a', ClientToken }));
  emulator.answer.body = '<CreateVolumeResponse><volumeId>vol-1</volumeId></CreateVolumeResponse>';
  gateway.faults.add({
    match: { where: ({ parameters }) => parameters.ClientToken === 'second' },
    effect: { kind: 'malformed' },
  });
  expect(await send('first')).toMatchObject({ VolumeId: 'vol-1' });
  await expect(send('second')).rejects.toThrow();
  expect(emulator.bodies).toHaveLength(2);
  expect(gateway.ledger.entries().map(({ applied, status }) => [applied, status])).toEqual([
    [true, 200],
    [true, 200],
  ]);
});

test('a region that is down is silent or answers 503; the other one works, and it works again afterwards', async () => {
  const here = client(EC2Client, { requestHandler: { requestTimeout: 200, throwOnRequestTimeout: true } });
  const there = client(EC2Client, { region: 'eu-west-1' });
  const ask = (ec2: EC2Client) => ec2.send(new DescribeVolumesCommand({}));
  gateway.faults.regionDown('eu-central-1', 'timeout');
  await expect(ask(here)).rejects.toMatchObject({ name: 'TimeoutError' });
  expect((await ask(there)).Volumes).toEqual([]);
  gateway.faults.regionDown('eu-central-1', '503');
  await expect(ask(here)).rejects.toMatchObject({ name: 'ServiceUnavailable' });
  gateway.faults.regionUp('eu-central-1');
  expect((await ask(here)).Volumes).toEqual([]);
});

test('the ledger holds no secrets', async () => {
  await client(RDSClient)
    .send(new ModifyDBInstanceCommand({ DBInstanceIdentifier: 'db', MasterUserPassword: 'very-secret' }))
    .catch(() => undefined);
  const [entry] = gateway.ledger.entries();
  expect(entry).toMatchObject({ action: 'ModifyDBInstance', mutating: true });
  expect(entry!.parameters).toMatchObject({ DBInstanceIdentifier: 'db', MasterUserPassword: '[redacted]' });
  expect(JSON.stringify(gateway.ledger.entries())).not.toContain('very-secret');
});

test('handlers of an operation are asked last added first, and may change what goes on', async () => {
  const named = (name: string): Overlay => ({
    service: 'ec2',
    handlers: {
      DescribeVolumes: (call, forward) => {
        const seen = typeof call.parameters.Seen === 'string' ? call.parameters.Seen : '';
        return forward({ ...call.parameters, Seen: `${seen}${name}` });
      },
    },
  });
  gateway.use(named('first'));
  gateway.use(named('second'));
  await client(EC2Client).send(new DescribeVolumesCommand({}));
  expect(new URLSearchParams(emulator.bodies[0]).get('Seen')).toBe('secondfirst');
  expect(new URLSearchParams(emulator.bodies[0]).get('Action')).toBe('DescribeVolumes');
});

test('replies and refusals of a handler arrive as AWS writes them', async () => {
  gateway.use({
    service: 'rds',
    handlers: {
      DescribeDBInstances: async (call) =>
        queryReply(call, {
          DBInstances: {
            DBInstance: [
              { DBInstanceIdentifier: 'a <b> & "c"', AllocatedStorage: 20, MultiAZ: false },
              { DBInstanceIdentifier: 'd', InstanceCreateTime: new Date(0) },
            ],
          },
          Marker: undefined,
        }),
      ModifyDBInstance: async () => {
        throw new AwsFault('DBInstanceNotFound', 'no such thing', 404);
      },
    },
  });
  gateway.use({
    service: 'ec2',
    handlers: {
      DescribeVolumes: async (call) =>
        ec2Reply(call, { volumeSet: { item: [{ volumeId: 'vol-1', size: 3 }] } }),
    },
  });
  const rds = client(RDSClient);
  const { DBInstances } = await rds.send(new DescribeDBInstancesCommand({}));
  expect(DBInstances).toMatchObject([
    { DBInstanceIdentifier: 'a <b> & "c"', AllocatedStorage: 20, MultiAZ: false },
    { DBInstanceIdentifier: 'd', InstanceCreateTime: new Date(0) },
  ]);
  await expect(rds.send(new ModifyDBInstanceCommand({ DBInstanceIdentifier: 'x' }))).rejects.toMatchObject({
    name: 'DBInstanceNotFoundFault',
    $metadata: { httpStatusCode: 404 },
  });
  const { Volumes } = await client(EC2Client).send(new DescribeVolumesCommand({}));
  expect(Volumes).toMatchObject([{ VolumeId: 'vol-1', Size: 3 }]);
});

test('a call that is delayed is not carried out any more once the gateway is stopped', async () => {
  const late = (seconds: number) =>
    gateway.faults.add({
      match: { action: 'DescribeVolumes' },
      times: 1,
      effect: { kind: 'delay', seconds },
    });
  late(0.05);
  const ec2 = client(EC2Client);
  await ec2.send(new DescribeVolumesCommand({}));
  expect(emulator.bodies).toHaveLength(1);
  late(0.3);
  const begun = ec2.send(new DescribeVolumesCommand({})).catch((error: Error) => error);
  await until('the call', () => gateway.ledger.entries().length === 2 || undefined);
  await gateway.stop();
  expect(await begun).toBeInstanceOf(Error);
  await new Promise((resolve) => setTimeout(resolve, 600));
  expect(emulator.bodies).toHaveLength(1);
});
