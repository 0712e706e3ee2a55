import type { Control } from '../control';
import { faults } from '../faults';
import { renderTags } from '../render';
import { parseName } from '../request';
import type { RdsRequest } from '../request';

interface Tagged {
  tags: Readonly<Record<string, string>>;
}

/** An instance's or snapshot's tags by ARN; undefined for resources that the emulator keeps (groups). */
export function findTagged(control: Control, request: RdsRequest): Tagged | undefined {
  const arn = request.need('ResourceName');
  const kind = arn.split(':')[5];
  if (kind === 'db') {
    const { region, id } = parseName(arn, 'db', request.region);
    const instance = control.store.instance(region, id);
    if (instance === undefined) throw faults.noInstance(arn);
    return instance.traits;
  }
  if (kind === 'snapshot') {
    const snapshot = control.store.snapshot({
      account: request.account,
      ...parseName(arn, 'snapshot', request.region),
    });
    if (snapshot === undefined) throw faults.noSnapshot(arn);
    return snapshot;
  }
  return undefined;
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
