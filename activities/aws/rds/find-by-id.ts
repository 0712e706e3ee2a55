import type { RDSClient } from '@aws-sdk/client-rds';

import type { Dependencies } from '../../dependencies';
import { askTogether } from '../coalesce';
import { askAws } from '../errors';
import { allPages } from '../pages';

/** One or several by their identifiers, as the Describe calls of RDS want it. */
interface Selection {
  readonly SnapshotType?: 'manual';
  readonly Filters?: { Name: string; Values: string[] }[];
  readonly Marker?: string;
}

/** How RDS describes one kind of its things. */
export interface Describable<T> {
  /** As an operator knows it, e.g. `database`. */
  readonly noun: string;
  /** Of the request, for a single one. */
  readonly parameter: string;
  /** Of the request, for several. */
  readonly filter: string;
  readonly idOf: (found: T) => string | undefined;
  readonly page: (
    client: RDSClient,
    which: Selection,
  ) => Promise<{ readonly items: readonly T[] | undefined; readonly next: string | undefined }>;
}

/** The thing of that id; undefined when RDS knows none in the region. Asked together with others' questions. */
export function findById<T>(
  dependencies: Dependencies,
  kind: Describable<T>,
  region: string,
  id: string,
): Promise<T | undefined> {
  const client = dependencies.aws.rds(region);
  return askAws(
    { doing: 'describe', resource: `${kind.noun} ${id}`, region },
    () => askTogether(client, `${kind.noun}s`, id, (ids) => describe(client, kind, ids)),
    { notFound: () => undefined },
  );
}

async function describe<T>(
  client: RDSClient,
  { parameter, filter, idOf, page }: Describable<T>,
  ids: readonly string[],
): Promise<Map<string, T>> {
  const [only] = ids;
  const which =
    ids.length === 1 && only !== undefined
      ? { [parameter]: only }
      : { Filters: [{ Name: filter, Values: [...ids] }] };
  const found = await allPages((Marker) =>
    page(client, { ...which, ...(Marker === undefined ? {} : { Marker }) }),
  );
  return new Map(found.map((one) => [idOf(one) ?? '', one]));
}
