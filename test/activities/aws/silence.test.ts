import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { DescribeInstancesCommand, TerminateInstancesCommand } from '@aws-sdk/client-ec2';
import { DescribeDBInstancesCommand } from '@aws-sdk/client-rds';

import type { AwsClients } from '../../../activities/aws/clients';
import { askAws } from '../../../activities/aws/errors';
import { findDatabase } from '../../../activities/aws/rds/find-database';
import { acceptSilence, askOnce, SilentRegions } from '../../../activities/aws/silence';
import { clientsOf, dependenciesOf } from './step-driver';

const LOST = 'eu-central-1';
const OTHER = 'eu-west-1';
let server: Server;
let clients: AwsClients;
/** `region service` of what does not answer; a service of `*` stands for all. */
let silent: Set<string>;
/** `region service` of every attempt. */
let attempts: string[];

beforeEach(async () => {
  silent = new Set([`${LOST} *`]);
  attempts = [];
  server = createServer((request, response) => {
    const [, region = '', service = ''] = /Credential=[^/]+\/\d+\/([^/]+)\/([^/]+)\//.exec(
      request.headers.authorization ?? '',
    )!;
    attempts.push(`${region} ${service}`);
    request.resume();
    if (!silent.has(`${region} *`) && !silent.has(`${region} ${service}`))
      response.writeHead(200, { 'x-amzn-requestid': 'r-1' }).end('<R/>');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  clients = clientsOf(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, 0.2);
});
afterEach(async () => {
  clients.destroy();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

const instances = (region = LOST) =>
  askAws({ doing: 'describe', resource: 'instances', region }, () =>
    clients.ec2(region).send(new DescribeInstancesCommand({})),
  );
const databases = (region = LOST) =>
  askAws({ doing: 'describe', resource: 'databases', region }, () =>
    clients.rds(region).send(new DescribeDBInstancesCommand({})),
  );
const unreachable = { name: 'AwsUnreachable' };

async function findSilent(): Promise<void> {
  await Promise.all(
    [instances(), databases()].map((asked) => expect(asked).rejects.toMatchObject(unreachable)),
  );
  expect(attempts).toHaveLength(4);
  attempts = [];
}

test('who accepts silence is told at once, and told that nobody was asked', async () => {
  await findSilent();
  await expect(acceptSilence(() => instances())).rejects.toMatchObject({
    ...unreachable,
    message: `no answer in ${LOST} to: describe instances (silent 0 s ago, not asked again)`,
  });
  expect(attempts).toEqual([]);
});

test('whoever really asks is not spared the question, only its repetition', async () => {
  await findSilent();
  await expect(instances()).rejects.toMatchObject({
    ...unreachable,
    message: expect.stringContaining('(TimeoutError)'),
  });
  expect(attempts).toEqual([`${LOST} ec2`]);
});

test('a look at many services side by side waits for one time limit when all of them are silent', async () => {
  const look = () => Promise.allSettled([instances(), databases()]);
  const answers = await askOnce(look);
  expect(answers.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  expect([...attempts].sort()).toEqual([`${LOST} ec2`, `${LOST} rds`]);
});

test('such a look asks one silent service again, for that is its own trouble', async () => {
  silent = new Set([`${LOST} ec2`]);
  await Promise.all([
    expect(askOnce(() => instances())).rejects.toMatchObject(unreachable),
    askOnce(() => databases()),
  ]);
  expect([...attempts].sort()).toEqual([`${LOST} ec2`, `${LOST} ec2`, `${LOST} rds`]);
});

test('such a look asks a region again that was silent before', async () => {
  await findSilent();
  silent.clear();
  await askOnce(() => instances());
  expect(attempts).toEqual([`${LOST} ec2`]);
});

test('a change is never held back nor shortened', async () => {
  await findSilent();
  const change = () =>
    acceptSilence(() => clients.ec2(LOST).send(new TerminateInstancesCommand({ InstanceIds: ['i-1'] })));
  await expect(change()).rejects.toMatchObject({ name: 'TimeoutError' });
  expect(attempts).toEqual([`${LOST} ec2`, `${LOST} ec2`]);
});

test('one silent service is its own trouble, not the region’s', async () => {
  silent = new Set([`${LOST} ec2`]);
  await expect(instances()).rejects.toMatchObject(unreachable);
  attempts = [];
  await acceptSilence(() => databases());
  await expect(acceptSilence(() => instances())).rejects.toMatchObject(unreachable);
  expect(attempts).toEqual([`${LOST} rds`, `${LOST} ec2`, `${LOST} ec2`]);
});

test('the silence of one region says nothing about another', async () => {
  await findSilent();
  await acceptSilence(() => instances(OTHER));
  expect(attempts).toEqual([`${OTHER} ec2`]);
});

test('any answer ends it at once', async () => {
  await findSilent();
  silent.clear();
  await databases();
  await acceptSilence(() => instances());
  expect(attempts).toEqual([`${LOST} rds`, `${LOST} ec2`]);
});

test('who really asks does not get the answer of one who accepts silence at the same moment', async () => {
  await findSilent();
  silent.clear();
  const dependencies = dependenciesOf(clients);
  const accepted = acceptSilence(() => findDatabase(dependencies, LOST, 'a'));
  const asked = findDatabase(dependencies, LOST, 'a');
  await expect(accepted).rejects.toMatchObject(unreachable);
  expect(await asked).toBeUndefined();
});

test('it is believed for ten seconds', () => {
  const regions = new SilentRegions();
  regions.missed(LOST, 'ec2', 1_000);
  regions.missed(LOST, 'rds', 4_000);
  expect(regions.silentSince(LOST, 6_000)).toBe(2);
  expect(regions.silentSince(LOST, 11_000)).toBeUndefined();
  regions.missed(LOST, 'ec2', 11_000);
  expect(regions.silentSince(LOST, 11_000)).toBe(0);
  expect(regions.silentSince(OTHER, 11_000)).toBeUndefined();
});
