import type { DatabaseInstance } from './instance';
import type { DatabaseSnapshot } from './snapshot';

type SnapshotName = Pick<DatabaseSnapshot, 'region' | 'account' | 'id'>;

/** Everything that the emulated RDS has, in all regions. Identifiers are kept in lower case, as RDS does. */
export class Store {
  private readonly instances = new Map<string, DatabaseInstance>();
  private readonly snapshots = new Map<string, DatabaseSnapshot>();
  /** Identifiers freed by a rename, and until when they are refused (virtual epoch ms). */
  private readonly freed = new Map<string, number>();

  addInstance(instance: DatabaseInstance): void {
    this.instances.set(key(instance.region, instance.id), instance);
  }

  removeInstance(instance: DatabaseInstance): void {
    this.instances.delete(key(instance.region, instance.id));
  }

  rename(instance: DatabaseInstance, id: string, refusedUntil: number): void {
    this.removeInstance(instance);
    this.freed.set(key(instance.region, instance.id), refusedUntil);
    instance.traits.id = id;
    this.addInstance(instance);
  }

  instance(region: string, id: string): DatabaseInstance | undefined {
    return this.instances.get(key(region, id));
  }

  byResourceId(resourceId: string): DatabaseInstance | undefined {
    return this.all().find((instance) => instance.resourceId === resourceId);
  }

  isTaken(region: string, id: string, now: number): boolean {
    return this.instance(region, id) !== undefined || (this.freed.get(key(region, id)) ?? 0) > now;
  }

  all(region?: string): readonly DatabaseInstance[] {
    const all = [...this.instances.values()];
    return region === undefined ? all : all.filter((instance) => instance.region === region);
  }

  /** Replicas that RDS lists with this instance: those whose replication was not terminated. */
  replicasOf(source: DatabaseInstance): readonly DatabaseInstance[] {
    return this.all().filter((each) => !each.sourceGone && each.source?.resourceId === source.resourceId);
  }

  addSnapshot(snapshot: DatabaseSnapshot): void {
    this.snapshots.set(snapshotKey(snapshot), snapshot);
  }

  removeSnapshot(snapshot: DatabaseSnapshot): void {
    this.snapshots.delete(snapshotKey(snapshot));
  }

  snapshot(name: SnapshotName): DatabaseSnapshot | undefined {
    return this.snapshots.get(snapshotKey(name));
  }

  snapshotsIn(region: string, account: string): readonly DatabaseSnapshot[] {
    return [...this.snapshots.values()].filter((one) => one.region === region && one.account === account);
  }
}

/** Accounts do not share their names. */
function snapshotKey({ region, account, id }: SnapshotName): string {
  return `${account}/${key(region, id)}`;
}

function key(region: string, id: string): string {
  return `${region}/${id.toLowerCase()}`;
}
