import { temporal } from '@temporalio/proto';
import { SEARCH_ATTRIBUTES } from '../workflows/runbook/recorder';
import type { Session } from './connection';

const TYPES = temporal.api.enums.v1.IndexedValueType;

export interface AttributeState {
  readonly name: string;
  readonly wanted: string;
  /** Type under which the namespace knows it; null when it does not. */
  readonly present: string | null;
}

/** Every search attribute of the runbooks, and as what the namespace knows it. */
export async function readAttributes(session: Session): Promise<readonly AttributeState[]> {
  const listed = await session.call('listing search attributes', () =>
    session.connection.operatorService.listSearchAttributes({ namespace: session.namespace }),
  );
  return Object.values(SEARCH_ATTRIBUTES).map(({ name, type }) => {
    const known = listed.customAttributes?.[name];
    return { name, wanted: type, present: known === undefined || known === null ? null : typeName(known) };
  });
}

/** Registers those that are missing. A type that differs is left alone: it cannot be changed. */
export async function addAttributes(session: Session, missing: readonly AttributeState[]): Promise<void> {
  if (missing.length === 0) return;
  const searchAttributes = Object.fromEntries(missing.map(({ name, wanted }) => [name, typeCode(wanted)]));
  await session.call('registering search attributes', () =>
    session.connection.operatorService.addSearchAttributes({
      namespace: session.namespace,
      searchAttributes,
    }),
  );
}

function typeName(code: number): string {
  return (TYPES[code] ?? String(code)).replace('INDEXED_VALUE_TYPE_', '');
}

function typeCode(name: string): temporal.api.enums.v1.IndexedValueType {
  return name === 'BOOL' ? TYPES.INDEXED_VALUE_TYPE_BOOL : TYPES.INDEXED_VALUE_TYPE_KEYWORD;
}
