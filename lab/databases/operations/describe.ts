import { filters } from '../../gateway/reply';
import type { AwsCall } from '../../gateway/overlay';
import { viewInstance } from '../control';
import type { Control } from '../control';
import { faults } from '../faults';
import { needSnapshot } from '../find-snapshot';
import type { DatabaseInstance } from '../instance';
import { matches } from '../matches';
import type { Filters } from '../matches';
import { pageOf } from '../page';
import { renderSnapshot } from '../render-snapshot';
import { parseName, RdsRequest } from '../request';
import type { InstanceSnapshot } from '../snapshot';

export async function describeInstances(control: Control, call: AwsCall): Promise<object> {
  const request = new RdsRequest(call);
  const given = request.text('DBInstanceIdentifier');
  let found = control.store.instances.all(request.region);
  if (given !== undefined) {
    const { region, id } = parseName(given, 'db', request.region);
    found = found.filter((instance) => instance.region === region && instance.id === id);
    if (found.length === 0) throw faults.noInstance(given);
  }
  const wanted = filters(call.parameters);
  const page = pageOf(
    found.filter((instance) => matchesInstance(instance, wanted)),
    { maxRecords: request.number('MaxRecords'), marker: request.text('Marker') },
  );
  const views = await Promise.all(page.items.map((instance) => viewInstance(control, instance)));
  return { Marker: page.marker, DBInstances: { DBInstance: views } };
}

function matchesInstance(instance: DatabaseInstance, wanted: Filters): boolean {
  return matches(wanted, {
    'db-instance-id': [instance.id, instance.arn],
    'dbi-resource-id': [instance.resourceId],
    'db-cluster-id': instance.cluster === undefined ? [] : [instance.cluster.id, instance.cluster.arn],
    engine: [instance.engine],
  });
}

export async function describeSnapshots(control: Control, call: AwsCall): Promise<object> {
  const request = new RdsRequest(call);
  const given = request.text('DBSnapshotIdentifier');
  const snapshots =
    given === undefined
      ? control.store.snapshotsIn('instance', request.region, request.account)
      : [needSnapshot(control, 'instance', request, given)];
  const instance = request.text('DBInstanceIdentifier')?.toLowerCase();
  const resource = request.text('DbiResourceId');
  const type = request.text('SnapshotType') ?? 'manual';
  const wanted = filters(call.parameters);
  const found = snapshots
    .filter((snapshot) => snapshot.region === request.region)
    .filter((snapshot) => instance === undefined || snapshot.origin.id === instance)
    .filter((snapshot) => resource === undefined || snapshot.resourceId === resource)
    .filter((snapshot) => type === 'manual' && matchesSnapshot(snapshot, wanted));
  const page = pageOf(found, { maxRecords: request.number('MaxRecords'), marker: request.text('Marker') });
  const now = control.clock.now();
  return {
    Marker: page.marker,
    DBSnapshots: { DBSnapshot: page.items.map((each) => renderSnapshot(each, now)) },
  };
}

function matchesSnapshot(snapshot: InstanceSnapshot, wanted: Filters): boolean {
  return matches(wanted, {
    'db-instance-id': [snapshot.origin.id],
    'db-snapshot-id': [snapshot.id],
    'dbi-resource-id': [snapshot.resourceId],
    'snapshot-type': ['manual'],
    engine: ['postgres'],
  });
}
