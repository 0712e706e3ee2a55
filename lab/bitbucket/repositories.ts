import type { Database } from './database';
import { notFound } from './problem';

export interface Project {
  readonly id: number;
  readonly key: string;
  readonly name: string;
}

export interface Repository {
  readonly id: number;
  readonly slug: string;
  readonly name: string;
  readonly project: Project;
}

/** @throws Problem 404 */
export async function findProject(database: Database, key: string): Promise<Project> {
  const [project] = await database.rows<Project & Record<string, unknown>>(
    'select id, project_key as key, name from project where upper(project_key) = upper($1)',
    [key],
  );
  if (project === undefined) throw notFound(`Project ${key}`, 'project.NoSuchProjectException');
  return { id: project.id, key: project.key, name: project.name };
}

/** @throws Problem 404 */
export async function findRepository(database: Database, key: string, slug: string): Promise<Repository> {
  const project = await findProject(database, key);
  const [row] = await database.rows<{ id: number; slug: string; name: string }>(
    'select id, slug, name from repository where project_id = $1 and lower(slug) = lower($2)',
    [project.id, slug],
  );
  if (row === undefined)
    throw notFound(`Repository ${project.key}/${slug}`, 'repository.NoSuchRepositoryException');
  return { id: row.id, slug: row.slug, name: row.name, project };
}
