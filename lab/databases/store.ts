import type { DatabaseCluster } from './cluster';
import type { DatabaseInstance } from './instance';
import { nameKey, NamedResources } from './named';
import type { DatabaseSnapshot, SnapshotKind, SnapshotOf } from './snapshot';

type SnapshotName = Pick<DatabaseSnapshot, 'region' | 'account' | 'id'>;

/** Everything that the emulated RDS has, in all regions. */
export class Store {
  readonly instances = new NamedResources<DatabaseInstance>();
  readonly clusters = new NamedResources<DatabaseCluster>();
  private readonly snapshots = new Map<string, DatabaseSnapshot>();

  byResourceId(resourceId: string): DatabaseInstance | undefined {
    return this.instances.all().find((instance) => instance.resourceId === resourceId);
  }

  /** Replicas that RDS lists with this instance: those whose replication was not terminated. */
  replicasOf(source: DatabaseInstance): readonly DatabaseInstance[] {
    return this.instances
      .all()
      .filter((each) => !each.sourceGone && each.source?.resourceId === source.resourceId);
  }

  /** The one instance of a cluster, also while it is being made or deleted. */
  writerOf(cluster: DatabaseCluster): DatabaseInstance | undefined {
    return this.instances.all(cluster.region).find((instance) => instance.cluster === cluster);
  }

  addSnapshot(snapshot: DatabaseSnapshot): void {
    this.snapshots.set(snapshotKey(snapshot.kind, snapshot), snapshot);
  }

  removeSnapshot(snapshot: DatabaseSnapshot): void {
    this.snapshots.delete(snapshotKey(snapshot.kind, snapshot));
  }

  snapshot<K extends SnapshotKind>(kind: K, name: SnapshotName): SnapshotOf<K> | undefined {
    const found = this.snapshots.get(snapshotKey(kind, name));
    return found !== undefined && isOf(kind, found) ? found : undefined;
  }

  snapshotsIn<K extends SnapshotKind>(kind: K, region: string, account: string): readonly SnapshotOf<K>[] {
    return [...this.snapshots.values()]
      .filter((one): one is SnapshotOf<K> => isOf(kind, one))
      .filter((one) => one.region === region && one.account === account);
  }
}

function isOf<K extends SnapshotKind>(kind: K, snapshot: DatabaseSnapshot): snapshot is SnapshotOf<K> {
  return snapshot.kind === kind;
}

/** Neither accounts nor kinds share their names. */
function snapshotKey(kind: SnapshotKind, { region, account, id }: SnapshotName): string {
  return `${kind}/${account}/${nameKey(region, id)}`;
}
