import { AwsFault } from '../gateway/overlay';
import type { AwsCall, AwsReply, Handler, Overlay } from '../gateway/overlay';
import {
  children,
  ec2Reply,
  filters,
  parameter,
  parseXml,
  passes,
  text,
  withoutFilters,
} from '../gateway/reply';
import type { XmlNode } from '../gateway/reply';
import type { ClientTokens } from './client-tokens';
import { timestamp } from './context';
import type { ComputeContext } from './context';
import type { Instances } from './instances';
import type { Snapshots } from './snapshots';
import type { Attachment, Volumes } from './volumes';

/** EBS volumes: preconditions, states over virtual time, real bytes [A §3.1, §4, gaps E4 to E6 and E8]. */
export function volumeOverlay(
  context: ComputeContext,
  volumes: Volumes,
  snapshots: Snapshots,
  instances: Instances,
  tokens: ClientTokens,
): Overlay {
  const create: Handler = async (call, forward) => {
    const snapshotId = parameter(call.parameters, 'SnapshotId');
    const parameters = snapshotId === undefined ? call.parameters : await sized(context, call, snapshotId);
    if (snapshotId !== undefined) snapshots.requireCompleted(snapshotId);
    const reply = await forward(parameters);
    if (reply.status >= 400) return reply;
    const content = parseXml(reply.body);
    await volumes.create(call, text(content, 'volumeId'), snapshotId);
    return ec2Reply(call, { ...content, ...(snapshotId && { snapshotId }), status: 'creating' });
  };

  const describe: Handler = async (call, forward) => {
    const reply = await forward(withoutFilters(call.parameters, ['status', 'attachment.status']));
    if (reply.status >= 400) return reply;
    const wanted = filters(call.parameters);
    const content = parseXml(reply.body);
    const items = children(content, 'volumeSet', 'item')
      .map((item) => volumes.repair(item))
      .filter((item) => passes(wanted.status, text(item, 'status')))
      .filter(
        (item) =>
          wanted['attachment.status'] === undefined ||
          children(item, 'attachmentSet', 'item').some((each) =>
            passes(wanted['attachment.status'], text(each, 'status')),
          ),
      );
    return ec2Reply(call, { ...content, volumeSet: { item: items } });
  };

  const attach: Handler = async (call, forward) => {
    const volumeId = parameter(call.parameters, 'VolumeId') ?? '';
    const instanceId = parameter(call.parameters, 'InstanceId') ?? '';
    const device = parameter(call.parameters, 'Device') ?? '';
    const volume = await findVolume(context, call, volumeId);
    const instance = await findInstance(context, call, instanceId);
    requireAttachable(volumes, volume);
    if (text(volume, 'availabilityZone') !== text(instance, 'placement', 'availabilityZone')) {
      const message = `The volume '${volumeId}' is not in the same availability zone as instance '${instanceId}'`;
      throw new AwsFault('InvalidVolume.ZoneMismatch', message);
    }
    const state = instances.stateOf(instanceId);
    if (state !== undefined && state !== 'running' && state !== 'stopped')
      throw new AwsFault('IncorrectState', `Instance '${instanceId}' is '${state}'.`);
    if (volumes.deviceUser(instanceId, device) !== undefined || usesDevice(instance, device)) {
      const message = `Invalid value '${device}' for unixDevice. Attachment point ${device} is already in use`;
      throw new AwsFault('InvalidParameterValue', message);
    }
    // Claimed before the emulator is asked, so that of two calls at once only one goes through.
    const target = { region: call.region, account: call.account, volumeId, instanceId, device };
    const attachment = volumes.attach(target);
    const reply = await forward();
    if (reply.status < 400) return attachmentReply(call, attachment, 'attaching');
    volumes.forget(attachment);
    return reply;
  };

  const detach: Handler = async (call) => {
    const volumeId = parameter(call.parameters, 'VolumeId') ?? '';
    const volume = await findVolume(context, call, volumeId);
    const attachment = volumes.attachmentOf(volumeId);
    if (attachment === undefined) refuseRoot(volume);
    if (attachment === undefined) {
      const message = `Volume '${volumeId}' is in the '${text(volume, 'status')}' state.`;
      throw new AwsFault('IncorrectState', message);
    }
    const given = parameter(call.parameters, 'InstanceId') ?? attachment.instanceId;
    const device = parameter(call.parameters, 'Device') ?? attachment.device;
    if (given !== attachment.instanceId || device !== attachment.device) {
      const message = `The volume '${volumeId}' is not attached to instance '${given}' as device '${device}'.`;
      throw new AwsFault('InvalidAttachment.NotFound', message);
    }
    if (attachment.state === 'attaching' || attachment.state === 'detaching') {
      const message = `Volume '${volumeId}' is being changed: its attachment is '${attachment.state}'.`;
      throw new AwsFault('IncorrectState', message);
    }
    if (attachment.state === 'attached')
      volumes.detach(attachment, parameter(call.parameters, 'Force') === 'true');
    return attachmentReply(call, attachment, 'detaching');
  };

  const remove: Handler = async (call, forward) => {
    const volumeId = parameter(call.parameters, 'VolumeId') ?? '';
    const volume = await findVolume(context, call, volumeId);
    if (!volumes.hasFailed(volumeId)) requireAttachable(volumes, volume);
    const reply = await forward();
    if (reply.status < 400) await volumes.remove(volumeId);
    return reply;
  };

  const describeStatus: Handler = async (call) => {
    const found = await context.emulator.query(ec2(call), 'DescribeVolumes', volumeIds(call));
    const items = children(found, 'volumeSet', 'item').map((volume) => ({
      volumeId: volume.volumeId,
      availabilityZone: volume.availabilityZone,
      volumeStatus: {
        status: 'ok',
        details: { item: { name: 'io-enabled', status: 'passed' } },
      },
    }));
    return ec2Reply(call, { volumeStatusSet: { item: items } });
  };

  return {
    service: 'ec2',
    handlers: {
      CreateVolume: tokens.once(create, ({ body }) => volumes.isRemoved(text(parseXml(body), 'volumeId'))),
      DescribeVolumes: describe,
      DescribeVolumeStatus: describeStatus,
      AttachVolume: attach,
      DetachVolume: detach,
      DeleteVolume: remove,
    },
  };
}

