import { DescribeDBInstancesCommand } from '@aws-sdk/client-rds';
import type { DBInstance, RDSClient } from '@aws-sdk/client-rds';

import type { Dependencies } from '../../dependencies';
import { askTogether } from '../coalesce';
import { askAws } from '../errors';
import { allPages } from '../pages';

/** The DB instance; undefined when there is none of that id in the region. Asked together with others' questions. */
export function findDatabase(
  dependencies: Dependencies,
  region: string,
  id: string,
): Promise<DBInstance | undefined> {
  const client = dependencies.aws.rds(region);
  return askAws(
    { doing: 'describe', resource: `database ${id}`, region },
    () => askTogether(client, 'databases', id, (ids) => describe(client, ids)),
    { notFound: () => undefined },
  );
}

async function describe(client: RDSClient, ids: readonly string[]): Promise<Map<string, DBInstance>> {
  const [only] = ids;
  const which =
    ids.length === 1 && only !== undefined
      ? { DBInstanceIdentifier: only }
      : { Filters: [{ Name: 'db-instance-id', Values: [...ids] }] };
  const found = await allPages(async (Marker) => {
    const reply = await client.send(
      new DescribeDBInstancesCommand({ ...which, ...(Marker === undefined ? {} : { Marker }) }),
    );
    return { items: reply.DBInstances, next: reply.Marker };
  });
  return new Map(found.map((instance) => [instance.DBInstanceIdentifier ?? '', instance]));
}
