import type { BitbucketNode } from '../node';
import { findRepository } from '../repositories';
import { requireSystemAdministrator, requireUser } from './api';
import type { Api } from './api';

const BASE = '/rest/indexing/latest';

/** Search index: a rebuild takes `indexingSeconds`, whichever node is asked [B §8]. */
export function addIndexing(api: Api, node: BitbucketNode): void {
  const rebuild = (): Promise<void> =>
    node.database.putSetting('indexing', { until: Date.now() + node.config.indexingSeconds * 1000 });
  const status = async (): Promise<{ status: 'INDEXING' | 'IDLE' }> => {
    const indexing = await node.database.setting<{ until: number }>('indexing');
    return { status: indexing !== undefined && Date.now() < indexing.until ? 'INDEXING' : 'IDLE' };
  };

  api.get(`${BASE}/status`, async (c) => {
    await requireUser(c, node);
    return c.json(await status());
  });

  api.post(`${BASE}/sync`, async (c) => {
    await requireSystemAdministrator(c, node);
    await rebuild();
    return c.json(await status());
  });

  api.post(`${BASE}/projects/:key/repos/:slug/sync`, async (c) => {
    await requireSystemAdministrator(c, node);
    await findRepository(node.database, c.req.param('key'), c.req.param('slug'));
    await rebuild();
    return c.json(await status());
  });
}
