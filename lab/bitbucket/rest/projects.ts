import { createRepository } from '../git/create-repository';
import { recordPush } from '../git/record-push';
import { readRefs } from '../git/refs';
import { runGit } from '../git/run';
import { repositoryDirectory } from '../home';
import type { BitbucketNode } from '../node';
import { badRequest, conflict } from '../problem';
import { findProject, findRepository } from '../repositories';
import type { Repository } from '../repositories';
import { paged, readBody, requireSystemAdministrator, requireText, requireUser } from './api';
import type { Api } from './api';

const BASE = '/rest/api/latest';
const REPOSITORY = '/projects/:key/repos/:slug';

/** Projects, repositories, branches. */
export function addProjects(api: Api, node: BitbucketNode): void {
  const { database, config } = node;
  const directory = (repository: Repository): string => repositoryDirectory(config.sharedHome, repository.id);

  api.get(`${BASE}/projects`, async (c) => {
    await requireUser(c, node);
    const rows = await database.rows('select id, project_key as key, name from project order by project_key');
    return c.json(paged(c, rows));
  });

  api.post(`${BASE}/projects`, async (c) => {
    await requireSystemAdministrator(c, node);
    const body = await readBody(c);
    const key = requireText(body, 'key').toUpperCase();
    if (!/^[A-Z][A-Z0-9_-]*$/.test(key)) throw badRequest('The project key is not valid.', 'key');
    const name = typeof body.name === 'string' ? body.name : key;
    const [row] = await database.rows<{ id: number }>(
      'insert into project (project_key, name) values ($1, $2) on conflict do nothing returning id',
      [key, name],
    );
    if (row === undefined)
      throw conflict(`Project ${key} exists already.`, 'project.DuplicateProjectException');
    return c.json({ id: row.id, key, name }, 201);
  });

  api.get(`${BASE}/projects/:key`, async (c) => {
    await requireUser(c, node);
    return c.json(await findProject(database, c.req.param('key')));
  });

  api.get(`${BASE}/projects/:key/repos`, async (c) => {
    await requireUser(c, node);
    const project = await findProject(database, c.req.param('key'));
    const rows = await database.rows<{ id: number; slug: string; name: string }>(
      'select id, slug, name from repository where project_id = $1 order by slug',
      [project.id],
    );
    return c.json(
      paged(
        c,
        rows.map((row) => describeRepository({ ...row, project })),
      ),
    );
  });

  api.post(`${BASE}/projects/:key/repos`, async (c) => {
    await requireSystemAdministrator(c, node);
    const project = await findProject(database, c.req.param('key'));
    const name = requireText(await readBody(c), 'name');
    const slug = name.toLowerCase().replace(/[^a-z0-9._-]+/g, '-');
    await node.assertHome();
    const [row] = await database.rows<{ id: number }>(
      'insert into repository (project_id, slug, name) values ($1, $2, $3) on conflict do nothing returning id',
      [project.id, slug, name],
    );
    if (row === undefined)
      throw conflict(`Repository ${slug} exists already.`, 'repository.DuplicateRepositoryException');
    const repository = { id: row.id, slug, name, project };
    await createRepository(directory(repository));
    return c.json(describeRepository(repository), 201);
  });

  api.get(`${BASE}${REPOSITORY}`, async (c) => {
    await requireUser(c, node);
    return c.json(
      describeRepository(await findRepository(database, c.req.param('key'), c.req.param('slug'))),
    );
  });

  api.get(`${BASE}${REPOSITORY}/branches`, async (c) => {
    await requireUser(c, node);
    const repository = await findRepository(database, c.req.param('key'), c.req.param('slug'));
    await node.assertHome();
    const filter = c.req.query('filterText') ?? '';
    const branches = [...(await readRefs(directory(repository)))]
      .filter(([id]) => id.startsWith('refs/heads/') && id.includes(filter))
      .map(([id, latestCommit]) => ({
        id,
        displayId: id.slice('refs/heads/'.length),
        type: 'BRANCH',
        latestCommit,
        isDefault: id === 'refs/heads/main',
      }));
    return c.json(paged(c, branches));
  });

  // A branch that is not there is as good as deleted.
  api.delete(`/rest/branch-utils/latest${REPOSITORY}/branches`, async (c) => {
    const user = await requireUser(c, node);
    const repository = await findRepository(database, c.req.param('key'), c.req.param('slug'));
    const body = await readBody(c);
    const name = requireText(body, 'name');
    const ref = name.startsWith('refs/heads/') ? name : `refs/heads/${name}`;
    if (ref === 'refs/heads/main') throw badRequest('The default branch cannot be deleted.', 'name');
    await node.assertHome();
    if (body.dryRun === true) return c.body(null, 204);
    await recordPush(
      database,
      {
        repositoryId: repository.id,
        directory: directory(repository),
        userId: user.id,
        trigger: 'branch-delete',
        now: () => node.now(),
        assertHome: () => node.assertHome(),
      },
      async () => {
        if ((await readRefs(directory(repository))).has(ref))
          await runGit(['-C', directory(repository), 'update-ref', '-d', ref]);
      },
    );
    return c.body(null, 204);
  });

  api.get(`${BASE}/repos`, async (c) => {
    await requireUser(c, node);
    const rows = await database.rows<RepositoryRow>(`${REPOSITORIES} order by p.project_key, r.slug`);
    return c.json(paged(c, rows.map(repositoryOf).map(describeRepository)));
  });

  api.get(`${BASE}/profile/recent/repos`, async (c) => {
    const user = await requireUser(c, node);
    const rows = await database.rows<RepositoryRow>(
      `${REPOSITORIES}
       where r.id in (select ra.repository_id from sta_repo_activity ra
                      join sta_activity a on a.id = ra.activity_id where a.user_id = $1)
       order by p.project_key, r.slug`,
      [user.id],
    );
    return c.json(paged(c, rows.map(repositoryOf).map(describeRepository)));
  });
}

type RepositoryRow = {
  readonly id: number;
  readonly slug: string;
  readonly name: string;
  readonly pid: number;
  readonly key: string;
  readonly pname: string;
};

const REPOSITORIES = `select r.id, r.slug, r.name, p.id as pid, p.project_key as key, p.name as pname
       from repository r join project p on p.id = r.project_id`;

function repositoryOf({ id, slug, name, pid, key, pname }: RepositoryRow): Repository {
  return { id, slug, name, project: { id: pid, key, name: pname } };
}

function describeRepository({ id, slug, name, project }: Repository): object {
  return { id, slug, name, state: 'AVAILABLE', scmId: 'git', hierarchyId: String(id), project };
}
