import { PRIMARY } from './rds-lab';
import type { RdsLab } from './rds-lab';

/** A cluster whose writer holds one push. */
export async function establishPushes(lab: RdsLab): Promise<void> {
  await lab.establishCluster();
  await lab.sql(PRIMARY, 'db-a', 'create table push (id int primary key)');
  await lab.sql(PRIMARY, 'db-a', 'insert into push values (1)');
}

/** How many pushes a database holds. */
export async function countPushes(lab: RdsLab, region: string, id: string): Promise<unknown> {
  return (await lab.sql(region, id, 'select count(*)::int as n from push'))[0]?.n;
}
