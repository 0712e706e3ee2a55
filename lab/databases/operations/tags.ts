import type { Control } from '../control';
import { faults } from '../faults';
import { renderTags } from '../render';
import { parseName } from '../request';
import type { RdsRequest } from '../request';
import { SNAPSHOT_ARN_TYPE } from '../snapshot';
import type { SnapshotKind } from '../snapshot';

interface Tagged {
  tags: Readonly<Record<string, string>>;
}

/** Of an instance, a cluster or a snapshot, by ARN; undefined for resources that the emulator keeps (groups). */
export function findTagged(control: Control, request: RdsRequest): Tagged | undefined {
  const arn = request.need('ResourceName');
  switch (arn.split(':')[5]) {
    case 'db': {
      const { region, id } = parseName(arn, 'db', request.region);
      const instance = control.store.instances.get(region, id);
      if (instance === undefined) throw faults.noInstance(arn);
      return instance.traits;
    }
    case 'cluster': {
      const { region, id } = parseName(arn, 'cluster', request.region);
      const cluster = control.store.clusters.get(region, id);
      if (cluster === undefined) throw faults.noCluster(arn);
      return cluster.traits;
    }
    case SNAPSHOT_ARN_TYPE.instance:
      return taggedSnapshot(control, 'instance', request);
    case SNAPSHOT_ARN_TYPE.cluster:
      return taggedSnapshot(control, 'cluster', request);
    default:
      return undefined;
  }
}

function taggedSnapshot(control: Control, kind: SnapshotKind, request: RdsRequest): Tagged {
  const arn = request.need('ResourceName');
  const name = parseName(arn, SNAPSHOT_ARN_TYPE[kind], request.region);
  const snapshot = control.store.snapshot(kind, { account: request.account, ...name });
  if (snapshot === undefined) throw faults.noSnapshot(kind, arn);
  return snapshot;
}

export function addTags(tagged: Tagged, request: RdsRequest): object {
  const tags = { ...tagged.tags, ...request.tags() };
  if (Object.keys(tags).length > 50) throw faults.value('A resource has at most 50 tags.');
  if (Object.keys(request.tags()).some((key) => key.startsWith('aws:'))) {
    throw faults.value('Tag keys that start with aws: are reserved.');
  }
  tagged.tags = tags;
  return {};
}

export function removeTags(tagged: Tagged, request: RdsRequest): object {
  const gone = new Set(request.list('TagKeys'));
  tagged.tags = Object.fromEntries(Object.entries(tagged.tags).filter(([key]) => !gone.has(key)));
  return {};
}

export function listTags(tagged: Tagged): object {
  return { TagList: renderTags(tagged.tags) };
}
