import { mkdir } from 'node:fs/promises';
import type { XmlNode } from '../gateway/reply';
import { children, text } from '../gateway/reply';
import type { ComputeContext } from './context';
import { DURATIONS } from './context';
import { copyDirectory, removeDirectory } from './copy-directory';

type AttachmentState = 'attaching' | 'attached' | 'detaching' | 'busy';

export interface Attachment {
  readonly region: string;
  readonly account: string;
  readonly volumeId: string;
  readonly instanceId: string;
  readonly device: string;
  state: AttachmentState;
}

/** How the creation of a volume ends that EBS cannot carry out: the volume stays, of no use, or vanishes. */
export type GivingUp = 'error' | 'gone';

/** EBS volumes as directories: what they contain, and the states that they pass through [A §3.1]. */
export class Volumes {
  private readonly creating = new Set<string>();
  private readonly attachments = new Map<string, Attachment>();
  private readonly failed = new Set<string>();
  private readonly removed = new Set<string>();
  private readonly givenUp: GivingUp[] = [];

  constructor(private readonly context: ComputeContext) {}

  /** EBS will accept the next creation, and find that it cannot be: a key is disabled, or not granted. */
  giveUpNext(how: GivingUp): void {
    this.givenUp.push(how);
  }

  /** Fills a new volume, from a snapshot if one is given; it is `creating` until the bytes are there. */
  async create(
    { region, account }: { readonly region: string; readonly account: string },
    volumeId: string,
    snapshotId: string | undefined,
  ): Promise<void> {
    const { directory, emulator, schedule } = this.context;
    const ending = this.givenUp.shift();
    this.creating.add(volumeId);
    await mkdir(directory.volume(volumeId), { recursive: true });
    schedule.run(`creation of ${volumeId}`, async () => {
      if (snapshotId !== undefined)
        await copyDirectory(directory.snapshot(snapshotId), directory.volume(volumeId));
      await schedule.pause(region, DURATIONS.volumeCreating);
      if (ending === 'error') this.failed.add(volumeId);
      if (ending === 'gone') {
        await emulator.query({ service: 'ec2', region, account }, 'DeleteVolume', { VolumeId: volumeId });
        await this.remove(volumeId);
      }
      this.creating.delete(volumeId);
    });
  }

  async remove(volumeId: string): Promise<void> {
    this.failed.delete(volumeId);
    this.removed.add(volumeId);
    await removeDirectory(this.context.directory.volume(volumeId));
  }

  isRemoved(volumeId: string): boolean {
    return this.removed.has(volumeId);
  }

  hasFailed(volumeId: string): boolean {
    return this.failed.has(volumeId);
  }

  isCreating(volumeId: string): boolean {
    return this.creating.has(volumeId);
  }

  attachmentOf(volumeId: string): Attachment | undefined {
    return this.attachments.get(volumeId);
  }

  /** The attachment that uses a device of an instance. */
  deviceUser(instanceId: string, device: string): Attachment | undefined {
    return [...this.attachments.values()].find(
      (each) => each.instanceId === instanceId && each.device === device,
    );
  }

  attach(attachment: Omit<Attachment, 'state'>): Attachment {
    const { schedule, hosts, directory } = this.context;
    const added: Attachment = { ...attachment, state: 'attaching' };
    const { region, volumeId, instanceId, device } = added;
    this.attachments.set(volumeId, added);
    schedule.run(`attachment of ${volumeId}`, async () => {
      await schedule.pause(region, DURATIONS.attaching);
      if (this.attachments.get(volumeId) !== added) return;
      await hosts.attachDevice(instanceId, device, directory.volume(volumeId));
      added.state = 'attached';
    });
    return added;
  }

  /** Detaches as soon as the volume is not mounted any more; until then the attachment is `busy`. */
  detach(attachment: Attachment, force: boolean): void {
    const { schedule, hosts, emulator } = this.context;
    const { region, account, volumeId, instanceId, device } = attachment;
    attachment.state = 'detaching';
    schedule.run(`detachment of ${volumeId}`, async () => {
      for (;;) {
        await schedule.pause(region, DURATIONS.detaching);
        if (this.attachments.get(volumeId) !== attachment) return;
        const detached = await hosts.detachDevice(instanceId, device).then(
          () => true,
          () => force,
        );
        if (detached) break;
        attachment.state = 'busy';
      }
      await emulator.query({ service: 'ec2', region, account }, 'DetachVolume', {
        VolumeId: volumeId,
        InstanceId: instanceId,
        Device: device,
      });
      this.attachments.delete(volumeId);
    });
  }

  /** Takes back an attachment that was refused after all. */
  forget(attachment: Attachment): void {
    if (this.attachments.get(attachment.volumeId) === attachment)
      this.attachments.delete(attachment.volumeId);
  }

  /** A terminated instance lets go of its volumes. */
  forgetAttachmentsOf(instanceId: string): void {
    for (const attachment of [...this.attachments.values()]) {
      if (attachment.instanceId === instanceId) this.attachments.delete(attachment.volumeId);
    }
  }

  /** The emulator's description of a volume with the states that it has here. */
  repair(item: XmlNode): XmlNode {
    const volumeId = text(item, 'volumeId');
    if (this.isCreating(volumeId)) return { ...item, status: 'creating' };
    if (this.hasFailed(volumeId)) return { ...item, status: 'error' };
    const attachment = this.attachments.get(volumeId);
    if (attachment === undefined) return item;
    const attached = children(item, 'attachmentSet', 'item').map((each) => ({
      ...each,
      status: attachment.state,
    }));
    return { ...item, attachmentSet: { item: attached } };
  }
}
