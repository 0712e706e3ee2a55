import type { Instance } from '../plan/instance';
import type { Settings } from '../plan/settings';
import type { Run } from '../runbook/run';
import type { ConfiguredDatabase } from '../steps/database';

/** What people have to look at where users were not kept waiting until the database was Multi-AZ. */
export function tellSecondInstance<Input>(
  run: Run<Input, Instance, Settings>,
  databaseId: string,
  { multiAzFollows }: ConfiguredDatabase,
): void {
  if (multiAzFollows !== true) return;
  run.followUp(
    `Look that ${databaseId} has become Multi-AZ: RDS was still setting up its second instance when the service was brought up.`,
  );
}
