import { Client, Connection, isGrpcServiceError } from '@temporalio/client';
import { loadClientConnectConfig } from '@temporalio/envconfig';
import { CommandError, EXIT } from './command-error';

/** Seconds after which a call counts as unanswered, unless the caller says otherwise. */
const CALL_SECONDS = 10;
const CONNECT_SECONDS = 5;
/** gRPC status codes that say something about the server rather than about the request. */
const CANCELLED = 1;
const DEADLINE_EXCEEDED = 4;
const PERMISSION_DENIED = 7;
const UNAVAILABLE = 14;
const UNAUTHENTICATED = 16;

/** A connection to Temporal on which every call has a deadline and every error says what to do. */
export interface Session {
  readonly client: Client;
  readonly connection: Connection;
  readonly address: string;
  readonly namespace: string;
  /** Where the runbooks' workers ask for work. */
  readonly taskQueue: string;
  /** @param what completes "Temporal did not answer: …" */
  call<T>(what: string, work: () => Promise<T>, seconds?: number): Promise<T>;
  close(): Promise<void>;
}

/**
 * Connects as Temporal's own configuration says: environment (`TEMPORAL_ADDRESS`, `TEMPORAL_NAMESPACE`, …), then the
 * profile of `temporal.toml` [T §11.2]. Namespace `default` when none is set.
 * @throws CommandError naming the address and the remedy when nobody answers there
 */
export async function connect(environment: Readonly<Record<string, string | undefined>>): Promise<Session> {
  const { connectionOptions, namespace = 'default' } = readConfiguration(environment);
  const address = connectionOptions.address ?? 'localhost:7233';
  refuseUrl(address);
  const connection = await Connection.connect({
    ...connectionOptions,
    connectTimeout: CONNECT_SECONDS * 1000,
  }).catch((error: unknown) => {
    throw unreachable(address, error);
  });
  return {
    client: new Client({ connection, namespace }),
    connection,
    address,
    namespace,
    taskQueue: environment['RUNBOOKS_TASK_QUEUE'] || 'runbooks',
    call: (what, work, seconds = CALL_SECONDS) =>
      connection.withDeadline(Date.now() + seconds * 1000, work).catch((error: unknown) => {
        throw explain(what, address, error);
      }),
    close: () => connection.close(),
  };
}

/** @throws CommandError, wrong use: what is meant is plain, and nobody would answer there */
function refuseUrl(address: string): void {
  const [, scheme, rest = ''] = /^([a-z][a-z\d+.-]*:\/\/)(.*)$/i.exec(address) ?? [];
  if (scheme === undefined) return;
  throw new CommandError(
    `the address of Temporal must not begin with ${scheme}: ${address}`,
    `Write host:port without ${scheme} in TEMPORAL_ADDRESS (or the profile): ${rest.replace(/\/.*$/, '')}`,
    EXIT.wrongUse,
  );
}

function readConfiguration(
  environment: Readonly<Record<string, string | undefined>>,
): ReturnType<typeof loadClientConnectConfig> {
  const set = Object.entries(environment).filter(
    (entry): entry is [string, string] => entry[1] !== undefined,
  );
  try {
    return loadClientConnectConfig({ overrideEnvVars: Object.fromEntries(set) });
  } catch (error) {
    throw new CommandError(
      `Temporal's configuration cannot be read: ${messageOf(error)}`,
      'Correct temporal.toml or the TEMPORAL_… variables; `temporal config list` shows them.',
      EXIT.wrongUse,
    );
  }
}

function unreachable(address: string, error: unknown): CommandError {
  return new CommandError(
    `no Temporal server answers at ${address}: ${messageOf(error)}`,
    'Start it, or say where it is with TEMPORAL_ADDRESS (or a profile in temporal.toml and TEMPORAL_PROFILE).',
  );
}

/** The server's own troubles in words; everything else as it is, for the caller to judge. */
function explain(what: string, address: string, error: unknown): unknown {
  switch (grpcCode(error)) {
    // We cancel no call: it was the server that let go of one whose deadline, which it knows, passed there first.
    case CANCELLED:
    case DEADLINE_EXCEEDED:
      return new CommandError(
        `no answer in time: ${what}`,
        'Is a worker running? `runbooks doctor` tells; start one with `runbooks worker`.',
      );
    case UNAVAILABLE:
      return unreachable(address, error);
    case PERMISSION_DENIED:
    case UNAUTHENTICATED:
      return new CommandError(
        `Temporal at ${address} refuses us: ${messageOf(error)}`,
        'Check TEMPORAL_API_KEY or the TLS certificate, and TEMPORAL_NAMESPACE.',
      );
    default:
      return error;
  }
}

/** gRPC status of an error or of what caused it; undefined for other errors. */
export function grpcCode(error: unknown): number | undefined {
  if (isGrpcServiceError(error)) return error.code;
  return error instanceof Error && error.cause !== undefined ? grpcCode(error.cause) : undefined;
}

export function messageOf(error: unknown): string {
  if (isGrpcServiceError(error)) return error.details;
  if (!(error instanceof Error)) return String(error);
  return isGrpcServiceError(error.cause) ? error.cause.details : error.message;
}
