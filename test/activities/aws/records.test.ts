import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { AwsClients } from '../../../activities/aws/clients';
import { provenRecord, writeRecord } from '../../../activities/aws/backup/records';
import type { CopyRecord } from '../../../workflows/plan/backup/manifest';
import { clientsOf, context, dependenciesOf } from './step-driver';

const STORE = { bucket: 'backups', region: 'eu-west-1', prefix: 'runbooks/' };
const KEY = 'runbooks/bitbucket/b-1/records/copy-eu-west-1-123456789012-run.json';
const RECORD: CopyRecord = {
  ...{ record: 'copy', backup: 'b-1', at: '2026-11-25T20:31:02.000Z', lockedUntil: null },
  place: { site: 'standby', region: 'eu-west-1', account: '123456789012' },
  members: [
    {
      ...{ kind: 'ebs', name: 'home', id: 'snap-1', arn: null, capturedAt: '2026-11-25T20:30:00.000Z' },
      ...{ sizeGiB: 10, encrypted: false, kmsKeyId: null },
    },
  ],
};
let server: Server;
let clients: AwsClients;
let objects: Map<string, string>;

/** As much of S3 as writes once and reads back. */
beforeEach(async () => {
  objects = new Map();
  server = createServer((request, response) => {
    const path = (request.url ?? '').split('?')[0]!;
    response.setHeader('x-amz-request-id', 'r-1');
    const refuse = (status: number, code: string) =>
      response.writeHead(status).end(`<Error><Code>${code}</Code></Error>`);
    if (request.method === 'GET') {
      const found = objects.get(path);
      return found === undefined ? refuse(404, 'NoSuchKey') : response.writeHead(200).end(found);
    }
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      if (objects.has(path)) return refuse(412, 'PreconditionFailed');
      objects.set(path, Buffer.concat(parts).toString());
      return response.writeHead(200).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  clients = clientsOf(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, 2);
});
afterEach(async () => {
  clients.destroy();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

const prove = (record: CopyRecord) =>
  provenRecord(dependenciesOf(clients), STORE, { key: KEY, record }, context('recordCopy'));
const put = (text: string) => objects.set(`/${STORE.bucket}/${KEY}`, text);

test('a record that the same run has written at another time by its clock stands', async () => {
  put(JSON.stringify(RECORD, null, 2));
  const later = { ...RECORD, at: '2026-11-25T20:31:06.000Z' };
  await writeRecord(dependenciesOf(clients), STORE, KEY, later);
  await expect(prove(later)).resolves.toBe(`s3://backups/${KEY}`);
  expect(objects.get(`/${STORE.bucket}/${KEY}`)).toContain(RECORD.at);
});

test.each([
  ['of other members', JSON.stringify({ ...RECORD, members: [{ ...RECORD.members[0], id: 'snap-2' }] })],
  ['captured at another time', JSON.stringify(RECORD).replace('20:30:00', '20:29:00')],
  ['that cannot be read', '{"record":'],
])('a record %s is somebody else’s and is not overwritten', async (_, text) => {
  put(text);
  await writeRecord(dependenciesOf(clients), STORE, KEY, RECORD);
  await expect(prove(RECORD)).rejects.toMatchObject({
    type: 'Terminal',
    message: expect.stringContaining('tells of something else'),
  });
  expect(objects.get(`/${STORE.bucket}/${KEY}`)).toBe(text);
});

test('one that is not visible yet is looked for again', async () => {
  await expect(prove(RECORD)).rejects.toMatchObject({ type: 'NotYet' });
});
