import type { CountLostPushes } from '../../workflows/steps/count-lost-pushes';
import type { Dependencies } from '../dependencies';
import { readDatabase } from './bitbucket-database';

/** One push of commits, as the database remembers it. */
export interface PushRecord {
  /** Id of the activity; one push may move several refs. */
  readonly push: string;
  readonly repositoryId: number;
  /** `PROJECT/slug`. */
  readonly repository: string;
  readonly commits: readonly string[];
}

/** A push that only deletes refs brings no commit and cannot be lost. */
const PUSHES = `
  select a.id::text as push, r.id as repository_id, p.project_key || '/' || r.slug as repository,
         array_agg(distinct f.to_hash) as commits
    from sta_activity a
    join sta_repo_activity ra on ra.activity_id = a.id
    join sta_repo_push_activity pa on pa.activity_id = a.id
    join sta_repo_push_ref f on f.activity_id = a.id
    join repository r on r.id = ra.repository_id
    join project p on p.id = r.project_id
   where a.created_timestamp >= $1::timestamptz and f.to_hash !~ '^0+$'
   group by a.id, r.id, p.project_key, r.slug
   order by r.id, a.id`;

/** The pushes since a time, ordered by repository. Reads only. */
export function readPushRecords(
  dependencies: Dependencies,
  input: CountLostPushes,
): Promise<readonly PushRecord[]> {
  return readDatabase(dependencies, input, 'ReadPushes', async (client) => {
    const { rows } = await client.query<{
      push: string;
      repository_id: number | string;
      repository: string;
      commits: string[];
    }>(PUSHES, [input.since]);
    return rows.map(({ repository_id, ...row }) => ({ ...row, repositoryId: Number(repository_id) }));
  });
}
