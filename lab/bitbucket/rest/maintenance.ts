import { randomUUID } from 'node:crypto';
import type { Context } from 'hono';
import type { Maintenance } from '../cluster-state';
import type { BitbucketNode } from '../node';
import { badRequest, conflict, notFound } from '../problem';
import { requireSystemAdministrator } from './api';
import type { Api } from './api';

/** Maintenance lock and external backup [B §6]. Tokens of the REST kind do not work here: Basic only. */
export function addMaintenance(api: Api, node: BitbucketNode): void {
  const { database } = node;
  const read = (): Promise<Maintenance | undefined> => database.setting<Maintenance>('maintenance');

  async function requireLock(): Promise<Maintenance> {
    const lock = await read();
    if (lock === undefined) throw notFound('A maintenance lock', 'maintenance.NoLockException');
    return lock;
  }

  async function put(lock: Maintenance): Promise<void> {
    await database.putSetting('maintenance', lock);
    await node.refresh();
  }

  /** Each part of the product is drained when every node that is alive says so. */
  async function drained(lock: Maintenance): Promise<string> {
    if (lock.backup?.state !== 'RUNNING') return 'AVAILABLE';
    const { cancelToken } = lock.backup;
    const nodes = (await node.cluster.live()).filter(({ state }) => state !== 'ERROR');
    return nodes.every(({ drainedFor }) => drainedFor === cancelToken) ? 'DRAINED' : 'DRAINING';
  }

  api.use('/mvc/*', async (c, next) => {
    await requireSystemAdministrator(c, node, 403);
    await next();
  });

  api.post('/mvc/maintenance/lock', async (c) => {
    const user = await requireSystemAdministrator(c, node, 403);
    const lock: Maintenance = { unlockToken: randomUUID(), owner: user.name, lockedAt: Date.now() };
    const added = await database.rows(
      `insert into app_setting (name, value) values ('maintenance', $1::jsonb) on conflict do nothing returning name`,
      [JSON.stringify(lock)],
    );
    if (added.length === 0)
      throw conflict('The system is already locked for maintenance.', 'maintenance.LockedException');
    await node.refresh();
    return c.json({ unlockToken: lock.unlockToken, owner: { name: lock.owner } }, 202);
  });

  api.get('/mvc/maintenance/lock', async (c) => {
    const lock = await requireLock();
    return c.json({ owner: { name: lock.owner }, lockedAt: lock.lockedAt });
  });

  api.delete('/mvc/maintenance/lock', async (c) => {
    requireToken(c.req.query('token'), (await requireLock()).unlockToken);
    await database.deleteSetting('maintenance');
    await node.refresh();
    return c.body(null, 202);
  });

  api.post('/mvc/admin/backups', async (c) => {
    if (c.req.query('external') !== 'true')
      throw badRequest('Only external backups are supported.', 'external');
    const lock = await requireLock();
    requireToken(c.req.header('x-atlassian-maintenance-token'), lock.unlockToken);
    if (lock.backup?.state === 'RUNNING') throw conflict('A backup is running already.');
    const cancelToken = randomUUID();
    await put({ ...lock, backup: { cancelToken, percentage: 0, state: 'RUNNING' } });
    return c.json({ id: cancelToken, cancelToken }, 202);
  });

  api.post('/mvc/admin/backups/progress/client', async (c) => {
    const lock = await requireLock();
    requireToken(c.req.query('token'), lock.unlockToken);
    const percentage = Number(c.req.query('percentage'));
    if (!Number.isFinite(percentage) || percentage < 0 || percentage > 100)
      throw badRequest('percentage is between 0 and 100.', 'percentage');
    if (lock.backup?.state !== 'RUNNING') throw conflict('No backup is running.');
    await put({
      ...lock,
      backup: { ...lock.backup, percentage, state: percentage >= 100 ? 'SUCCESSFUL' : 'RUNNING' },
    });
    return c.body(null, 202);
  });

  api.get('/mvc/maintenance', async (c) => {
    const lock = await requireLock();
    requireToken(c.req.header('x-atlassian-maintenance-token'), lock.unlockToken);
    const state = await drained(lock);
    const { backup } = lock;
    return c.json({
      ...(backup === undefined
        ? {}
        : {
            task: {
              id: backup.cancelToken,
              type: 'BACKUP',
              state: backup.state,
              progress: { percentage: backup.percentage },
            },
          }),
      'db-state': state,
      'scm-state': state,
    });
  });

  // Printed as POST by one source and as DELETE by another: both cancel the task, neither unlocks.
  api.on(['POST', 'DELETE'], '/mvc/maintenance', async (c: Context) => {
    const lock = await requireLock();
    if (lock.backup?.state !== 'RUNNING') throw notFound('A maintenance task', 'maintenance.NoTaskException');
    requireToken(c.req.query('token'), lock.backup.cancelToken);
    await put({ ...lock, backup: { ...lock.backup, state: 'CANCELED' } });
    return c.body(null, 202);
  });
}

function requireToken(given: string | undefined, expected: string): void {
  if (given !== expected)
    throw conflict('The token is not the right one.', 'maintenance.IncorrectTokenException');
}
