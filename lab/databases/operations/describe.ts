import { filters } from '../../gateway/reply';
import type { AwsCall } from '../../gateway/overlay';
import { needSnapshot, viewInstance } from '../control';
import type { Control } from '../control';
import { faults } from '../faults';
import type { DatabaseInstance } from '../instance';
import { pageOf } from '../page';
import { renderSnapshot } from '../render';
import { parseName, RdsRequest } from '../request';
import type { DatabaseSnapshot } from '../snapshot';

type Filters = Readonly<Record<string, readonly string[]>>;

export async function describeInstances(control: Control, call: AwsCall): Promise<object> {
  const request = new RdsRequest(call);
  const given = request.text('DBInstanceIdentifier');
  let found = control.store.all(request.region);
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
    engine: ['postgres'],
  });
}

export async function describeSnapshots(control: Control, call: AwsCall): Promise<object> {
  const request = new RdsRequest(call);
  const given = request.text('DBSnapshotIdentifier');
  const snapshots =
    given === undefined
      ? control.store.snapshotsIn(request.region, request.account)
      : [needSnapshot(control, request, given)];
  const instance = request.text('DBInstanceIdentifier')?.toLowerCase();
  const resource = request.text('DbiResourceId');
  const type = request.text('SnapshotType') ?? 'manual';
  const wanted = filters(call.parameters);
  const found = snapshots
    .filter((snapshot) => snapshot.region === request.region)
    .filter((snapshot) => instance === undefined || snapshot.instance.id === instance)
    .filter((snapshot) => resource === undefined || snapshot.instanceResourceId === resource)
    .filter((snapshot) => type === 'manual' && matchesSnapshot(snapshot, wanted));
  const page = pageOf(found, { maxRecords: request.number('MaxRecords'), marker: request.text('Marker') });
  const now = control.clock.now();
  return {
    Marker: page.marker,
    DBSnapshots: { DBSnapshot: page.items.map((each) => renderSnapshot(each, now)) },
  };
}

function matchesSnapshot(snapshot: DatabaseSnapshot, wanted: Filters): boolean {
  return matches(wanted, {
    'db-instance-id': [snapshot.instance.id],
    'db-snapshot-id': [snapshot.id],
    'dbi-resource-id': [snapshot.instanceResourceId],
    'snapshot-type': ['manual'],
    engine: ['postgres'],
  });
}

/** @throws AwsFault for a filter that RDS does not have */
function matches(wanted: Filters, values: Filters): boolean {
  return Object.entries(wanted).every(([name, accepted]) => {
    const own = values[name];
    if (own === undefined) throw faults.value(`Unrecognized filter name: ${name}`);
    return own.some((value) => accepted.includes(value));
  });
}
