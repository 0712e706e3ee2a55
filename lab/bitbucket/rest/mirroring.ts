import type { BitbucketNode } from '../node';
import { badRequest, conflict, notFound } from '../problem';
import { paged, readBody, requireSystemAdministrator, requireText, requireUser } from './api';
import type { Api } from './api';

const BASE = '/rest/mirroring/latest';

const MIRROR = `id, name, base_url as "baseUrl", enabled, mirror_type as "mirrorType",
  product_version as "productVersion", (extract(epoch from last_seen) * 1000)::float8 as "lastSeenDate"`;
const REQUEST = `id, mirror_id as "mirrorId", mirror_name as "mirrorName", base_url as "mirrorBaseUrl",
  mirror_type as "mirrorType", product_version as "productVersion", state`;

/** Mirrors as the primary sees them [B §7.1]. */
export function addMirroring(api: Api, node: BitbucketNode): void {
  const { database } = node;

  async function mirror(id: string): Promise<object> {
    const [row] = await database.rows(`select ${MIRROR} from mirror_server where id = $1`, [id]);
    if (row === undefined) throw notFound(`Mirror ${id}`, 'mirroring.NoSuchMirrorException');
    return row;
  }

  /** Missing requests answer 409, as documented. */
  async function request(id: string): Promise<Readonly<Record<string, unknown>>> {
    const [row] = await database.rows(`select ${REQUEST} from mirror_request where id = $1`, [
      Number(id) || 0,
    ]);
    if (row === undefined)
      throw conflict(`Request ${id} does not exist.`, 'mirroring.NoSuchRequestException');
    return row;
  }

  async function decide(
    id: string,
    state: 'ACCEPTED' | 'REJECTED',
  ): Promise<Readonly<Record<string, unknown>>> {
    const before = await request(id);
    if (before.state !== 'PENDING') throw conflict(`Request ${id} is ${String(before.state)} already.`);
    await database.rows('update mirror_request set state = $2 where id = $1', [Number(id), state]);
    return { ...before, state };
  }

  api.get(`${BASE}/mirrorServers`, async (c) => {
    await requireUser(c, node);
    return c.json(paged(c, await database.rows(`select ${MIRROR} from mirror_server order by name`)));
  });

  api.get(`${BASE}/mirrorServers/:id`, async (c) => {
    await requireUser(c, node);
    return c.json(await mirror(c.req.param('id')));
  });

  api.put(`${BASE}/mirrorServers/:id`, async (c) => {
    await requireSystemAdministrator(c, node);
    const body = await readBody(c);
    await mirror(c.req.param('id'));
    await database.rows(
      `update mirror_server set base_url = $2, product_version = $3, last_seen = now() where id = $1`,
      [c.req.param('id'), requireText(body, 'baseUrl'), requireText(body, 'productVersion')],
    );
    return c.json(await mirror(c.req.param('id')));
  });

  api.delete(`${BASE}/mirrorServers/:id`, async (c) => {
    await requireSystemAdministrator(c, node);
    await database.rows('delete from mirror_server where id = $1', [c.req.param('id')]);
    return c.body(null, 204);
  });

  api.post(`${BASE}/mirrorServers/:id/events`, async (c) => {
    await requireUser(c, node);
    await mirror(c.req.param('id'));
    await database.rows('update mirror_server set last_seen = now() where id = $1', [c.req.param('id')]);
    return c.body(null, 204);
  });

  api.get(`${BASE}/requests`, async (c) => {
    await requireUser(c, node);
    const rows = await database.rows(
      `select ${REQUEST} from mirror_request where $1::text is null or state = $1 order by id`,
      [c.req.query('state') ?? null],
    );
    return c.json(paged(c, rows));
  });

  // Sent by a mirror that starts for the first time; it has no user yet.
  api.post(`${BASE}/requests`, async (c) => {
    const body = await readBody(c);
    const type = requireText(body, 'mirrorType');
    if (type !== 'SINGLE' && type !== 'FARM') throw badRequest('mirrorType is SINGLE or FARM.', 'mirrorType');
    const [row] = await database.rows<{ id: number }>(
      `insert into mirror_request (mirror_id, mirror_name, base_url, mirror_type, product_version)
       values ($1, $2, $3, $4, $5) on conflict do nothing returning id`,
      [
        requireText(body, 'mirrorId'),
        requireText(body, 'mirrorName'),
        requireText(body, 'mirrorBaseUrl'),
        type,
        requireText(body, 'productVersion'),
      ],
    );
    if (row === undefined) throw conflict('This mirror has sent a request already.');
    return c.json(await request(String(row.id)));
  });

  api.get(`${BASE}/requests/:id`, async (c) => {
    await requireUser(c, node);
    return c.json(await request(c.req.param('id')));
  });

  api.delete(`${BASE}/requests/:id`, async (c) => {
    await requireSystemAdministrator(c, node);
    await request(c.req.param('id'));
    await database.rows('delete from mirror_request where id = $1', [Number(c.req.param('id'))]);
    return c.body(null, 204);
  });

  api.post(`${BASE}/requests/:id/accept`, async (c) => {
    await requireSystemAdministrator(c, node);
    const accepted = await decide(c.req.param('id'), 'ACCEPTED');
    await database.rows(
      `insert into mirror_server (id, name, base_url, mirror_type, product_version) values ($1, $2, $3, $4, $5)
       on conflict (id) do nothing`,
      [
        accepted.mirrorId,
        accepted.mirrorName,
        accepted.mirrorBaseUrl,
        accepted.mirrorType,
        accepted.productVersion,
      ],
    );
    return c.json(await mirror(String(accepted.mirrorId)));
  });

  api.post(`${BASE}/requests/:id/reject`, async (c) => {
    await requireSystemAdministrator(c, node);
    return c.json(await decide(c.req.param('id'), 'REJECTED'));
  });

  api.get(`${BASE}/analyticsSettings`, async (c) => {
    await requireUser(c, node);
    const license = await database.setting<{ supportEntitlementNumber?: string }>('license');
    return c.json({
      canCollectAnalytics: false,
      serverTime: Date.now(),
      supportEntitlementNumber: license?.supportEntitlementNumber ?? null,
    });
  });
}
