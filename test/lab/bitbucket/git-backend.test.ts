import { pbkdf2 } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { streamBackend } from '../../../lab/bitbucket/git/backend';
import { createFirstCommit, createRepository } from '../../../lab/bitbucket/git/create-repository';

let root: string;
let server: Server;
let url: string;

beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'lab-git-backend-'));
  await createRepository(join(root, '1'));
  await createFirstCommit(join(root, '1'), 'hello');
  server = createServer((request, response) => {
    const call = { root, path: '/1/info/refs', query: 'service=git-upload-pack', user: 'ada' };
    void streamBackend(call, request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
  rmSync(root, { recursive: true });
});

test('git is heard out although the files of the machine are slow', async () => {
  // Whatever waits for a file waits behind this: git itself does not, and ends first.
  let isBusy = true;
  const keepBusy = (): void => {
    if (isBusy) pbkdf2('x', 'y', 200_000, 64, 'sha512', keepBusy);
  };
  for (let thread = 0; thread < 8; thread += 1) keepBusy();
  try {
    const answers = await Promise.all(
      Array.from({ length: 6 }, async () =>
        (await fetch(url, { signal: AbortSignal.timeout(100_000) })).text(),
      ),
    );
    for (const answer of answers) expect(answer).toContain('refs/heads/main');
  } finally {
    isBusy = false;
  }
});
