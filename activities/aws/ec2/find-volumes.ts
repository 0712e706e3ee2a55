import { DescribeSnapshotsCommand, DescribeVolumesCommand } from '@aws-sdk/client-ec2';
import type { EC2Client, Filter, Snapshot, Volume } from '@aws-sdk/client-ec2';

import type { Dependencies } from '../../dependencies';
import { askTogether } from '../coalesce';
import { askAws } from '../errors';
import { allPages } from '../pages';

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

/** Volumes that are attached to an EC2 instance. Asked together with others' questions. */
export async function findVolumesOf(
  dependencies: Dependencies,
  region: string,
  instanceId: string,
): Promise<readonly Volume[]> {
  const client = dependencies.aws.ec2(region);
  const found = await askAws({ doing: 'describe', resource: `volumes of ${instanceId}`, region }, () =>
    askTogether(client, 'volumes of instances', instanceId, (ids) => describeAttached(client, ids)),
  );
  return found ?? [];
}

async function describeAttached(
  client: EC2Client,
  ids: readonly string[],
): Promise<ReadonlyMap<string, readonly Volume[]>> {
  const volumes = await allPages(async (NextToken) => {
    const reply = await client.send(
      new DescribeVolumesCommand({
        Filters: [{ Name: 'attachment.instance-id', Values: [...ids] }],
        ...(NextToken === undefined ? {} : { NextToken }),
      }),
    );
    return { items: reply.Volumes, next: reply.NextToken };
  });
  return new Map(
    ids.map((id) => [
      id,
      volumes.filter(({ Attachments = [] }) => Attachments.some((one) => one.InstanceId === id)),
    ]),
  );
}

/** The snapshot; undefined when EC2 does not know it. Asked together with others' questions. */
export function findSnapshot(
  dependencies: Dependencies,
  region: string,
  id: string,
): Promise<Snapshot | undefined> {
  const client = dependencies.aws.ec2(region);
  return askAws(
    { doing: 'describe', resource: `snapshot ${id}`, region },
    () => askTogether(client, 'snapshots', id, (ids) => describeSnapshots(client, ids)),
    { notFound: () => undefined },
  );
}

/** By id when it is one; of several by a filter, for one that is not there would fail the call for all. */
async function describeSnapshots(
  client: EC2Client,
  ids: readonly string[],
): Promise<ReadonlyMap<string, Snapshot>> {
  const which =
    ids.length === 1 ? { SnapshotIds: [...ids] } : { Filters: [{ Name: 'snapshot-id', Values: [...ids] }] };
  const found = await allPages(async (NextToken) => {
    const reply = await client.send(
      new DescribeSnapshotsCommand({ ...which, ...(NextToken === undefined ? {} : { NextToken }) }),
    );
    return { items: reply.Snapshots, next: reply.NextToken };
  });
  return new Map(found.map((snapshot) => [snapshot.SnapshotId ?? '', snapshot]));
}
