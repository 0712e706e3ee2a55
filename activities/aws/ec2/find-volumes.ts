import { DescribeSnapshotsCommand, DescribeVolumesCommand } from '@aws-sdk/client-ec2';
import type { Filter, Snapshot, Volume } from '@aws-sdk/client-ec2';

import type { Dependencies } from '../../dependencies';
import { askAws } from '../errors';

/** The volume; undefined when EC2 does not know it. */
export async function findVolume(
  dependencies: Dependencies,
  region: string,
  id: string,
): Promise<Volume | undefined> {
  const [volume] = await findVolumes(dependencies, region, `volume ${id}`, { VolumeIds: [id] });
  return volume;
}

export async function findVolumes(
  dependencies: Dependencies,
  region: string,
  resource: string,
  which: { readonly VolumeIds?: string[]; readonly Filters?: Filter[] },
): Promise<readonly Volume[]> {
  const client = dependencies.aws.ec2(region);
  const found: Volume[] = [];
  let token: string | undefined;
  do {
    const reply = await askAws(
      { doing: 'describe', resource, region },
      () => client.send(new DescribeVolumesCommand({ ...which, ...(token ? { NextToken: token } : {}) })),
      { notFound: () => undefined },
    );
    found.push(...(reply?.Volumes ?? []));
    token = reply?.NextToken;
  } while (token !== undefined && token !== '');
  return found;
}

/** The snapshot; undefined when EC2 does not know it. */
export async function findSnapshot(
  dependencies: Dependencies,
  region: string,
  id: string,
): Promise<Snapshot | undefined> {
  const reply = await askAws(
    { doing: 'describe', resource: `snapshot ${id}`, region },
    () => dependencies.aws.ec2(region).send(new DescribeSnapshotsCommand({ SnapshotIds: [id] })),
    { notFound: () => undefined },
  );
  return reply?.Snapshots?.[0];
}
