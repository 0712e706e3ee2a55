import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { DescribeInstancesCommand } from '@aws-sdk/client-ec2';
import { DescribeDBInstancesCommand, PromoteReadReplicaCommand } from '@aws-sdk/client-rds';
import { SendCommandCommand } from '@aws-sdk/client-ssm';

import type { AwsClients } from '../../../activities/aws/clients';
import { askAws } from '../../../activities/aws/errors';
import { asRead } from '../../../activities/aws/intent';
import { findDatabase } from '../../../activities/aws/rds/find-database';
import { leaseLost } from '../../../activities/errors';
import { inCallScope, wasAnswered } from '../../../activities/runbook/call-scope';
import type { CallScope, OutgoingCall } from '../../../activities/runbook/call-scope';
import { clientsOf, dependenciesOf } from './step-driver';

const REGION = 'eu-west-1';
let server: Server;
let clients: AwsClients;
let bodies: string[];
let answer: (body: string) => { status: number; body: string; stranger?: boolean } | undefined;

beforeEach(async () => {
  bodies = [];
  server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      bodies.push(body);
      const reply = answer(body);
      const headers = reply?.stranger === true ? {} : { 'x-amzn-requestid': 'req-7' };
      if (reply !== undefined) response.writeHead(reply.status, headers).end(reply.body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  clients = clientsOf(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, 0.4);
});
afterEach(async () => {
  clients.destroy();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

function scope(o: Partial<CallScope> = {}): CallScope & { calls: OutgoingCall[]; confirmed: number } {
  const seen = { calls: [] as OutgoingCall[], confirmed: 0 };
  return Object.assign(seen, {
    signal: o.signal ?? new AbortController().signal,
    count: (call: OutgoingCall) => void seen.calls.push(call),
    confirmLease: async () => {
      seen.confirmed += 1;
      await o.confirmLease?.();
    },
  });
}

const about = { doing: 'describe', resource: 'database db', region: REGION };
const empty = { status: 200, body: '<R><DescribeDBInstancesResult/></R>' };
const fault = (status: number, code: string) => ({
  status,
  body: `<ErrorResponse><Error><Code>${code}</Code><Message>said ${code}</Message></Error></ErrorResponse>`,
});

test('one client per service and region', () => {
  expect(clients.rds(REGION)).toBe(clients.rds(REGION));
  expect(clients.rds(REGION)).not.toBe(clients.rds('eu-central-1'));
});

test("every attempt is counted, the SDK's own repetition included", async () => {
  let first = true;
  answer = () => {
    const reply = first ? fault(500, 'InternalFailure') : empty;
    first = false;
    return reply;
  };
  const surrounding = scope();
  await inCallScope(surrounding, () => clients.rds(REGION).send(new DescribeDBInstancesCommand({})));
  const call = { service: 'rds', action: 'DescribeDBInstances', region: REGION, mutating: false };
  expect(surrounding.calls).toEqual([call, call]);
  expect(surrounding.confirmed).toBe(0);
});

test('no mutating call leaves without the lease', async () => {
  answer = () => empty;
  const lost = scope({
    confirmLease: async () => {
      throw leaseLost('another run holds bitbucket');
    },
  });
  const promote = () =>
    askAws(about, () =>
      clients.rds(REGION).send(new PromoteReadReplicaCommand({ DBInstanceIdentifier: 'db' })),
    );
  await expect(inCallScope(lost, promote)).rejects.toMatchObject({ type: 'LeaseLost' });
  expect(bodies).toEqual([]);
  expect(lost.calls).toEqual([]);
});

test('a script that only looks needs no lease', async () => {
  answer = () => ({ status: 200, body: '{}' });
  const surrounding = scope();
  const look = () =>
    clients
      .ssm(REGION)
      .send(new SendCommandCommand({ DocumentName: 'AWS-RunShellScript', InstanceIds: ['i-1'] }));
  await inCallScope(surrounding, () => asRead(look));
  await inCallScope(surrounding, look);
  expect(surrounding.calls.map((call) => call.mutating)).toEqual([false, true]);
});

test('a silent endpoint is unreachable within seconds', async () => {
  answer = () => undefined;
  const started = Date.now();
  const asked = askAws(about, () => clients.rds(REGION).send(new DescribeDBInstancesCommand({})));
  await expect(asked).rejects.toMatchObject({ name: 'AwsUnreachable' });
  expect(Date.now() - started).toBeLessThan(5000);
});

test('a closed port and HTTP 503 are unreachable as well', async () => {
  answer = () => ({
    status: 503,
    body: '<Response><Errors><Error><Code>Unavailable</Code><Message>no</Message></Error></Errors></Response>',
  });
  const ask = () => askAws(about, () => clients.ec2(REGION).send(new DescribeInstancesCommand({})));
  await expect(ask()).rejects.toMatchObject({ name: 'AwsUnreachable' });
  const closed = clientsOf('http://127.0.0.1:9', 0.4);
  await expect(
    askAws(about, () => closed.rds(REGION).send(new DescribeDBInstancesCommand({}))),
  ).rejects.toMatchObject({ name: 'AwsUnreachable' });
  closed.destroy();
});

test('cancelling the activity aborts the request and is not swallowed', async () => {
  answer = () => undefined;
  const cancel = new AbortController();
  const slow = clientsOf(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, 30);
  const asked = inCallScope(scope({ signal: cancel.signal }), () =>
    askAws(about, () => slow.rds(REGION).send(new DescribeDBInstancesCommand({}))),
  );
  setTimeout(() => cancel.abort(), 50);
  await expect(asked).rejects.toMatchObject({ name: 'AbortError' });
  slow.destroy();
});

test('a failure says what failed, where, the state, the error, the request and what to do', async () => {
  answer = () => fault(400, 'AccessDenied');
  const asked = askAws(
    { doing: 'promote', resource: 'database db', region: REGION, state: 'available' },
    () => clients.rds(REGION).send(new PromoteReadReplicaCommand({ DBInstanceIdentifier: 'db' })),
  );
  await expect(asked).rejects.toMatchObject({
    type: 'NeedsPerson',
    message:
      'could not promote database db in eu-west-1 (available): AccessDenied: said AccessDenied (request req-7). ' +
      "Check the worker's credentials and the policy printed by `runbooks iam-policy`, then retry.",
  });
});

test('an answer that cannot be read leaves the outcome open: asked again, and a stranger is named if it stays', async () => {
  const page = '<!doctype html><html><head><title>Sign in<br></head></html>';
  for (const reply of [
    { status: 200, body: page.slice(0, 20) },
    { status: 403, body: page },
  ]) {
    answer = () => reply;
    const failure: unknown = await askAws(about, () =>
      clients.rds(REGION).send(new DescribeDBInstancesCommand({})),
    ).catch((caught: unknown) => caught);
    expect(failure).toMatchObject({
      name: 'AwsTransient',
      message: expect.stringMatching(
        /what became of the call is unknown.*if it stays so.*check AWS_ENDPOINT_URL/,
      ),
    });
    expect(String(failure)).not.toContain('hidden field');
  }
});

test('many waits that ask for databases of a region at once make one call', async () => {
  const instance = (id: string) =>
    `<DBInstance><DBInstanceIdentifier>${id}</DBInstanceIdentifier></DBInstance>`;
  answer = () => ({
    status: 200,
    body: `<R><DescribeDBInstancesResult><DBInstances>${instance('a')}${instance('b')}</DBInstances></DescribeDBInstancesResult></R>`,
  });
  const dependencies = dependenciesOf(clients);
  const found = await Promise.all(['a', 'b', 'c', 'a'].map((id) => findDatabase(dependencies, REGION, id)));
  expect(found.map((one) => one?.DBInstanceIdentifier)).toEqual(['a', 'b', undefined, 'a']);
  expect(bodies).toHaveLength(1);
  expect(bodies[0]).toContain('db-instance-id');
});

test('what is asked together is not remembered', async () => {
  answer = () => fault(404, 'DBInstanceNotFound');
  const dependencies = dependenciesOf(clients);
  expect(await findDatabase(dependencies, REGION, 'a')).toBeUndefined();
  expect(await findDatabase(dependencies, REGION, 'a')).toBeUndefined();
  expect(bodies).toHaveLength(2);
});

test.each([
  ['equal calls', () => clients.rds(REGION).send(new DescribeDBInstancesCommand({}))],
  ['questions asked together', () => findDatabase(dependenciesOf(clients), REGION, 'a')],
])('whoever shares the answer to %s has heard that somebody is there', async (_what, ask) => {
  answer = () => empty;
  const attempt = async (): Promise<boolean> => {
    await ask();
    return wasAnswered();
  };
  const heard = await Promise.all([1, 2, 3].map(() => inCallScope(scope(), attempt)));
  expect(heard).toEqual([true, true, true]);
  expect(bodies.length).toBeLessThan(3);
});

test.each([
  ['nothing at all', ''],
  ['a page of a proxy that happens to be XML', '<html><body><p>Please sign in.</p></body></html>'],
])('a success that is %s is no answer: there may well be such a database', async (_name, body) => {
  answer = () => ({ status: 200, body, stranger: true });
  const look = findDatabase(dependenciesOf(clients), REGION, 'db');
  await expect(look).rejects.toMatchObject({
    name: 'AwsTransient',
    message: expect.stringContaining('The answer cannot be read'),
  });
  // An empty list with a request id is AWS's own.
  answer = () => empty;
  expect(await findDatabase(dependenciesOf(clients), REGION, 'db')).toBeUndefined();
});
