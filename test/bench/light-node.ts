import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What a backup asks a Bitbucket node, by the beginning of the path; without Mesh. */
const ANSWERS: readonly (readonly [string, object])[] = [
  ['/status', { state: 'RUNNING' }],
  ['/rest/api/latest/application-properties', { version: '8.19.4' }],
  ['/rest/api/latest/projects', { values: [{ key: 'OPS' }], isLastPage: true }],
  ['/rest/api/latest/repos', { values: [{}, {}], isLastPage: true }],
  ['/rest/api/latest/admin/git/mesh/nodes', []],
];

/** One program that answers for every node of every installation. */
export async function startLightNode(): Promise<{ readonly address: string; stop(): Promise<void> }> {
  const server = createServer((request, response) => {
    const answer = ANSWERS.find(([path]) => request.url?.startsWith(path));
    response.writeHead(answer === undefined ? 404 : 200, { 'content-type': 'application/json' });
    response.end(JSON.stringify(answer?.[1] ?? {}));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { address, port } = server.address() as AddressInfo;
  return {
    address: `${address}:${port}`,
    stop: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}
