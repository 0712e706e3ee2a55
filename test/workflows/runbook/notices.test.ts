import { createHmac } from 'node:crypto';
import { createServer } from 'node:http';
import type { IncomingHttpHeaders, Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { temporal } from '@temporalio/proto';
import { createSecrets } from '../../../estate/secrets';
import type { NotificationTarget } from '../../../workflows/runbook/policy';
import { ToyBench } from '../../support/toy-run';
import { TOY_POLICY, ToyWorld } from '../../support/toy-world';
import { until } from '../../support/until';

interface Received {
  readonly headers: IncomingHttpHeaders;
  readonly raw: string;
  readonly body: Readonly<Record<string, unknown>>;
}

/** A receiver of webhooks; answers with the status that is next, then with 204. */
class Receiver {
  readonly received: Received[] = [];
  readonly statuses: number[] = [];
  private readonly server: Server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const raw = Buffer.concat(chunks).toString();
      this.received.push({ headers: request.headers, raw, body: JSON.parse(raw) as Received['body'] });
      response.writeHead(this.statuses.shift() ?? 204).end();
    });
  });

  async open(): Promise<string> {
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/hooks/T0K3N`;
  }

  close(): Promise<void> {
    return new Promise((resolve) => this.server.close(() => resolve()));
  }

  get events(): readonly string[] {
    return this.received.map(({ body }) => String(body['event']));
  }
}

let bench: ToyBench;
let world: ToyWorld;
let receiver: Receiver;
let webhook: string;

beforeEach(async () => {
  receiver = new Receiver();
  webhook = await receiver.open();
  world = new ToyWorld();
  world.secrets = createSecrets({ environment: { HOOK: webhook, KEY: 'a secret of both' } });
  bench = await ToyBench.open(world);
});
afterEach(async () => {
  await bench.close();
  await receiver.close();
});

const ONE = { approvals: 1, roles: ['operator'], timeoutSeconds: 60 };

function tell(target: Partial<NotificationTarget>, escalate?: { afterSeconds: number; roles: string[] }) {
  const chat = { name: 'chat', webhook: 'env:HOOK', events: ['asked', 'escalated', 'ended'], ...target };
  world.policy = {
    ...TOY_POLICY,
    gates: { go: { ...ONE, escalate } },
    notifications: [chat as NotificationTarget],
  };
}

test('a question, its escalation and the end are posted, signed, each with an id of its own', async () => {
  tell({ secret: 'env:KEY' }, { afterSeconds: 1, roles: ['manager'] });
  const run = await bench.start();
  await until('the escalation', () => receiver.events.includes('escalated') || undefined);
  await run.approve('go', 'mia');
  const state = await run.ended();
  await until('the end', () => receiver.events.includes('ended') || undefined);

  expect(receiver.events).toEqual(['asked', 'escalated', 'ended']);
  const [asked, escalated, ended] = receiver.received.map(({ body }) => body);
  expect(asked).toMatchObject({
    instance: bench.instance,
    workflowId: run.id,
    text: `toyRunbook of ${bench.instance} asks: Go ahead`,
    ask: { id: 'go', verdicts: ['approve', 'deny'], roles: ['operator'] },
  });
  expect(escalated!['ask']).toMatchObject({
    people: [
      { name: 'ben', contact: null },
      { name: 'mia', contact: '+44 20 7946 0199' },
    ],
  });
  expect(ended).toMatchObject({ end: { outcome: 'SUCCEEDED' } });
  const ids = receiver.received.map(({ headers }) => headers['idempotency-key']);
  expect(new Set(ids).size).toBe(3);
  for (const { headers, raw } of receiver.received) {
    const mac = createHmac('sha256', 'a secret of both').update(raw).digest('hex');
    expect(headers['x-runbooks-signature']).toBe(`sha256=${mac}`);
  }
  expect(state.asks[0]!.escalation?.told).toBe('chat took it');
  // The address is a secret: it is in no history.
  const { History } = temporal.api.history.v1;
  const history = Buffer.from(History.encode(await run.handle.fetchHistory()).finish()).toString();
  expect(history).toContain('env:HOOK');
  expect(history).not.toContain('T0K3N');
  expect(JSON.stringify(await run.report())).not.toContain('T0K3N');
});

test('a receiver that is in trouble is told again, with the same id', async () => {
  tell({ events: ['ended'] });
  world.policy = { ...world.policy, gates: { go: 'auto' } };
  receiver.statuses.push(503);
  await (await bench.start()).ended();
  await until('the second try', () => receiver.received.length === 2 || undefined);
  const [first, second] = receiver.received;
  expect(first!.headers['idempotency-key']).toBe(second!.headers['idempotency-key']);
  expect(first!.raw).toBe(second!.raw);
});

test('a receiver that refuses stops nothing: the run goes on and says so', async () => {
  tell({ events: ['asked'] });
  receiver.statuses.push(404);
  const run = await bench.start();
  await run.approve('go', 'cy');
  expect((await run.ended()).outcome).toBe('SUCCEEDED');
  const { notices } = (await run.handle.result()) as { notices: readonly object[] };
  expect(notices).toMatchObject([
    {
      event: 'asked',
      ask: 'go',
      target: 'chat',
      delivered: false,
      how: expect.stringContaining('could not be told: chat answered HTTP 404'),
    },
  ]);
});

test('an address that cannot be had is one clear line, without a second try', async () => {
  tell({ webhook: 'env:GONE', events: ['asked'] });
  const run = await bench.start();
  await run.approve('go', 'cy');
  await run.ended();
  const { notices } = (await run.handle.result()) as { notices: readonly { how: string }[] };
  expect(notices[0]!.how).toBe(
    'could not be told: secret env:GONE: environment variable GONE is not set. Set it for this process; the worker needs it as well.',
  );
  expect(world.count('notify')).toBe(1);
});

test('people are told of the end of a cancelled run as well', async () => {
  tell({ events: ['ended'] });
  const run = await bench.start();
  await run.asked('go');
  await run.handle.cancel();
  await until('the end', () => receiver.events.includes('ended') || undefined);
  expect(receiver.received[0]!.body['end']).toMatchObject({ outcome: 'UNDONE' });
});

test('a dry run tells nobody', async () => {
  tell({});
  await (await bench.start({ dryRun: true })).ended();
  await bench.stopWorker();
  expect(receiver.received).toEqual([]);
});
