import { AwsFault } from '../gateway/overlay';
import type { AwsCall, Handler, Overlay } from '../gateway/overlay';
import {
  children,
  ec2Reply,
  filters,
  listMembers,
  parameter,
  parseXml,
  passes,
  text,
  withoutFilters,
  withoutMembers,
} from '../gateway/reply';
import type { XmlNode } from '../gateway/reply';
import { REGIONS } from '../world/network';
import type { ComputeContext } from './context';
import type { Snapshot, Snapshots } from './snapshots';

const MAX_PENDING_PER_VOLUME = 5;
const SPACING_SECONDS = 15;
const MAX_COPIES_PER_REGION = 20;
const SNAPSHOT_ID = /^snap-(?!0+$)[0-9a-f]{8,17}$/;

/** EBS snapshots: quotas, asynchronous copies, repaired descriptions [A §3.1, §3.2, gaps E1 to E3 and E7]. */
export function snapshotOverlay(context: ComputeContext, snapshots: Snapshots): Overlay {
  const create: Handler = async (call, forward) => {
    const volumeId = parameter(call.parameters, 'VolumeId') ?? '';
    checkQuotas(snapshots, volumeId);
    const reply = await forward();
    if (reply.status >= 400) return reply;
    const content = parseXml(reply.body);
    await take(snapshots, call, content);
    const startTime = snapshots.startTime(content);
    return ec2Reply(call, { ...content, startTime, status: 'pending', progress: '' });
  };

  const createMany: Handler = async (call) => {
    const instanceId = parameter(call.parameters, 'InstanceSpecification.InstanceId') ?? '';
    const volumes = await volumesOf(context, call, instanceId);
    for (const volume of volumes) checkQuotas(snapshots, text(volume, 'volumeId'));
    const tags = withPrefix(call.parameters, 'TagSpecification');
    const copied = parameter(call.parameters, 'CopyTagsFromSource') === 'volume';
    const items: object[] = [];
    for (const volume of volumes) {
      const content = await context.emulator.query(ec2(call), 'CreateSnapshot', {
        VolumeId: text(volume, 'volumeId'),
        Description: parameter(call.parameters, 'Description') ?? '',
        ...tags,
      });
      await take(snapshots, call, content);
      if (copied) await copyTags(context, call, volume, content);
      const { status: _status, ...rest } = content;
      items.push({ ...rest, startTime: snapshots.startTime(content), state: 'pending', progress: '' });
    }
    return ec2Reply(call, { snapshotSet: { item: items } });
  };

  const copy: Handler = async (call, forward) => {
    const sourceId = parameter(call.parameters, 'SourceSnapshotId') ?? '';
    const sourceRegion = checkCopy(call, sourceId);
    if (snapshots.copiesInto(call.region, call.account) >= MAX_COPIES_PER_REGION) {
      const message = `You have reached the limit of ${MAX_COPIES_PER_REGION} concurrent snapshot copies.`;
      throw new AwsFault('ResourceLimitExceeded', message);
    }
    const source = snapshots.findFor(call.account, sourceId, sourceRegion);
    const kmsKeyId = parameter(call.parameters, 'KmsKeyId');
    const encrypted = parameter(call.parameters, 'Encrypted') === 'true' || kmsKeyId !== undefined;
    let content: XmlNode;
    // The emulator copies what is of the same account.
    if (source?.account === call.account) {
      const reply = await forward(withoutMembers(call.parameters, 'PresignedUrl'));
      if (reply.status >= 400) return reply;
      content = parseXml(reply.body);
    } else content = await placeholder(context, call, source);
    snapshots.copy({
      snapshotId: text(content, 'snapshotId'),
      region: call.region,
      account: call.account,
      sourceId,
      sourceRegion,
      encrypted: encrypted || source?.encryption.encrypted === true,
      ...(kmsKeyId === undefined ? {} : { kmsKeyId }),
    });
    return ec2Reply(call, { snapshotId: content.snapshotId, tagSet: content.tagSet });
  };

  const describe: Handler = async (call, forward) => {
    const own = listMembers(call.parameters, 'Owner').includes('self');
    const without = withoutFilters(call.parameters, ['status', 'volume-id', 'owner-id', 'owner-alias']);
    const asked = withoutMembers(without, 'Owner', 'MaxResults', 'NextToken', 'RestorableBy');
    const wanted = filters(call.parameters);
    const owners = own ? [call.account] : wanted['owner-id'];
    const reply = await forward(owners === undefined ? asked : withOwners(asked, owners));
    if (reply.status >= 400) return reply;
    const items = children(parseXml(reply.body), 'snapshotSet', 'item')
      .map((item) => snapshots.repair(item))
      .filter((item) => passes(wanted.status, text(item, 'status')))
      .filter((item) => passes(wanted['volume-id'], text(item, 'volumeId')));
    return ec2Reply(call, page(items, call));
  };

  const modifyAttribute: Handler = async (call, forward) => {
    const reply = await forward();
    const snapshot = snapshots.get(parameter(call.parameters, 'SnapshotId') ?? '');
    if (reply.status >= 400 || snapshot === undefined) return reply;
    const adding = parameter(call.parameters, 'OperationType') !== 'remove';
    for (const account of listMembers(call.parameters, 'UserId'))
      if (adding) snapshot.sharedWith.add(account);
      else snapshot.sharedWith.delete(account);
    return reply;
  };

  const remove: Handler = async (call, forward) => {
    const reply = await forward();
    if (reply.status < 400) await snapshots.remove(parameter(call.parameters, 'SnapshotId') ?? '');
    return reply;
  };

  return {
    service: 'ec2',
    handlers: {
      CreateSnapshot: create,
      CreateSnapshots: createMany,
      CopySnapshot: copy,
      DescribeSnapshots: describe,
      DeleteSnapshot: remove,
      ModifySnapshotAttribute: modifyAttribute,
    },
  };
}

