import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { z } from 'zod';
import { Traffic } from './traffic';
import { completeTrafficOptions } from './options';

const fileSchema = z.object({
  traffic: z.unknown(),
  control: z.object({ address: z.string(), port: z.number().int() }),
});

/** `node main.js <config.json>`: traffic until SIGTERM. GET /summary and POST /audit on the control address. */
async function main(): Promise<void> {
  const path = process.argv[2];
  if (path === undefined) throw new Error('usage: main.js <configuration file>');
  const { traffic: options, control } = fileSchema.parse(JSON.parse(readFileSync(path, 'utf8')));
  const traffic = new Traffic(completeTrafficOptions(options));

  const answer = async (method: string | undefined, url: URL): Promise<unknown> => {
    if (method === 'GET' && url.pathname === '/summary') return traffic.summary();
    if (method === 'POST' && url.pathname === '/audit') {
      const base = url.searchParams.get('baseUrl');
      return traffic.audit(base === null ? undefined : (repository) => `${base}/scm/${repository}.git`);
    }
    throw new Error(`there is no ${method} ${url.pathname}`);
  };
  const server = createServer((request, response) => {
    answer(request.method, new URL(request.url ?? '/', 'http://traffic')).then(
      (value) => response.end(JSON.stringify(value)),
      (error: unknown) => {
        response.statusCode = 500;
        response.end(JSON.stringify({ error: error instanceof Error ? error.message : String(error) }));
      },
    );
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(control.port, control.address, resolve);
  });
  process.once('SIGTERM', () => void traffic.stop().finally(() => process.exit(0)));
  process.once('SIGINT', () => void traffic.stop().finally(() => process.exit(0)));
  await traffic.start();
}

main().catch((error: unknown) => {
  console.error(error);
  process.exit(1);
});
