import { loadClientConnectConfig } from '@temporalio/envconfig';
import { NativeConnection } from '@temporalio/worker';
import { StartError } from './start-error';

/**
 * Temporal's own configuration: environment, then the profile of `temporal.toml`.
 * @throws StartError when it cannot be read, or names no address
 */
export function readConnection(): ReturnType<typeof loadClientConnectConfig> {
  const read = readProfile();
  refuseUrl(read.connectionOptions.address ?? '');
  return read;
}

function refuseUrl(address: string): void {
  const [, scheme, rest = ''] = /^([a-z][a-z\d+.-]*:\/\/)(.*)$/i.exec(address) ?? [];
  if (scheme === undefined) return;
  throw new StartError(
    `the address of Temporal must not begin with ${scheme}: ${address}`,
    `Write host:port without ${scheme} in TEMPORAL_ADDRESS (or the profile): ${rest.replace(/\/.*$/, '')}`,
    2,
  );
}

function readProfile(): ReturnType<typeof loadClientConnectConfig> {
  try {
    return loadClientConnectConfig();
  } catch (error) {
    throw new StartError(
      `Temporal's configuration cannot be read: ${messageOf(error)}`,
      'Correct temporal.toml or the TEMPORAL_… variables; `temporal config list` shows them.',
      2,
    );
  }
}

/** @throws StartError when nobody answers, in the words of the other commands (`client/connection.ts`) */
export async function connect(
  options: Parameters<typeof NativeConnection.connect>[0],
): Promise<NativeConnection> {
  const address = options?.address ?? 'localhost:7233';
  try {
    return await NativeConnection.connect(options);
  } catch (error) {
    throw new StartError(
      `no Temporal server answers at ${address}: ${plainly(messageOf(error))}`,
      'Start it, or say where it is with TEMPORAL_ADDRESS (or a profile in temporal.toml and TEMPORAL_PROFILE).',
      1,
    );
  }
}

/** What went wrong, out of the nested errors of the transport, where it is in there in words. */
function plainly(message: string): string {
  return /\b(?:message|error): "([^"]+)"/.exec(message)?.[1] ?? message;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
