import { DescribeInstancesCommand } from '@aws-sdk/client-ec2';
import type { Filter, Instance } from '@aws-sdk/client-ec2';

import type { Dependencies } from '../../dependencies';
import { askAws } from '../errors';

/** The EC2 instance; undefined when EC2 does not know it. */
export async function findInstance(
  dependencies: Dependencies,
  region: string,
  id: string,
): Promise<Instance | undefined> {
  const [instance] = await findInstances(dependencies, region, `instance ${id}`, { InstanceIds: [id] });
  return instance;
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
