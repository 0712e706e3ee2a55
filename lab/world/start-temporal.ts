import { TemporalDevServer } from '../temporal/dev-server';
import type { LabDirectory } from './directory';
import type { Disposers } from './disposers';
import type { LabNetwork } from './network';
import type { WorldOptions } from './world';

/** The server that is there, one of the world's own, or none. */
export async function startTemporal(
  options: WorldOptions,
  program: string,
  directory: LabDirectory,
  network: LabNetwork,
  disposers: Disposers,
): Promise<{ readonly address: string; readonly ui: string | undefined } | undefined> {
  if (options.temporal === undefined) return undefined;
  if (options.temporal !== 'own') return { address: options.temporal.address, ui: undefined };
  const server = await TemporalDevServer.start({
    program,
    address: network.services,
    log: directory.log('temporal'),
    ...(options.ui === false ? { uiPort: null } : {}),
  });
  disposers.add('temporal', () => server.stop());
  return server;
}
