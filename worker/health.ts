import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface HealthServer {
  /** The address it listens on, also when port 0 was asked for. */
  readonly address: string;
  close(): Promise<void>;
}

export interface HealthAnswer {
  readonly ok: boolean;
  readonly detail: Readonly<Record<string, string | number | boolean>>;
}

/**
 * Serves `/healthz` (the process lives) and `/readyz` (it takes work) as JSON, 200 or 503.
 * @param ready looked up at each request
 */
export async function serveHealth(
  at: { readonly host: string; readonly port: number },
  ready: () => HealthAnswer,
): Promise<HealthServer> {
  const server = createServer((request, response) => {
    const path = new URL(request.url ?? '/', 'http://worker').pathname;
    const answer = path === '/healthz' ? { ok: true, detail: {} } : path === '/readyz' ? ready() : null;
    const status = answer === null ? 404 : answer.ok ? 200 : 503;
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(JSON.stringify(answer ?? { ok: false, detail: { paths: '/healthz /readyz' } }));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) =>
      reject(
        new Error(
          `cannot serve health on ${at.host}:${at.port}: ${error.message}. Set RUNBOOKS_HEALTH_ADDRESS.`,
        ),
      ),
    );
    server.listen(at.port, at.host, resolve);
  });
  const { address, port } = server.address() as AddressInfo;
  return { address: `${address}:${port}`, close: () => close(server) };
}

function close(server: Server): Promise<void> {
  server.closeAllConnections();
  return new Promise((resolve) => server.close(() => resolve()));
}
