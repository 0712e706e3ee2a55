import type { SampledRepository } from '../../workflows/steps/verify';
import type { Dependencies } from '../dependencies';
import { readDatabase } from './bitbucket-database';
import type { BitbucketDatabase } from './bitbucket-database';

/** Where a ref stood after its last push before the backup. */
export interface RefRow {
  readonly repositoryId: number;
  readonly ref: string;
  readonly commit: string;
}

interface RepositoryRows {
  readonly repositories: readonly SampledRepository[];
  /** Of the newest pushes, the newest first; a ref that was deleted last is left out. */
  readonly refs: readonly RefRow[];
}

const REPOSITORIES = `
  select r.id, p.project_key as project, r.slug from repository r join project p on p.id = r.project_id order by r.id`;

/** By the newest pushes: the table of activities holds years, and is read in the order of its key. */
const REFS = `
  select ra.repository_id, f.ref_id as ref, f.to_hash as commit
    from sta_activity a
    join sta_repo_activity ra on ra.activity_id = a.id
    join sta_repo_push_ref f on f.activity_id = a.id
   where a.created_timestamp >= $1::timestamptz and a.created_timestamp < $2::timestamptz
   order by a.id desc, f.ref_id
   limit $3`;

const WINDOW_MS = 30 * 86_400_000;
/** Rows of pushes that are looked at. */
const MOST_ROWS = 5000;

/** @param capturedAt ISO 8601; a push that was recorded later need not be in the home */
export function readRepositoryRows(
  dependencies: Dependencies,
  database: BitbucketDatabase,
  capturedAt: string,
): Promise<RepositoryRows> {
  const since = new Date(Date.parse(capturedAt) - WINDOW_MS).toISOString();
  return readDatabase(dependencies, database, 'ReadRepositories', async (client) => {
    const repositories = await client.query<{ id: number | string; project: string; slug: string }>(
      REPOSITORIES,
    );
    const refs = await client.query<{ repository_id: number | string; ref: string; commit: string }>(REFS, [
      ...[since, capturedAt, MOST_ROWS],
    ]);
    return {
      repositories: repositories.rows.map(({ id, ...row }) => ({ id: Number(id), ...row })),
      refs: lastOfEach(
        refs.rows.map(({ repository_id, ...row }) => ({ repositoryId: Number(repository_id), ...row })),
      ),
    };
  });
}

/** An older push of a ref may have been replaced, and its commits collected, long before the backup. */
export function lastOfEach(newestFirst: readonly RefRow[]): readonly RefRow[] {
  const seen = new Set<string>();
  return newestFirst.filter(({ repositoryId, ref, commit }) => {
    const key = `${repositoryId} ${ref}`;
    if (seen.has(key)) return false;
    seen.add(key);
    return !/^0+$/.test(commit);
  });
}
