import { DescribeDBInstancesCommand } from '@aws-sdk/client-rds';
import type { DBInstance } from '@aws-sdk/client-rds';

import type { Dependencies } from '../../dependencies';
import { findById } from './find-by-id';
import type { Describable } from './find-by-id';

const DATABASES: Describable<DBInstance> = {
  noun: 'database',
  parameter: 'DBInstanceIdentifier',
  filter: 'db-instance-id',
  idOf: (instance) => instance.DBInstanceIdentifier,
  page: async (client, which) => {
    const reply = await client.send(new DescribeDBInstancesCommand(which));
    return { items: reply.DBInstances, next: reply.Marker };
  },
};

/** The DB instance; undefined when there is none of that id in the region. Asked together with others' questions. */
export function findDatabase(
  dependencies: Dependencies,
  region: string,
  id: string,
): Promise<DBInstance | undefined> {
  return findById(dependencies, DATABASES, region, id);
}
