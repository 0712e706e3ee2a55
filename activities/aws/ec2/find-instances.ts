import { DescribeInstancesCommand } from '@aws-sdk/client-ec2';
import type { EC2Client, Filter, Instance } from '@aws-sdk/client-ec2';

import type { Dependencies } from '../../dependencies';
import { askTogether } from '../coalesce';
import { askAws } from '../errors';
import { allPages } from '../pages';

/** The EC2 instance; undefined when EC2 does not know it. Asked together with others' questions. */
export function findInstance(
  dependencies: Dependencies,
  region: string,
  id: string,
): Promise<Instance | undefined> {
  const client = dependencies.aws.ec2(region);
  return askAws(
    { doing: 'describe', resource: `instance ${id}`, region },
    () => askTogether(client, 'instances', id, (ids) => describe(client, ids)),
    { notFound: () => undefined },
  );
}

/** By id when it is one; of several by a filter, for one that is not there would fail the call for all. */
async function describe(client: EC2Client, ids: readonly string[]): Promise<ReadonlyMap<string, Instance>> {
  const which =
    ids.length === 1 ? { InstanceIds: [...ids] } : { Filters: [{ Name: 'instance-id', Values: [...ids] }] };
  const found = await allPages(async (NextToken) => {
    const reply = await client.send(
      new DescribeInstancesCommand({ ...which, ...(NextToken === undefined ? {} : { NextToken }) }),
    );
    return {
      items: reply.Reservations?.flatMap((reservation) => reservation.Instances ?? []),
      next: reply.NextToken,
    };
  });
  return new Map(found.map((instance) => [instance.InstanceId ?? '', instance]));
}

/** Instances by id or filter; an unknown id gives an empty list. */
export async function findInstances(
  dependencies: Dependencies,
  region: string,
  resource: string,
  which: { readonly InstanceIds?: string[]; readonly Filters?: Filter[] },
): Promise<readonly Instance[]> {
  const client = dependencies.aws.ec2(region);
  const found: Instance[] = [];
  let token: string | undefined;
  do {
    const reply = await askAws(
      { doing: 'describe', resource, region },
      () => client.send(new DescribeInstancesCommand({ ...which, ...(token ? { NextToken: token } : {}) })),
      { notFound: () => undefined },
    );
    found.push(...(reply?.Reservations ?? []).flatMap((reservation) => reservation.Instances ?? []));
    token = reply?.NextToken;
  } while (token !== undefined && token !== '');
  return found;
}
