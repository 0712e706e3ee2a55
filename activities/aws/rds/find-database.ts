import { DescribeDBInstancesCommand } from '@aws-sdk/client-rds';
import type { DBInstance, RDSClient } from '@aws-sdk/client-rds';

import type { Dependencies } from '../../dependencies';
import { askTogether } from '../coalesce';
import { askAws } from '../errors';

/** The DB instance; undefined when there is none of that id in the region. Asked together with others' questions. */
export function findDatabase(
  dependencies: Dependencies,
  region: string,
  id: string,
): Promise<DBInstance | undefined> {
  const client = dependencies.aws.rds(region);
  return askAws(
    { doing: 'describe', resource: `database ${id}`, region },
    () => askTogether(client, id, (ids) => describe(client, ids)),
    { notFound: () => undefined },
  );
}

async function describe(client: RDSClient, ids: readonly string[]): Promise<Map<string, DBInstance>> {
  const [only] = ids;
  const wanted = [...new Set(ids)];
  const found: DBInstance[] = [];
  if (wanted.length === 1 && only !== undefined) {
    const reply = await client.send(new DescribeDBInstancesCommand({ DBInstanceIdentifier: only }));
    found.push(...(reply.DBInstances ?? []));
  } else {
    let marker: string | undefined;
    do {
      const reply = await client.send(
        new DescribeDBInstancesCommand({
          Filters: [{ Name: 'db-instance-id', Values: wanted }],
          ...(marker === undefined ? {} : { Marker: marker }),
        }),
      );
      found.push(...(reply.DBInstances ?? []));
      marker = reply.Marker;
    } while (marker !== undefined && marker !== '');
  }
  return new Map(found.map((instance) => [instance.DBInstanceIdentifier ?? '', instance]));
}