async function take(snapshots: Snapshots, call: AwsCall, content: XmlNode): Promise<void> {
  const encryption = { encrypted: text(content, 'encrypted') === 'true' };
  await snapshots.take({
    ...{ region: call.region, account: call.account, encryption },
    snapshotId: text(content, 'snapshotId'),
    volumeId: text(content, 'volumeId'),
  });
}

function checkQuotas(snapshots: Snapshots, volumeId: string): void {
  if (snapshots.pendingOf(volumeId).length >= MAX_PENDING_PER_VOLUME) {
    const message = `Maximum concurrent snapshots (${MAX_PENDING_PER_VOLUME}) for ${volumeId} reached.`;
    throw new AwsFault('ConcurrentSnapshotLimitExceeded', message);
  }
  if (snapshots.spacing(volumeId) < SPACING_SECONDS) {
    const message = `The maximum per volume CreateSnapshot request rate has been exceeded for ${volumeId}. Wait ${SPACING_SECONDS} seconds.`;
    throw new AwsFault('SnapshotCreationPerVolumeRateExceeded', message);
  }
}

/** What AWS refuses at once; everything else is accepted and fails later [A §3.1]. @returns source region */
function checkCopy(call: AwsCall, sourceId: string): string {
  const sourceRegion = parameter(call.parameters, 'SourceRegion');
  if (sourceRegion === undefined) throw new AwsFault('InternalError', 'An internal error has occurred', 500);
  if (!Object.values<string>(REGIONS).includes(sourceRegion))
    throw new AwsFault('InvalidRegion', `The region '${sourceRegion}' does not exist`);
  if (!SNAPSHOT_ID.test(sourceId))
    throw new AwsFault('InvalidParameterValue', `Invalid id: '${sourceId}' for sourceSnapshotId`);
  const destination = parameter(call.parameters, 'DestinationRegion') ?? call.region;
  if (destination !== call.region)
    throw new AwsFault('InvalidParameterValue', `destinationRegion must be ${call.region}`);
  const minutes = Number(parameter(call.parameters, 'CompletionDurationMinutes') ?? 15);
  if (minutes % 15 !== 0 || minutes < 15 || minutes > 2880)
    throw new AwsFault('InvalidParameterValue', `Invalid completionDurationMinutes: ${minutes}`);
  return sourceRegion;
}

/**
 * A row of the emulator for a copy that is accepted although it will fail, or whose source is of another account: the
 * emulator would refuse it at once.
 */
