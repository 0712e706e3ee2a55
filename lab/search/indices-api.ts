import type { Hono } from 'hono';
import { Refused } from './refused';
import type { SearchServer } from './search-server';
import type { Index } from './store';

/** Indices have so many shards. */
export const SHARDS = 2;

/** What is asked of an index and its shards. */
export function addIndices(api: Hono, server: SearchServer): void {
  const { store, faults } = server;
  const find = (name: string): Index => {
    const index = store.indices.get(name);
    if (index === undefined) throw new Refused(404, 'index_not_found_exception', `no such index [${name}]`);
    return index;
  };
  const isUnderWay = ({ restored }: Index): boolean => restored !== null && server.now() < restored.endsAt;

  api.get('/_cat/shards/:index', (c) => {
    const state = isUnderWay(find(c.req.param('index'))) ? 'INITIALIZING' : 'STARTED';
    return c.json(shards((shard) => ({ shard, prirep: 'p', state, 'unassigned.reason': null })));
  });

  api.get('/:index/_settings', (c) => {
    const name = c.req.param('index');
    const settings = { 'index.uuid': find(name).id, 'index.number_of_shards': String(SHARDS) };
    return c.json({ [name]: { settings } });
  });

  api.get('/:index/_count', (c) => {
    const name = c.req.param('index');
    find(name);
    return c.json({ count: store.documents(name).length, _shards: { total: SHARDS, failed: 0 } });
  });

  api.get('/:index/_recovery', (c) => {
    const name = c.req.param('index');
    const index = find(name);
    const how =
      index.restored === null ? { type: 'EMPTY_STORE' } : { type: 'SNAPSHOT', source: index.restored };
    const stage = isUnderWay(index) ? 'INDEX' : 'DONE';
    return c.json({ [name]: { shards: shards((id) => ({ id: Number(id), primary: true, stage, ...how })) } });
  });

  api.delete('/:index', (c) => {
    const name = c.req.param('index');
    find(name);
    store.remove(name);
    if (faults.remakesIndex) {
      faults.remakesIndex = false;
      store.put(name, []);
    }
    return c.json({ acknowledged: true });
  });
}

function shards<T>(make: (id: string) => T): readonly T[] {
  return Array.from({ length: SHARDS }, (_none, id) => make(String(id)));
}
