import { filters } from '../../../gateway/reply';
import type { AwsCall } from '../../../gateway/overlay';
import { AURORA } from '../../cluster';
import { needCluster, viewCluster } from '../../control';
import type { Control } from '../../control';
import { needSnapshot } from '../../find-snapshot';
import { matches } from '../../matches';
import { pageOf } from '../../page';
import { renderSnapshot } from '../../render-snapshot';
import { RdsRequest } from '../../request';

export async function describeClusters(control: Control, call: AwsCall): Promise<object> {
  const request = new RdsRequest(call);
  const named = request.text('DBClusterIdentifier') !== undefined;
  const all = named ? [needCluster(control, request)] : control.store.clusters.all(request.region);
  const wanted = filters(call.parameters);
  const found = all.filter((cluster) =>
    matches(wanted, {
      'db-cluster-id': [cluster.id, cluster.arn],
      'db-cluster-resource-id': [cluster.resourceId],
      engine: [AURORA],
    }),
  );
  const page = pageOf(found, { maxRecords: request.number('MaxRecords'), marker: request.text('Marker') });
  return {
    Marker: page.marker,
    DBClusters: { DBCluster: page.items.map((cluster) => viewCluster(control, cluster)) },
  };
}

export async function describeClusterSnapshots(control: Control, call: AwsCall): Promise<object> {
  const request = new RdsRequest(call);
  const given = request.text('DBClusterSnapshotIdentifier');
  const snapshots =
    given === undefined
      ? control.store.snapshotsIn('cluster', request.region, request.account)
      : [needSnapshot(control, 'cluster', request, given)];
  const cluster = request.text('DBClusterIdentifier')?.toLowerCase();
  const resource = request.text('DbClusterResourceId');
  const type = request.text('SnapshotType') ?? 'manual';
  const wanted = filters(call.parameters);
  const found = snapshots
    .filter((snapshot) => snapshot.region === request.region)
    .filter((snapshot) => cluster === undefined || snapshot.origin.id === cluster)
    .filter((snapshot) => resource === undefined || snapshot.resourceId === resource)
    .filter(({ id, origin }) =>
      matches(wanted, {
        'db-cluster-id': [origin.id],
        'db-cluster-snapshot-id': [id],
        'snapshot-type': ['manual'],
        engine: [AURORA],
      }),
    )
    .filter(() => type === 'manual');
  const page = pageOf(found, { maxRecords: request.number('MaxRecords'), marker: request.text('Marker') });
  const now = control.clock.now();
  return {
    Marker: page.marker,
    DBClusterSnapshots: { DBClusterSnapshot: page.items.map((each) => renderSnapshot(each, now)) },
  };
}
