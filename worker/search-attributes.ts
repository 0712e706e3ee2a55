import { temporal } from '@temporalio/proto';
import type { NativeConnection } from '@temporalio/worker';
import { SEARCH_ATTRIBUTES } from '../workflows/runbook/recorder';

const { IndexedValueType } = temporal.api.enums.v1;

/**
 * Checks that the namespace has the search attributes that runs set, with the right types: without them every run
 * would stop at its first task and only say "running" [T §6.3].
 * @throws Error that names what is missing and the command that adds it
 */
export async function requireSearchAttributes(
  connection: NativeConnection,
  namespace: string,
): Promise<void> {
  const { customAttributes } = await connection.operatorService
    .listSearchAttributes({ namespace })
    .catch((error: unknown) => {
      throw new Error(
        `cannot read the search attributes of namespace ${namespace}${reasonOf(error)}: does it exist, and may this ` +
          'worker use it? `runbooks setup --create-namespace` makes it',
      );
    });
  const wrong = Object.values(SEARCH_ATTRIBUTES)
    .filter(({ name, type }) => customAttributes?.[name] !== IndexedValueType[`INDEXED_VALUE_TYPE_${type}`])
    .map(({ name }) => name);
  if (wrong.length > 0) {
    throw new Error(
      `namespace ${namespace} lacks the search attributes ${wrong.join(', ')} (or has them with another type): ` +
        'run `runbooks setup` once, then start the worker again',
    );
  }
}

/** gRPC errors of the native connection may carry their text in `details` only. */
function reasonOf(error: unknown): string {
  const { message = '', details = '' } = error as { readonly message?: string; readonly details?: string };
  const reason = message === '' ? details : message;
  return reason === '' ? '' : ` (${reason})`;
}
