import { serve } from '@hono/node-server';
import { Hono } from 'hono';

import { DISASTERS, isDisaster } from './disasters';
import type { World } from './world';

const CONTROL_PORT = 4567;

export interface ControlServer {
  readonly url: string;
  stop(): Promise<void>;
}

/**
 * The control API of a lab, JSON over HTTP on its own loopback address: GET /status, /invariants, /ledger, /summary,
 * /env; POST /break/<disaster>, /heal, /down.
 * @param down called after the answer to /down has been sent
 */
export async function startControlServer(world: World, down: () => void): Promise<ControlServer> {
  const address = world.network.services;
  const app = new Hono();
  // A page in a browser could reach us under a name of its own; it cannot forge this header.
  app.use(async (context, next) => {
    if (context.req.header('host') !== `${address}:${CONTROL_PORT}`)
      return context.json({ error: 'no' }, 403);
    return next();
  });
  app.get('/status', async (context) => context.json(await world.status()));
  app.get('/env', (context) => context.json(world.environment()));
  app.get('/invariants', async (context) => context.json(await world.invariants()));
  app.get('/summary', (context) => context.json(world.summary()));
  app.get('/ledger', (context) => {
    const onlyMutating = context.req.query('mutating') !== undefined;
    const last = Number(context.req.query('last') ?? 1000);
    const entries = world.gateway.ledger.entries().filter(({ mutating }) => mutating || !onlyMutating);
    return context.json(entries.slice(-last));
  });
  app.post('/break/:disaster', async (context) => {
    const disaster = context.req.param('disaster');
    if (!isDisaster(disaster)) {
      const known = Object.keys(DISASTERS).join(', ');
      return context.json({ error: `there is no disaster ${disaster}; there are ${known}` }, 400);
    }
    await world.breakIt(disaster);
    return context.json(await world.status());
  });
  app.post('/heal', async (context) => {
    await world.heal();
    return context.json(await world.status());
  });
  app.post('/down', (context) => {
    setTimeout(down, 50);
    return context.json({ stopping: true });
  });
  app.onError((error, context) => context.json({ error: error.message }, 500));

  const server = await new Promise<ReturnType<typeof serve>>((resolve, reject) => {
    const started = serve({ fetch: app.fetch, hostname: address, port: CONTROL_PORT }, () =>
      resolve(started),
    );
    started.once('error', reject);
  });
  return {
    url: `http://${address}:${CONTROL_PORT}`,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        if ('closeAllConnections' in server) server.closeAllConnections();
      }),
  };
}
