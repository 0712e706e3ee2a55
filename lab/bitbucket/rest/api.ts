import { Hono } from 'hono';
import type { Context } from 'hono';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import type { BitbucketNode } from '../node';
import { asProblem, badRequest, forbidden, notFound, unauthorised } from '../problem';
import type { User } from '../users';
import { addAdministration } from './administration';
import { addIndexing } from './indexing';
import { addMaintenance } from './maintenance';
import { addMirroring } from './mirroring';
import { addProjects } from './projects';
import { addRollingUpgrade } from './rolling-upgrade';

export type Api = Hono;

/** The documented REST surface of a node [B §4–§8]; `1.0` is the same as `latest`. */
export function createRestApi(node: BitbucketNode): Api {
  const api = new Hono({
    // Both spellings of the version lead to the same routes.
    getPath: (request) =>
      decodeURI(new URL(request.url).pathname).replace(/^(\/rest\/[^/]+)\/1\.0(?=\/|$)/, '$1/latest'),
  });
  addAdministration(api, node);
  addProjects(api, node);
  addRollingUpgrade(api, node);
  addMaintenance(api, node);
  addMirroring(api, node);
  addIndexing(api, node);
  api.notFound((c) => problemResponse(c, notFound(c.req.path, 'NoSuchResourceException')));
  api.onError((error, c) => problemResponse(c, error));
  return api;
}

function problemResponse(c: Context, error: unknown): Response {
  const problem = asProblem(error);
  if (problem.status === 401) c.header('WWW-Authenticate', 'Basic realm="Atlassian Bitbucket"');
  return c.json(problem.body, problem.status as ContentfulStatusCode);
}

/** As much of hono's context as signing in needs. */
interface Call {
  readonly req: { header(name: string): string | undefined };
}

/** @throws Problem 401 without valid credentials */
export async function requireUser(c: Call, node: BitbucketNode): Promise<User> {
  const user = await node.users.authenticate(c.req.header('authorization'));
  if (user === undefined) throw unauthorised();
  return user;
}

/**
 * @param refusal 401 for the resources that document no 403 [B §4]
 * @throws Problem 401 without valid credentials, `refusal` for anybody but a system administrator
 */
export async function requireSystemAdministrator(
  c: Call,
  node: BitbucketNode,
  refusal: 401 | 403 = 401,
): Promise<User> {
  const user = await requireUser(c, node);
  if (user.permission !== 'SYS_ADMIN') throw forbidden(refusal);
  return user;
}

/** The body as an object; an empty body is an empty object. @throws Problem 400 */
export async function readBody(c: Context): Promise<Readonly<Record<string, unknown>>> {
  const text = await c.req.text();
  if (text.trim() === '') return {};
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null) return value as Record<string, unknown>;
  } catch {
    // Said below.
  }
  throw badRequest('The body is not a JSON object.');
}

/** @throws Problem 400 naming the member */
export function requireText(body: Readonly<Record<string, unknown>>, name: string): string {
  const value = body[name];
  if (typeof value !== 'string' || value.trim() === '') throw badRequest(`${name} is required.`, name);
  return value;
}

export function paged<T>(c: Context, values: readonly T[]): object {
  const start = Number(c.req.query('start') ?? 0) || 0;
  const limit = Math.min(Number(c.req.query('limit') ?? 25) || 25, 1000);
  const page = values.slice(start, start + limit);
  const isLastPage = start + limit >= values.length;
  return {
    size: page.length,
    limit,
    isLastPage,
    values: page,
    start,
    ...(isLastPage ? {} : { nextPageStart: start + limit }),
  };
}
