import type { IncomingMessage, ServerResponse } from 'node:http';
import { join } from 'node:path';
import { repositoryDirectory } from '../home';
import type { BitbucketNode } from '../node';
import { notFound, unauthorised } from '../problem';
import { findRepository } from '../repositories';
import { bufferBackend, streamBackend } from './backend';
import type { BackendCall } from './backend';
import { recordPush } from './record-push';

const PATH = /^\/scm\/([^/]+)\/([^/]+?)(?:\.git)?\/(info\/refs|git-upload-pack|git-receive-pack)$/;

/**
 * Smart HTTP at `/scm/{project}/{slug}.git`. A clone is streamed; a push is answered only after it is in the database.
 * `counter.running` counts the operations under way, for draining.
 * @throws Problem 401, 404, 503
 */
export async function serveGit(
  node: BitbucketNode,
  counter: { running: number },
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://node');
  const [, key, slug, service] = PATH.exec(url.pathname) ?? [];
  if (key === undefined || slug === undefined || service === undefined)
    throw notFound(url.pathname, 'NoSuchEntityException');
  const user = await node.users.authenticate(request.headers.authorization);
  if (user === undefined) throw unauthorised();
  const repository = await findRepository(node.database, decodeURIComponent(key), decodeURIComponent(slug));
  await node.assertHome();
  const call: BackendCall = {
    root: join(node.config.sharedHome, 'data', 'repositories'),
    path: `/${repository.id}/${service}`,
    query: url.search.slice(1),
    user: user.name,
  };
  counter.running += 1;
  try {
    if (service !== 'git-receive-pack') {
      await streamBackend(call, request, response);
      return;
    }
    const answer = await recordPush(
      node.database,
      {
        repositoryId: repository.id,
        directory: repositoryDirectory(node.config.sharedHome, repository.id),
        userId: user.id,
        trigger: 'push',
        now: () => node.now(),
        assertHome: () => node.assertHome(),
      },
      () => bufferBackend(call, request),
    );
    response.writeHead(answer.status, { ...answer.headers, 'content-length': answer.body.length });
    response.end(answer.body);
  } finally {
    counter.running -= 1;
  }
}
