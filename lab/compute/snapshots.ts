import { AwsFault } from '../gateway/overlay';
import type { XmlNode } from '../gateway/reply';
import { text } from '../gateway/reply';
import type { ComputeContext } from './context';
import { DURATIONS, timestamp } from './context';
import { copyDirectory, removeDirectory } from './copy-directory';

/** Members of a copied snapshot that only show once it is completed [A §3.1]. */
const COPY_VOLUME = 'vol-ffffffff';

export interface Snapshot {
  readonly snapshotId: string;
  readonly region: string;
  readonly account: string;
  /** Other accounts that may make volumes and copies of it. */
  readonly sharedWith: Set<string>;
  /** Volume that it was made of; of a copy, none. */
  readonly volumeId: string | null;
  readonly encryption: { readonly encrypted: boolean; readonly kmsKeyId?: string };
  /** Milliseconds by which the calendar was before the emulator's clock when it was made. */
  readonly ahead: number;
  state: 'pending' | 'completed' | 'error';
  message: string;
  completedAt: string | null;
}

export interface CopyOrder {
  readonly snapshotId: string;
  readonly region: string;
  readonly account: string;
  readonly sourceId: string;
  readonly sourceRegion: string;
  readonly kmsKeyId?: string;
  readonly encrypted: boolean;
}

/** EBS snapshots as directories, and the states that they pass through [A §3.1]. */
export class Snapshots {
  private readonly all = new Map<string, Snapshot>();
  private readonly requested = new Map<string, number>();

  constructor(private readonly context: ComputeContext) {}

  get(snapshotId: string): Snapshot | undefined {
    return this.all.get(snapshotId);
  }

  /** Those of other accounts that share it included. */
  findFor(account: string, snapshotId: string, region: string): Snapshot | undefined {
    const snapshot = this.all.get(snapshotId);
    return snapshot?.region === region && mayUse(snapshot, account) ? snapshot : undefined;
  }

  pendingOf(volumeId: string): readonly Snapshot[] {
    return [...this.all.values()].filter((each) => each.volumeId === volumeId && each.state === 'pending');
  }

  /** Notes a request for a snapshot of a volume. @returns virtual seconds since the one before */
  spacing(volumeId: string): number {
    const now = this.context.schedule.clock.now();
    const before = this.requested.get(volumeId) ?? -Infinity;
    this.requested.set(volumeId, now);
    return (now - before) / 1000;
  }

  copiesInto(region: string, account: string): number {
    return [...this.all.values()]
      .filter((each) => each.region === region && each.account === account)
      .filter((each) => each.volumeId === null && each.state === 'pending').length;
  }

  /** @throws AwsFault when a volume cannot be made from it */
  requireCompleted(snapshotId: string): void {
    const state = this.all.get(snapshotId)?.state ?? 'completed';
    if (state !== 'completed')
      throw new AwsFault('IncorrectState', `Snapshot is in invalid state - ${state}`);
  }

  /** Takes the bytes of the volume as they are now; the snapshot is `pending` for a while longer. */
  async take(
    taken: Pick<Snapshot, 'region' | 'account' | 'snapshotId' | 'encryption'> & { readonly volumeId: string },
  ): Promise<void> {
    const { region, snapshotId, volumeId } = taken;
    const { directory, schedule } = this.context;
    const snapshot = this.add(taken);
    await copyDirectory(directory.volume(volumeId), directory.snapshot(snapshotId));
    schedule.run(`completion of ${snapshotId}`, async () => {
      await schedule.pause(region, DURATIONS.snapshotPending);
      complete(snapshot);
    });
  }

  /**
   * Copies a snapshot, as AWS does, without looking at the source first: what is wrong with it shows later as state
   * `error`. A copy from a region without power goes on when the power is back.
   */
  copy(order: CopyOrder): void {
    const { directory, schedule } = this.context;
    const { snapshotId, region, account, sourceId, sourceRegion, encrypted, kmsKeyId } = order;
    const encryption = { encrypted, ...(kmsKeyId === undefined ? {} : { kmsKeyId }) };
    const copy = this.add({ snapshotId, region, account, volumeId: null, encryption });
    const source = this.all.get(sourceId);
    const problem = reasonAgainst(source, order);
    schedule.run(`copy ${snapshotId}`, async () => {
      await schedule.pause(region, DURATIONS.copyPending);
      if (problem !== null) return fail(copy, problem);
      await schedule.powered(sourceRegion);
      if (this.all.get(sourceId) === undefined) return fail(copy, 'Source snapshot is not found');
      await copyDirectory(directory.snapshot(sourceId), directory.snapshot(snapshotId));
      complete(copy);
    });
  }

  async remove(snapshotId: string): Promise<void> {
    this.all.delete(snapshotId);
    await removeDirectory(this.context.directory.snapshot(snapshotId));
  }

  /** The emulator's description of a snapshot with the state that it has here. */
  repair(item: XmlNode): XmlNode {
    const snapshot = this.all.get(text(item, 'snapshotId'));
    if (snapshot === undefined) return item;
    const isCopy = snapshot.volumeId === null;
    const { encrypted, kmsKeyId } = snapshot.encryption;
    const common = {
      ...item,
      startTime: this.startTime(item),
      status: snapshot.state,
      ...(isCopy ? { volumeId: COPY_VOLUME } : {}),
      encrypted: String(encrypted),
      ...(kmsKeyId === undefined ? {} : { kmsKeyId }),
    };
    if (snapshot.state === 'completed')
      return { ...common, progress: '100%', completionTime: snapshot.completedAt ?? timestamp() };
    if (!isCopy) return { ...common, progress: '99%', statusMessage: snapshot.message };
    const statusMessage = snapshot.state === 'error' ? snapshot.message : 'Metadata not updated';
    return { ...common, volumeSize: '0', encrypted: 'false', progress: '0%', statusMessage };
  }

  /** When the emulator says that a snapshot was made, by the calendar of the world. */
  startTime(item: XmlNode): string {
    const ahead = this.all.get(text(item, 'snapshotId'))?.ahead ?? 0;
    const told = text(item, 'startTime');
    return ahead === 0 ? told : new Date(Date.parse(told) + ahead).toISOString();
  }

  private add(
    given: Pick<Snapshot, 'snapshotId' | 'region' | 'account' | 'volumeId' | 'encryption'>,
  ): Snapshot {
    const snapshot: Snapshot = {
      ...given,
      ahead: this.context.calendar.ahead,
      sharedWith: new Set(),
      state: 'pending',
      message: '',
      completedAt: null,
    };
    this.all.set(snapshot.snapshotId, snapshot);
    return snapshot;
  }
}

function mayUse({ account, sharedWith }: Snapshot, other: string): boolean {
  return account === other || sharedWith.has(other);
}

function reasonAgainst(
  source: Snapshot | undefined,
  { sourceRegion, account }: Pick<CopyOrder, 'sourceRegion' | 'account'>,
): string | null {
  if (source === undefined || source.region !== sourceRegion || !mayUse(source, account))
    return 'Source snapshot is not found';
  return source.state === 'completed' ? null : 'Source snapshot is not complete';
}

function complete(snapshot: Snapshot): void {
  snapshot.state = 'completed';
  snapshot.completedAt = timestamp();
}

function fail(snapshot: Snapshot, message: string): void {
  snapshot.state = 'error';
  snapshot.message = message;
}