async function placeholder(
  context: ComputeContext,
  call: AwsCall,
  source: Snapshot | undefined,
): Promise<XmlNode> {
  const volume = await context.emulator.query(ec2(call), 'CreateVolume', {
    AvailabilityZone: `${call.region}a`,
    Size: source === undefined ? '1' : await sizeOf(context, source),
  });
  const VolumeId = text(volume, 'volumeId');
  const tags = withPrefix(call.parameters, 'TagSpecification');
  const content = await context.emulator.query(ec2(call), 'CreateSnapshot', { VolumeId, ...tags });
  await context.emulator.query(ec2(call), 'DeleteVolume', { VolumeId });
  return content;
}

/** In GiB. */
async function sizeOf(context: ComputeContext, { snapshotId, region, account }: Snapshot): Promise<string> {
  const target = { service: 'ec2', region, account };
  const found = await context.emulator.query(target, 'DescribeSnapshots', { 'SnapshotId.1': snapshotId });
  const [snapshot] = children(found, 'snapshotSet', 'item');
  return snapshot === undefined ? '1' : text(snapshot, 'volumeSize');
}

async function volumesOf(
  context: ComputeContext,
  call: AwsCall,
  instanceId: string,
): Promise<readonly XmlNode[]> {
  const described = await context.emulator.query(ec2(call), 'DescribeInstances', {
    'InstanceId.1': instanceId,
  });
  const [instance] = children(described, 'reservationSet', 'item', 'instancesSet', 'item');
  const root = instance === undefined ? '' : text(instance, 'rootDeviceName');
  const withoutRoot = parameter(call.parameters, 'InstanceSpecification.ExcludeBootVolume') === 'true';
  const excluded = listMembers(call.parameters, 'InstanceSpecification.ExcludeDataVolumeId');
  const found = await context.emulator.query(ec2(call), 'DescribeVolumes', {
    'Filter.1.Name': 'attachment.instance-id',
    'Filter.1.Value.1': instanceId,
  });
  return children(found, 'volumeSet', 'item').filter((volume) => {
    const isRoot = children(volume, 'attachmentSet', 'item').some((each) => text(each, 'device') === root);
    return !(isRoot && withoutRoot) && !excluded.includes(text(volume, 'volumeId'));
  });
}

async function copyTags(context: ComputeContext, call: AwsCall, from: XmlNode, to: XmlNode): Promise<void> {
  const tags = children(from, 'tagSet', 'item').filter((tag) => !text(tag, 'key').startsWith('aws:'));
  if (tags.length === 0) return;
  const members = tags.flatMap((tag, index) => [
    [`Tag.${index + 1}.Key`, text(tag, 'key')] as const,
    [`Tag.${index + 1}.Value`, text(tag, 'value')] as const,
  ]);
  await context.emulator.query(ec2(call), 'CreateTags', {
    'ResourceId.1': text(to, 'snapshotId'),
    ...Object.fromEntries(members),
  });
}

function withOwners(
  parameters: Readonly<Record<string, unknown>>,
  owners: readonly string[],
): Readonly<Record<string, unknown>> {
  const number = Object.keys(filters(parameters)).length + 1;
  const values = owners.map((owner, index) => [`Filter.${number}.Value.${index + 1}`, owner] as const);
  return { ...parameters, [`Filter.${number}.Name`]: 'owner-id', ...Object.fromEntries(values) };
}

function page(items: readonly XmlNode[], call: AwsCall): object {
  const size = Number(parameter(call.parameters, 'MaxResults') ?? items.length);
  const from = Number(parameter(call.parameters, 'NextToken') ?? 0);
  const next = from + size < items.length ? String(from + size) : undefined;
  return { snapshotSet: { item: items.slice(from, from + size) }, nextToken: next };
}

function withPrefix(
  parameters: Readonly<Record<string, unknown>>,
  prefix: string,
): Readonly<Record<string, string>> {
  const kept = Object.entries(parameters).filter(([name]) => name.startsWith(`${prefix}.`));
  return Object.fromEntries(kept.map(([name, value]) => [name, String(value)]));
}

function ec2(call: AwsCall): { readonly service: string; readonly region: string; readonly account: string } {
  return { service: 'ec2', region: call.region, account: call.account };
}