/** A volume is never smaller than its snapshot, whatever size was asked for [A gap E4]. */
async function sized(
  context: ComputeContext,
  call: AwsCall,
  snapshotId: string,
): Promise<Readonly<Record<string, unknown>>> {
  const found = await context.emulator.query(ec2(call), 'DescribeSnapshots', { 'SnapshotId.1': snapshotId });
  const [snapshot] = children(found, 'snapshotSet', 'item');
  const least = Number(snapshot === undefined ? 0 : text(snapshot, 'volumeSize'));
  const asked = Number(parameter(call.parameters, 'Size') ?? 0);
  return { ...call.parameters, Size: String(Math.max(least, asked)) };
}

async function findVolume(context: ComputeContext, call: AwsCall, volumeId: string): Promise<XmlNode> {
  const found = await context.emulator.query(ec2(call), 'DescribeVolumes', { 'VolumeId.1': volumeId });
  const [volume] = children(found, 'volumeSet', 'item');
  if (volume === undefined)
    throw new AwsFault('InvalidVolume.NotFound', `The volume '${volumeId}' does not exist.`);
  return volume;
}

async function findInstance(context: ComputeContext, call: AwsCall, instanceId: string): Promise<XmlNode> {
  const found = await context.emulator.query(ec2(call), 'DescribeInstances', { 'InstanceId.1': instanceId });
  const [instance] = children(found, 'reservationSet', 'item', 'instancesSet', 'item');
  if (instance === undefined)
    throw new AwsFault('InvalidInstanceID.NotFound', `The instance ID '${instanceId}' does not exist`);
  return instance;
}

function requireAttachable(volumes: Volumes, volume: XmlNode): void {
  const volumeId = text(volume, 'volumeId');
  if (volumes.isCreating(volumeId))
    throw new AwsFault('IncorrectState', `Volume '${volumeId}' is in the 'creating' state.`);
  if (volumes.hasFailed(volumeId))
    throw new AwsFault('IncorrectState', `Volume '${volumeId}' is in the 'error' state.`);
  const attachment = volumes.attachmentOf(volumeId);
  const attached = children(volume, 'attachmentSet', 'item')[0];
  if (attachment === undefined && attached === undefined) return;
  const instanceId = attachment?.instanceId ?? (attached === undefined ? '' : text(attached, 'instanceId'));
  throw new AwsFault('VolumeInUse', `${volumeId} is already attached to an instance: ${instanceId}`);
}

function usesDevice(instance: XmlNode, device: string): boolean {
  return children(instance, 'blockDeviceMapping', 'item').some((each) => text(each, 'deviceName') === device);
}

/** A volume that the emulator attached by itself is the root volume of an instance. */
function refuseRoot(volume: XmlNode): void {
  const [attached] = children(volume, 'attachmentSet', 'item');
  if (attached === undefined) return;
  const instanceId = text(attached, 'instanceId');
  const message = `Unable to detach root volume '${text(volume, 'volumeId')}' from instance '${instanceId}'`;
  throw new AwsFault('OperationNotPermitted', message);
}

function attachmentReply(call: AwsCall, attachment: Attachment, status: string): AwsReply {
  const { volumeId, instanceId, device } = attachment;
  return ec2Reply(call, { volumeId, instanceId, device, status, attachTime: timestamp() });
}

function volumeIds(call: AwsCall): Readonly<Record<string, string>> {
  const given = Object.entries(call.parameters).filter(([name]) => name.startsWith('VolumeId.'));
  return Object.fromEntries(given.map(([name, value]) => [name, String(value)]));
}

function ec2(call: AwsCall): { readonly service: string; readonly region: string; readonly account: string } {
  return { service: 'ec2', region: call.region, account: call.account };
}
