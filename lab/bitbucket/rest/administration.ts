import { buildNumber } from '../cluster-state';
import type { Heartbeat } from '../heartbeats';
import type { BitbucketNode } from '../node';
import { badRequest, notFound } from '../problem';
import { readBody, requireSystemAdministrator, requireText, requireUser } from './api';
import type { Api } from './api';

const BASE = '/rest/api/latest/admin';

/** Information and administration [B §4]. */
export function addAdministration(api: Api, node: BitbucketNode): void {
  const { database, config } = node;

  api.get('/rest/api/latest/application-properties', (c) =>
    c.json({
      version: config.version,
      buildNumber: buildNumber(config.version),
      buildDate: '1735689600000',
      displayName: 'Bitbucket',
    }),
  );

  api.get(`${BASE}/cluster`, async (c) => {
    await requireSystemAdministrator(c, node);
    const joined = (await node.cluster.live()).filter(
      ({ state }) => state === 'ACTIVE' || state === 'DRAINING',
    );
    const nodes = joined.map((beat) => describeNode(beat, config.nodeId));
    return c.json({ localNode: nodes.find(({ local }) => local), nodes, running: true });
  });

  api.get(`${BASE}/license`, async (c) => {
    await requireSystemAdministrator(c, node);
    const license = await database.setting<License>('license');
    if (license === undefined) throw notFound('A license', 'license.NoSuchLicenseException');
    return c.json(await describeLicense(node, license));
  });

  api.post(`${BASE}/license`, async (c) => {
    await requireSystemAdministrator(c, node);
    const license = {
      ...(await database.setting<License>('license')),
      license: requireText(await readBody(c), 'license'),
    };
    await database.putSetting('license', license);
    return c.json(await describeLicense(node, license));
  });

  api.get(`${BASE}/banner`, async (c) => {
    await requireUser(c, node);
    const banner = await database.setting<Record<string, unknown>>('banner');
    return banner === undefined ? c.body(null, 204) : c.json(banner);
  });

  api.put(`${BASE}/banner`, async (c) => {
    await requireSystemAdministrator(c, node);
    const body = await readBody(c);
    const audience = body.audience ?? 'ALL';
    if (audience !== 'ALL' && audience !== 'AUTHENTICATED')
      throw badRequest('audience is AUTHENTICATED or ALL.', 'audience');
    const message = requireText(body, 'message');
    await database.putSetting('banner', { audience, enabled: body.enabled !== false, message });
    return c.body(null, 204);
  });

  api.delete(`${BASE}/banner`, async (c) => {
    await requireSystemAdministrator(c, node);
    await database.deleteSetting('banner');
    return c.body(null, 204);
  });

  api.get(`${BASE}/mail-server`, async (c) => {
    await requireSystemAdministrator(c, node);
    const mail = await database.setting<Record<string, unknown>>('mail-server');
    if (mail === undefined) throw notFound('A mail server', 'mail.NoMailHostConfigurationException');
    return c.json(mail);
  });

  api.put(`${BASE}/mail-server`, async (c) => {
    await requireSystemAdministrator(c, node);
    const body = await readBody(c);
    requireText(body, 'hostname');
    const { password: _never, ...shown } = body;
    await database.putSetting('mail-server', shown);
    return c.json(shown);
  });

  api.delete(`${BASE}/mail-server`, async (c) => {
    await requireSystemAdministrator(c, node);
    await database.deleteSetting('mail-server');
    return c.body(null, 204);
  });

  // All git data is on the shared home: no Mesh nodes.
  api.get(`${BASE}/git/mesh/nodes`, async (c) => {
    await requireSystemAdministrator(c, node);
    return c.json([]);
  });
}

/** What the seed stores and what is asked for; dates in epoch milliseconds. */
export interface License {
  readonly license: string;
  readonly serverId?: string;
  readonly creationDate?: number;
  readonly expiryDate?: number;
  readonly maximumNumberOfUsers?: number;
  readonly unlimitedNumberOfUsers?: boolean;
  readonly supportEntitlementNumber?: string;
}

async function describeLicense(node: BitbucketNode, license: License): Promise<object> {
  const [row] = await node.database.rows<{ users: number }>('select count(*)::int as users from app_user');
  const { expiryDate } = license;
  return {
    ...license,
    ...(expiryDate === undefined
      ? {}
      : {
          daysBeforeExpiry: Math.floor((expiryDate - Date.now()) / 86_400_000),
          gracePeriodEndDate: expiryDate,
          maintenanceExpiryDate: expiryDate,
        }),
    status: { serverId: license.serverId, currentNumberOfUsers: row?.users ?? 0 },
  };
}

function describeNode(beat: Heartbeat, localNodeId: string) {
  return {
    id: beat.nodeId,
    name: beat.nodeId,
    // Hazelcast's own port, as the product shows it.
    address: { address: beat.address, port: 5701 },
    buildVersion: beat.version,
    local: beat.nodeId === localNodeId,
  };
}
