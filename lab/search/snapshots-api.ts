import type { Context, Hono } from 'hono';
import { SHARDS } from './indices-api';
import { Refused } from './refused';
import type { SearchServer } from './search-server';
import type { Snapshot } from './store';

/** The snapshot interface, as OpenSearch and Elasticsearch document it. */
export function addSnapshots(api: Hono, server: SearchServer): void {
  const { store, faults } = server;
  const repositoryOf = (c: Context): string => c.req.param('repository') ?? '';
  const held = (c: Context): Map<string, Snapshot> => {
    const name = repositoryOf(c);
    const found = store.repositories.get(name);
    if (found === undefined) throw new Refused(404, 'repository_missing_exception', `[${name}] missing`);
    return found;
  };
  const find = (c: Context): Snapshot => {
    const name = c.req.param('snapshot') ?? '';
    const found = held(c).get(name);
    if (found === undefined)
      throw new Refused(404, 'snapshot_missing_exception', `[${repositoryOf(c)}:${name}] is missing`);
    return found;
  };

  api.get('/_snapshot/:repository', (c) => {
    held(c);
    return c.json({ [repositoryOf(c)]: { type: 'fs' } });
  });

  api.get('/_snapshot/:repository/:snapshot', (c) => {
    const pattern = c.req.param('snapshot');
    const found = pattern.endsWith('*')
      ? [...held(c).values()].filter(({ name }) => name.startsWith(pattern.slice(0, -1)))
      : [find(c)];
    return c.json({ snapshots: found.map((one) => describe(one, server.now())) });
  });

  api.put('/_snapshot/:repository/:snapshot', async (c) => {
    const name = c.req.param('snapshot');
    const snapshots = held(c);
    const refuse = (why: string): Refused =>
      new Refused(400, 'invalid_snapshot_name_exception', `[${repositoryOf(c)}:${name}] ${why}`);
    if (name !== name.toLowerCase()) throw refuse('Invalid snapshot name, must be lowercase');
    if (snapshots.has(name)) throw refuse('snapshot with the same name already exists');
    const { indices, metadata = {} } = await c.req.json<{
      indices: string;
      metadata?: Snapshot['metadata'];
    }>();
    if (!store.indices.has(indices))
      throw new Refused(404, 'index_not_found_exception', `no such index [${indices}]`);
    const startedAt = server.now();
    const endsAt = startedAt + faults.seconds * 1000;
    const { snapshotsEnd: end } = faults;
    store.snapshot(repositoryOf(c), { name, index: indices, metadata, startedAt, endsAt, end });
    return c.json({ accepted: true });
  });

  api.delete('/_snapshot/:repository/:snapshot', (c) => {
    store.removeSnapshot(repositoryOf(c), find(c).name);
    return c.json({ acknowledged: true });
  });

  api.post('/_snapshot/:repository/:snapshot/_restore', (c) => {
    const snapshot = find(c);
    const refuse = (why: string): Refused =>
      new Refused(500, 'snapshot_restore_exception', `[${repositoryOf(c)}:${snapshot.name}] ${why}`);
    if (stateOf(snapshot, server.now()) === 'IN_PROGRESS')
      throw refuse('unsupported snapshot state [IN_PROGRESS]');
    if (store.indices.has(snapshot.index))
      throw refuse(
        `cannot restore index [${snapshot.index}] because an open index with same name already exists in the cluster`,
      );
    store.restore(repositoryOf(c), snapshot, server.now() + faults.seconds * 1000);
    return c.json({ accepted: true });
  });
}

function stateOf({ endsAt, end }: Snapshot, now: number): string {
  return now < endsAt ? 'IN_PROGRESS' : end;
}

function describe(snapshot: Snapshot, now: number): object {
  const { name, index, metadata, startedAt, end } = snapshot;
  const state = stateOf(snapshot, now);
  const failed = state === 'IN_PROGRESS' || end === 'SUCCESS' ? 0 : 1;
  const failures =
    failed === 0
      ? []
      : [{ index, shard_id: 0, reason: 'no node holds the shard', status: 'INTERNAL_SERVER_ERROR' }];
  return {
    snapshot: name,
    indices: [index],
    metadata,
    state,
    start_time_in_millis: Math.round(startedAt),
    shards: { total: SHARDS, failed, successful: SHARDS - failed },
    failures,
  };
}
