import { findGroup } from '../aws/auto-scaling/group';
import type { GroupName } from '../aws/auto-scaling/group';
import type { Node } from '../aws/auto-scaling/node-views';
import { findInstances } from '../aws/ec2/find-instances';
import type { Dependencies } from '../dependencies';

/** The instances of the group that are InService, with their private addresses. */
export async function findNodes(dependencies: Dependencies, name: GroupName): Promise<readonly Node[]> {
  const group = await findGroup(dependencies, name);
  const ids = (group?.Instances ?? [])
    .filter((one) => one.LifecycleState === 'InService')
    .flatMap((one) => one.InstanceId ?? []);
  if (ids.length === 0) return [];
  const instances = await findInstances(dependencies, name.region, `nodes of ${name.autoScalingGroup}`, {
    InstanceIds: ids,
  });
  return instances.flatMap(({ InstanceId: id, PrivateIpAddress: address }) =>
    id === undefined || address === undefined ? [] : [{ id, address }],
  );
}
