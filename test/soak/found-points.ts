import { DeleteSnapshotCommand, DescribeSnapshotsCommand } from '@aws-sdk/client-ec2';
import { DescribeDBSnapshotsCommand } from '@aws-sdk/client-rds';
import type { FailoverBench } from '../support/failover-bench';

export type SiteName = 'primary' | 'standby';

/** A backup of which something is at a site. */
export interface FoundPoint {
  readonly backup: string;
  /** Epoch milliseconds, by the tag of the home. */
  readonly capturedAt: number;
  /** Home and database are there, once each, complete and described by a manifest. */
  readonly whole: boolean;
}

interface Found {
  readonly kind: 'home' | 'database';
  readonly complete: boolean;
  readonly tags: Readonly<Record<string, string>>;
}

/** What is at a site, by the tags alone: the list that the product makes is what is to be judged. */
export async function pointsAt(bench: FailoverBench, site: SiteName): Promise<readonly FoundPoint[]> {
  const found = await snapshotsAt(bench, site);
  const names = new Set(found.map(({ tags }) => tags['runbooks:backup'] ?? ''));
  return [...names]
    .filter((name) => name !== '')
    .map((backup) => {
      const members = found.filter(({ tags }) => tags['runbooks:backup'] === backup);
      const kinds = members.map(({ kind }) => kind).sort();
      const whole =
        kinds.join() === 'database,home' &&
        members.every(({ complete, tags }) => complete && tags['runbooks:manifest'] !== undefined);
      const home = members.find(({ kind }) => kind === 'home');
      return { backup, whole, capturedAt: Date.parse(home?.tags['runbooks:captured-at'] ?? '') };
    })
    .sort((one, other) => one.backup.localeCompare(other.backup));
}

/** Removes the copy that the lab has made of the home before there were backups. */
export async function removeLabCopies({ aws }: FailoverBench): Promise<void> {
  for (const { ec2 } of Object.values(aws)) {
    const { Snapshots = [] } = await ec2.send(new DescribeSnapshotsCommand(OF_BACKUPS));
    for (const { SnapshotId } of Snapshots) await ec2.send(new DeleteSnapshotCommand({ SnapshotId }));
  }
}

const OF_BACKUPS = { Filters: [{ Name: 'tag-key', Values: ['runbooks:backup'] }] };

async function snapshotsAt({ aws }: FailoverBench, site: SiteName): Promise<readonly Found[]> {
  const { ec2, rds } = aws[site];
  const [{ Snapshots = [] }, { DBSnapshots = [] }] = await Promise.all([
    ec2.send(new DescribeSnapshotsCommand(OF_BACKUPS)),
    rds.send(new DescribeDBSnapshotsCommand({})),
  ]);
  return [
    ...Snapshots.map(({ State, Tags }): Found => ({
      ...{ kind: 'home', complete: State === 'completed', tags: tagsOf(Tags) },
    })),
    ...DBSnapshots.filter(({ Status }) => Status !== 'deleting').map(({ Status, TagList }): Found => ({
      ...{ kind: 'database', complete: Status === 'available', tags: tagsOf(TagList) },
    })),
  ];
}

function tagsOf(
  tags: readonly { readonly Key?: string | undefined; readonly Value?: string | undefined }[] = [],
): Readonly<Record<string, string>> {
  return Object.fromEntries(tags.map(({ Key = '', Value = '' }) => [Key, Value]));
}
