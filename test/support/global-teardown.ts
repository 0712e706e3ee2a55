import { rmSync } from 'node:fs';
import type { SharedServer } from './global-setup';

export default async function globalTeardown(): Promise<void> {
  const { sharedServer } = globalThis as { sharedServer?: SharedServer };
  if (sharedServer === undefined) return;
  await sharedServer.server.stop();
  await sharedServer.network.release();
  if (process.env['KEEP_TEST_LOGS'] === undefined)
    rmSync(sharedServer.directory, { recursive: true, force: true });
}
