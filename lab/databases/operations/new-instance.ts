import type { DatabaseCluster } from '../cluster';
import { faults } from '../faults';
import { QUOTAS } from '../durations';
import { DatabaseInstance, newResourceId } from '../instance';
import type { InstanceTraits } from '../instance';
import type { Control } from '../control';
import { checkIdentifier } from '../preconditions';

export function defaultParameterGroup(engineVersion: string, family = 'postgres'): string {
  return `default.${family}${engineVersion.split('.')[0] ?? ''}`;
}

/** @throws AwsFault for an identifier that is malformed or in use, and for the quota [A §4, §5.1] */
export function checkNewId(control: Control, region: string, id: string): void {
  checkIdentifier('DBInstanceIdentifier', id, 63);
  if (control.store.instances.isTaken(region, id, control.clock.now())) throw faults.instanceExists();
  if (control.store.instances.all(region).length >= QUOTAS.instances) throw faults.instanceQuota();
}

/** Records an instance in status `creating`, with a server that is not there yet. */
export function addInstance(
  control: Control,
  traits: InstanceTraits,
  cluster?: DatabaseCluster,
): DatabaseInstance {
  const resourceId = newResourceId('db');
  const server = control.servers.make(traits.region, resourceId, cluster);
  const instance = new DatabaseInstance(traits, resourceId, server, control.clock.now(), cluster);
  control.store.instances.add(instance);
  return instance;
}

/** Members that an instance made from another one's data starts with: the rest are the Region's defaults (gap R6). */
export function inheritedTraits(
  from: Readonly<InstanceTraits>,
): Pick<
  InstanceTraits,
  'instanceClass' | 'allocatedStorage' | 'engineVersion' | 'username' | 'databaseName' | 'copyTags'
> {
  const { instanceClass, allocatedStorage, engineVersion, username, databaseName, copyTags } = from;
  return { instanceClass, allocatedStorage, engineVersion, username, databaseName, copyTags };
}
