import { AwsFault } from '../gateway/overlay';
import type { Handler, Overlay } from '../gateway/overlay';
import { ec2Reply, filters, parameter, parseXml, children, passes, text } from '../gateway/reply';

interface Lock {
  readonly region: string;
  readonly mode: string;
  /** Epoch milliseconds. */
  readonly until: number;
}

/**
 * What keeps a snapshot from being deleted, and the emulator does not know: EBS snapshot locks, and machine images that
 * were registered with it. The error for a locked one is not documented; ours only has to be a refusal.
 */
export function snapshotHolds(): Overlay {
  const locks = new Map<string, Lock>();
  const images = new Map<string, readonly string[]>();

  const lock: Handler = async (call) => {
    const snapshotId = parameter(call.parameters, 'SnapshotId') ?? '';
    const mode = parameter(call.parameters, 'LockMode') ?? 'governance';
    const days = Number(parameter(call.parameters, 'LockDuration') ?? 1);
    const expiry = parameter(call.parameters, 'ExpirationDate');
    const until = expiry === undefined ? Date.now() + days * 86_400_000 : Date.parse(expiry);
    locks.set(snapshotId, { region: call.region, mode, until });
    return ec2Reply(call, { snapshotId, lockState: mode, lockExpiresOn: new Date(until).toISOString() });
  };

  const unlock: Handler = async (call) => {
    const snapshotId = parameter(call.parameters, 'SnapshotId') ?? '';
    locks.delete(snapshotId);
    return ec2Reply(call, { snapshotId });
  };

  const describeLocked: Handler = async (call) => {
    const wanted = filters(call.parameters)['lock-state'];
    const item = [...locks]
      .filter(([, { region, mode }]) => region === call.region && passes(wanted, mode))
      .map(([snapshotId, { mode, until }]) => ({
        snapshotId,
        lockState: mode,
        lockExpiresOn: new Date(until).toISOString(),
      }));
    return ec2Reply(call, { snapshotSet: { item } });
  };

  const register: Handler = async (call, forward) => {
    const reply = await forward();
    if (reply.status >= 400) return reply;
    const snapshots = Object.entries(call.parameters)
      .filter(([name]) => /^BlockDeviceMapping\.\d+\.Ebs\.SnapshotId$/.test(name))
      .map(([, id]) => String(id));
    images.set(text(parseXml(reply.body), 'imageId'), snapshots);
    return reply;
  };

  const deregister: Handler = async (call, forward) => {
    images.delete(parameter(call.parameters, 'ImageId') ?? '');
    return forward();
  };

  const describeImages: Handler = async (call, forward) => {
    const reply = await forward();
    if (reply.status >= 400) return reply;
    const item = children(parseXml(reply.body), 'imagesSet', 'item').map((image) => {
      const snapshots = images.get(text(image, 'imageId'));
      if (snapshots === undefined) return image;
      const mappings = snapshots.map((snapshotId) => ({ deviceName: '/dev/xvda', ebs: { snapshotId } }));
      return { ...image, blockDeviceMapping: { item: mappings } };
    });
    return ec2Reply(call, { imagesSet: { item } });
  };

  const remove: Handler = async (call, forward) => {
    const id = parameter(call.parameters, 'SnapshotId') ?? '';
    if (locks.has(id)) throw new AwsFault('OperationNotPermitted', `The snapshot ${id} is locked.`);
    const user = [...images].find(([, snapshots]) => snapshots.includes(id))?.[0];
    if (user !== undefined)
      throw new AwsFault('InvalidSnapshot.InUse', `The snapshot ${id} is currently in use by ${user}`);
    return forward();
  };

  return {
    service: 'ec2',
    handlers: {
      LockSnapshot: lock,
      UnlockSnapshot: unlock,
      DescribeLockedSnapshots: describeLocked,
      RegisterImage: register,
      DeregisterImage: deregister,
      DescribeImages: describeImages,
      DeleteSnapshot: remove,
    },
  };
}
