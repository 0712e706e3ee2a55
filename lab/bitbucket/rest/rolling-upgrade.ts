import type { Context } from 'hono';
import { buildNumber, decideClusterState } from '../cluster-state';
import type { Upgrade } from '../cluster-state';
import type { Heartbeat } from '../heartbeats';
import type { BitbucketNode } from '../node';
import { conflict, notFound } from '../problem';
import { requireSystemAdministrator } from './api';
import type { Api } from './api';

const BASE = '/rest/zdu';

/** Rolling upgrade [B §5]. Only the short paths exist, as since 8.19. */
export function addRollingUpgrade(api: Api, node: BitbucketNode): void {
  const { database, config, cluster } = node;

  async function look() {
    const upgrade = await database.setting<Upgrade>('upgrade');
    const known = await cluster.known();
    const nodes = known.filter(({ state }) => state !== 'OFFLINE' || upgrade?.enabled === true);
    return { upgrade, nodes, state: decideClusterState(upgrade, nodes, Date.now()) };
  }

  async function describe(): Promise<object> {
    const { upgrade, nodes, state } = await look();
    return {
      upgradeModeEnabled: upgrade?.enabled === true,
      state,
      originalVersion:
        upgrade?.enabled === true ? upgrade.originalVersion : (nodes[0]?.version ?? config.version),
      nodes: nodes.map((beat) => describeNode(beat, config.nodeId)),
      links: [{ rel: 'self', href: `${BASE}/cluster` }],
    };
  }

  async function change(c: Context, upgrade: Upgrade): Promise<Response> {
    await database.putSetting('upgrade', upgrade);
    await node.refresh();
    return c.json(await describe());
  }

  api.use(`${BASE}/*`, async (c, next) => {
    await requireSystemAdministrator(c, node, 403);
    await next();
  });

  api.get(`${BASE}/cluster`, async (c) => c.json(await describe()));

  api.get(`${BASE}/nodes/:id`, async (c) => {
    const beat = (await look()).nodes.find(({ nodeId }) => nodeId === c.req.param('id'));
    if (beat === undefined) throw notFound(`Node ${c.req.param('id')}`, 'cluster.NoSuchNodeException');
    return c.json(describeNode(beat, config.nodeId));
  });

  api.get(`${BASE}/state`, async (c) => {
    const { nodes, state } = await look();
    const local = nodes.find(({ nodeId }) => nodeId === config.nodeId);
    return c.json({ state, buildInfo: local === undefined ? {} : describeNode(local, config.nodeId) });
  });

  api.post(`${BASE}/start`, async (c) => {
    const { state } = await look();
    if (state !== 'STABLE') throw conflict(`Upgrade mode cannot be started in state ${state}.`);
    // Files that killed nodes left behind are no members that went down for the upgrade.
    await cluster.forgetOffline();
    return change(c, { enabled: true, originalVersion: config.version });
  });

  api.post(`${BASE}/cancel`, async (c) => {
    const { upgrade, state } = await look();
    if (upgrade === undefined || state !== 'READY_TO_UPGRADE')
      throw conflict(`Upgrade mode cannot be cancelled in state ${state}.`);
    return change(c, { enabled: false, originalVersion: upgrade.originalVersion });
  });

  api.post(`${BASE}/approve`, async (c) => {
    const { upgrade, state } = await look();
    if (upgrade === undefined || state !== 'READY_TO_RUN_UPGRADE_TASKS')
      throw conflict(`The upgrade cannot be approved in state ${state}.`);
    await cluster.forgetOffline();
    return change(c, {
      enabled: false,
      originalVersion: upgrade.originalVersion,
      tasksUntil: Date.now() + config.upgradeTaskSeconds * 1000,
    });
  });
}

function describeNode(beat: Heartbeat, localNodeId: string): object {
  return {
    id: beat.nodeId,
    name: beat.nodeId,
    ipAddress: beat.address,
    portNumber: beat.port,
    state: beat.state,
    buildNumber: buildNumber(beat.version),
    version: beat.version,
    local: beat.nodeId === localNodeId,
    links: [{ rel: 'self', href: `${BASE}/nodes/${beat.nodeId}` }],
  };
}
