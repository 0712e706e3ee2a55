import type { Stack } from '@aws-sdk/client-cloudformation';

import type { Site } from '../../../workflows/plan/instance';
import type { LiveDatabase } from '../../../workflows/steps/verify';

/**
 * The databases of the service whose endpoint stands in a parameter of a stack, also within a URL: a node of that stack
 * would come up on them. What is hidden (`NoEcho`), and a name of one's own for an endpoint, is not seen.
 */
export function liveDatabasesIn(
  { Parameters = [] }: Pick<Stack, 'Parameters'>,
  sites: readonly Pick<Site, 'name' | 'region' | 'database'>[],
): readonly LiveDatabase[] {
  return Parameters.flatMap(({ ParameterKey: parameter = '?', ParameterValue, ResolvedValue }) =>
    sites.flatMap(({ name, region, database: { id, cluster } }) =>
      [id, ...(cluster === undefined ? [] : [cluster])]
        .filter((one) => isEndpointIn(`${ParameterValue ?? ''} ${ResolvedValue ?? ''}`, one, region))
        .map((database) => ({ parameter, database, site: name })),
    ),
  );
}

/** `<id>.<of the account>.<region>.rds.amazonaws.com`; that of a cluster says `cluster-` before the account's part. */
function isEndpointIn(value: string, id: string, region: string): boolean {
  const [name, where] = [id, region].map((one) => one.replace(/[^a-z0-9-]/gi, '\\$&'));
  return new RegExp(`(^|[^a-z0-9.-])${name}\\.[a-z0-9-]+\\.${where}\\.rds\\.amazonaws\\.com`, 'i').test(
    value,
  );
}
