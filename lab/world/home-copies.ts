import {
  CopySnapshotCommand,
  CreateSnapshotCommand,
  DeleteSnapshotCommand,
  DescribeSnapshotsCommand,
} from '@aws-sdk/client-ec2';
import type { Snapshot, Tag, TagSpecification } from '@aws-sdk/client-ec2';

import type { LedgerEntry } from '../gateway/ledger';
import type { LabAws } from './aws';
import { INSTANCE } from './layout';
import { need, until } from './until';

const DESCRIPTION = `home of ${INSTANCE}, copied by the lab`;

export interface HomeCopiesOptions {
  readonly source: LabAws;
  readonly destination: LabAws;
  readonly volumeId: string;
  /** Real seconds between the beginnings of two copies. */
  readonly everySeconds: number;
  /** How many are kept in each region. */
  readonly keep: number;
  /** Whether the source still is the one that users write to: the copies of a lost or fenced site are worth nothing. */
  readonly isDue: () => Promise<boolean>;
  readonly report: (line: string) => void;
}

/** The periodic copy of the home into the other region, as an operator's backup automation makes it. */
export class HomeCopies {
  private readonly ending = new AbortController();
  private running: Promise<void> = Promise.resolve();
  private count = 0;
  private readonly own = new Set<string>();

  constructor(private readonly options: HomeCopiesOptions) {}

  start(): void {
    this.running = this.loop();
  }

  /** Ends at once; a copy under way goes on in AWS. */
  async stop(): Promise<void> {
    this.ending.abort();
    await this.running;
  }

  /** One copy from beginning to end. @returns the id of the snapshot in the other region, completed */
  async copy(seconds = 600): Promise<string> {
    const { source, destination, volumeId } = this.options;
    this.count += 1;
    const capturedAt = new Date();
    const tags = tagsOf(`${capturedAt.getTime()}-${this.count}`, capturedAt);
    const created = await source.ec2.send(
      new CreateSnapshotCommand({
        VolumeId: volumeId,
        Description: DESCRIPTION,
        TagSpecifications: tags,
      }),
      this.untilStopped,
    );
    const snapshotId = need(created.SnapshotId, 'SnapshotId');
    this.own.add(snapshotId);
    await this.completed(source, snapshotId, seconds);
    const copied = await destination.ec2.send(
      new CopySnapshotCommand({
        SourceRegion: source.region,
        SourceSnapshotId: snapshotId,
        Description: DESCRIPTION,
        TagSpecifications: tags,
      }),
      this.untilStopped,
    );
    const copyId = need(copied.SnapshotId, 'SnapshotId');
    this.own.add(copyId);
    await this.completed(destination, copyId, seconds);
    await Promise.all([this.prune(source), this.prune(destination)]);
    return copyId;
  }

  /** Whether a call in the ledger was ours. */
  made({ action, parameters }: LedgerEntry): boolean {
    if (action === 'DeleteSnapshot') return this.own.has(String(parameters.SnapshotId));
    return /^(Create|Copy)Snapshot$/.test(action) && parameters.Description === DESCRIPTION;
  }

  /** A call to a region that is down is never answered. */
  private get untilStopped(): { readonly abortSignal: AbortSignal } {
    return { abortSignal: this.ending.signal };
  }

  private async loop(): Promise<void> {
    while (!this.ending.signal.aborted) {
      await this.pause();
      if (this.ending.signal.aborted) return;
      try {
        if (await this.options.isDue()) await this.copy();
      } catch (error) {
        // A disaster in the middle of a copy; the next one starts anew.
        if (!this.ending.signal.aborted) this.options.report(`home copy failed: ${String(error)}`);
      }
    }
  }

  private pause(): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        this.ending.signal.removeEventListener('abort', done);
        resolve();
      };
      const timer = setTimeout(done, this.options.everySeconds * 1000);
      this.ending.signal.addEventListener('abort', done);
    });
  }

  private completed(aws: LabAws, snapshotId: string, seconds: number): Promise<true> {
    return until(
      `snapshot ${snapshotId} completed`,
      seconds,
      async () => {
        this.ending.signal.throwIfAborted();
        const { Snapshots } = await aws.ec2.send(
          new DescribeSnapshotsCommand({ SnapshotIds: [snapshotId] }),
          this.untilStopped,
        );
        const state = Snapshots?.[0]?.State;
        if (state === 'error') throw new Error(`snapshot ${snapshotId} failed`);
        return state === 'completed' ? true : undefined;
      },
      100,
    );
  }

  /** Removes the oldest of those that are complete; the newest are never touched. */
  private async prune(aws: LabAws): Promise<void> {
    const { Snapshots = [] } = await aws.ec2.send(
      new DescribeSnapshotsCommand({
        Filters: [
          { Name: 'tag:runbooks:instance', Values: [INSTANCE] },
          { Name: 'tag:runbooks:volume', Values: ['home'] },
        ],
      }),
      this.untilStopped,
    );
    // Backups that a runbook made carry the same tags, and are not ours to remove.
    const complete = Snapshots.filter(
      ({ SnapshotId = '', State }) => State === 'completed' && this.own.has(SnapshotId),
    ).sort((one, other) => capturedAt(other).localeCompare(capturedAt(one)));
    for (const { SnapshotId } of complete.slice(this.options.keep)) {
      const remove = new DeleteSnapshotCommand({ SnapshotId: need(SnapshotId, 'SnapshotId') });
      await aws.ec2.send(remove, this.untilStopped);
    }
  }
}

function tagsOf(backup: string, capturedAt: Date): TagSpecification[] {
  const tags: Tag[] = [
    { Key: 'Name', Value: `${INSTANCE}-home` },
    { Key: 'runbooks:instance', Value: INSTANCE },
    { Key: 'runbooks:backup', Value: backup },
    { Key: 'runbooks:volume', Value: 'home' },
    { Key: 'runbooks:members', Value: 'home' },
    { Key: 'runbooks:captured-at', Value: capturedAt.toISOString() },
  ];
  return [{ ResourceType: 'snapshot', Tags: tags }];
}

function capturedAt(snapshot: Snapshot): string {
  return snapshot.Tags?.find(({ Key }) => Key === 'runbooks:captured-at')?.Value ?? '';
}
