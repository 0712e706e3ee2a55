import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AnswerFaults, readAnswered } from '../../../lab/bitbucket/answer-faults';
import type { AnswerFault } from '../../../lab/bitbucket/answer-faults';

let directory: string;
let file: string;
let server: Server;
let done: number;

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'answer-faults-'));
  file = join(directory, 'faults');
  done = 0;
  const faults = new AnswerFaults(file);
  server = createServer((request, response) => {
    void faults.around(request, response, async () => {
      done += 1;
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end('{"values":[]}');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterEach(() => {
  server.close();
  server.closeAllConnections();
  rmSync(directory, { recursive: true, force: true });
});

const REQUEST = 'POST /rest/indexing/latest/sync (node)';
const fault = (effect: AnswerFault['effect'], times = 1, seconds = 0): void =>
  writeFileSync(file, JSON.stringify([{ request: REQUEST, effect, times, seconds }]));

const ask = (method = 'POST'): Promise<Response> =>
  fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}/rest/indexing/latest/sync`, {
    method,
    headers: { authorization: `Basic ${Buffer.from('admin:secret').toString('base64')}` },
  });

test('an answer is lost after the work is done, as often as told, and each request is written down', async () => {
  fault('dropAfter', 2);
  await expect(ask()).rejects.toThrow();
  await expect(ask()).rejects.toThrow();
  expect(await (await ask()).json()).toEqual({ values: [] });
  expect(done).toBe(3);
  expect(readAnswered(file)).toEqual([
    { request: REQUEST, user: 'admin', fault: 'dropAfter' },
    { request: REQUEST, user: 'admin', fault: 'dropAfter' },
    { request: REQUEST, user: 'admin', fault: null },
  ]);
});

test('an error and a throttle come before the work, a malformed answer after it', async () => {
  fault('error');
  expect([(await ask()).status, done]).toEqual([500, 0]);
  rmSync(`${file}.requests`);
  fault('throttle');
  expect([(await ask()).status, done]).toEqual([429, 0]);
  rmSync(`${file}.requests`);
  fault('malformed');
  await expect((await ask()).json()).rejects.toThrow();
  expect(done).toBe(1);
});

test('what only reads is left alone and not written down', async () => {
  fault('error', 10);
  expect((await ask('GET')).status).toBe(200);
  expect(readAnswered(file)).toEqual([]);
});
