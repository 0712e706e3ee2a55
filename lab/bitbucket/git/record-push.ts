import type { PoolClient } from 'pg';
import type { Database } from '../database';
import { Unavailable } from '../problem';
import { PUSH_ACTIVITY, NO_COMMIT, REPOSITORY_LOCK } from '../schema';
import { compareRefs, readRefs } from './refs';
import type { RefChange, Refs } from './refs';
import { runGit } from './run';

export interface RecordPush {
  readonly repositoryId: number;
  readonly directory: string;
  readonly userId: number;
  /** What changed the refs: `push`, or `branch-delete` for the REST call. */
  readonly trigger: string;
  /** Time of the push as it is recorded. */
  readonly now: () => Date;
  /** Throws when the shared home went away meanwhile. */
  readonly assertHome: () => Promise<void>;
}

/**
 * Runs `change`, one at a time per repository in the whole cluster, and returns only when the refs that it changed are
 * committed to the database. If they cannot be, the refs are put back.
 * @throws Unavailable when nothing was, or may have been, recorded
 */
export async function recordPush<T>(
  database: Database,
  push: RecordPush,
  change: () => Promise<T>,
): Promise<T> {
  try {
    return await database.transaction(async (client) => {
      await lockRepository(client, push.repositoryId);
      const before = await readRefs(push.directory);
      try {
        const answer = await change();
        const changes = compareRefs(before, await readRefs(push.directory));
        await push.assertHome();
        if (changes.length > 0) await insertPush(client, push, changes);
        return answer;
      } catch (error) {
        await restoreRefs(push, before);
        throw error;
      }
    });
  } catch (error) {
    if (error instanceof Unavailable) throw error;
    throw new Unavailable(
      `the push could not be recorded: ${error instanceof Error ? error.message : 'unknown'}`,
    );
  }
}

async function lockRepository(client: PoolClient, repositoryId: number): Promise<void> {
  const { rows } = await client.query<{ recovery: boolean; locked: boolean }>(
    `select pg_advisory_xact_lock($1, $2), pg_is_in_recovery() as recovery,
            exists (select 1 from app_setting where name = 'maintenance') as locked`,
    [REPOSITORY_LOCK, repositoryId],
  );
  if (rows[0]?.recovery !== false) throw new Unavailable('the database is read-only');
  if (rows[0].locked) throw new Unavailable('Bitbucket is locked for maintenance');
}

async function insertPush(
  client: PoolClient,
  push: RecordPush,
  changes: readonly RefChange[],
): Promise<void> {
  await client.query(
    `with activity as (
       insert into sta_activity (activity_type, created_timestamp, user_id) values ($1, $2, $3) returning id
     ), of_repository as (
       insert into sta_repo_activity (activity_id, repository_id) select id, $4 from activity
     ), of_push as (
       insert into sta_repo_push_activity (activity_id, trigger_id) select id, $5 from activity
     )
     insert into sta_repo_push_ref (activity_id, ref_id, change_type, from_hash, to_hash)
     select activity.id, change.* from activity,
            unnest($6::text[], $7::int[], $8::text[], $9::text[]) as change (ref, type, before, after)`,
    [
      PUSH_ACTIVITY,
      push.now(),
      push.userId,
      push.repositoryId,
      push.trigger,
      changes.map((change) => change.ref),
      changes.map((change) => change.type),
      changes.map((change) => change.from),
      changes.map((change) => change.to),
    ],
  );
}

/** Best effort: where the home is gone nothing can be put back, and nothing was acknowledged either. */
async function restoreRefs({ directory, assertHome }: RecordPush, before: Refs): Promise<void> {
  try {
    await assertHome();
    const changes = compareRefs(before, await readRefs(directory));
    if (changes.length === 0) return;
    const commands = changes.map(({ ref, from, to }) =>
      from === NO_COMMIT ? `delete ${ref} ${to}` : `update ${ref} ${from} ${to}`,
    );
    await runGit(['-C', directory, 'update-ref', '--stdin'], `${commands.join('\n')}\n`);
  } catch (error) {
    console.error(`cannot put back the refs of ${directory}:`, error);
  }
}
