import { createHash } from 'node:crypto';
import { CreateSnapshotCommand, DescribeSnapshotsCommand, DescribeVolumesCommand } from '@aws-sdk/client-ec2';
import { CreateDBSnapshotCommand, DescribeDBSnapshotsCommand } from '@aws-sdk/client-rds';
import { ListObjectsV2Command, PutObjectCommand } from '@aws-sdk/client-s3';
import { BACKUP_BUCKET, SITES } from '../../lab/world/layout';
import { TAGS } from '../../workflows/plan/backup/manifest';
import type {
  CopyRecord,
  DeletionRecord,
  Manifest,
  Member,
  Place,
  VerificationRecord,
} from '../../workflows/plan/backup/manifest';
import { backupName, databaseSnapshotName } from '../../workflows/plan/backup/name';
import type { FailoverBench } from '../support/failover-bench';
import { until } from '../support/until';

const PREFIX = 'runbooks/';
const RUN = { workflowId: 'backup/stock/1', runId: '1' };

/** Backups of other days, put there as the `backup` runbook leaves them, without waiting for days. */
export class Stock {
  readonly place: Place = { site: 'primary', region: SITES.primary.region, account: '123456789012' };

  constructor(private readonly bench: FailoverBench) {}

  get instance(): string {
    return this.bench.world.instance;
  }

  /** A complete pair that was captured then; the name of the backup. */
  async pair(
    capturedAt: string,
    options: { readonly manifest?: boolean; readonly version?: string } = {},
  ): Promise<string> {
    const backup = backupName(this.instance, capturedAt);
    const { ec2, rds } = this.bench.aws.primary;
    const tags = {
      [TAGS.instance]: this.instance,
      [TAGS.backup]: backup,
      [TAGS.members]: 'home',
      [TAGS.capturedAt]: new Date(capturedAt).toISOString(),
    };
    const snapshot = await until('a slot for a snapshot', async () =>
      // EBS wants some time between two snapshots of a volume.
      ec2
        .send(
          new CreateSnapshotCommand({
            VolumeId: await this.homeVolume(),
            TagSpecifications: [{ ResourceType: 'snapshot', Tags: list({ ...tags, [TAGS.volume]: 'home' }) }],
          }),
        )
        .catch(refused),
    );
    const id = databaseSnapshotName(backup);
    const made = await until('the database to be free', () =>
      rds
        .send(
          new CreateDBSnapshotCommand({
            DBInstanceIdentifier: SITES.primary.databaseId,
            DBSnapshotIdentifier: id,
            Tags: list({ ...tags, [TAGS.volume]: 'database' }),
          }),
        )
        .catch(refused),
    );
    await until(`${backup} to be complete`, async () => {
      const [volumes, databases] = await Promise.all([
        ec2.send(new DescribeSnapshotsCommand({ SnapshotIds: [snapshot.SnapshotId!] })),
        rds.send(new DescribeDBSnapshotsCommand({ DBSnapshotIdentifier: id })),
      ]);
      const states = [volumes.Snapshots?.[0]?.State, databases.DBSnapshots?.[0]?.Status];
      return states.join() === 'completed,available' || undefined;
    });
    if (options.manifest === false) return backup;
    const members = [
      member('ebs', 'home', snapshot.SnapshotId!, null, capturedAt),
      member('rds', 'database', id, made.DBSnapshot?.DBSnapshotArn ?? null, capturedAt),
    ];
    const manifest: Manifest = {
      format: 1,
      backup,
      instance: this.instance,
      place: this.place,
      mode: 'zeroDowntime',
      consistency: 'frozen',
      capturedAt: new Date(capturedAt).toISOString(),
      skewSeconds: 1,
      members,
      product: { version: options.version ?? '9.4.1', projects: 2, repositories: 3 },
      run: RUN,
      previous: null,
    };
    await this.put(`${backup}/manifest.json`, manifest);
    return backup;
  }

  /** Says in the store that a copy of it is complete in another place. */
  async copied(backup: string, place: Place, copy: { readonly id: string; readonly database: string }) {
    const at = new Date().toISOString();
    const record: CopyRecord = {
      ...{ record: 'copy', backup, at, place, lockedUntil: null },
      members: [member('ebs', 'home', copy.id, null, at), member('rds', 'database', copy.database, null, at)],
    };
    await this.put(`${backup}/records/copy-${place.region}-${place.account}-stock.json`, record);
  }

  async verified(backup: string, result: 'passed' | 'failed' = 'passed'): Promise<void> {
    const at = new Date().toISOString();
    const record: VerificationRecord = {
      ...{ record: 'verification', backup, at, place: this.place, result },
      ...{ durationSeconds: 60, checks: [], run: RUN },
    };
    await this.put(
      `${backup}/records/${at.replace(/[-:]|\.\d+/g, '')}-verification-${hash(at)}.json`,
      record,
    );
  }

  /** EBS snapshots and DB snapshots of a backup that are there, with their states. */
  async members(backup: string): Promise<readonly string[]> {
    const { ec2, rds } = this.bench.aws.primary;
    const filter = { Name: `tag:${TAGS.backup}`, Values: [backup] };
    const { Snapshots = [] } = await ec2.send(new DescribeSnapshotsCommand({ Filters: [filter] }));
    const { DBSnapshots = [] } = await rds.send(new DescribeDBSnapshotsCommand({}));
    return [
      ...Snapshots.map(({ SnapshotId }) => SnapshotId!),
      ...DBSnapshots.map(({ DBSnapshotIdentifier }) => DBSnapshotIdentifier!).filter(
        (id) => id === databaseSnapshotName(backup),
      ),
    ];
  }

  async volumeOf(backup: string): Promise<string> {
    return (await this.members(backup)).find((id) => id.startsWith('snap-'))!;
  }

  /** What the store says of deletions of a backup. */
  async deletions(backup: string): Promise<readonly DeletionRecord[]> {
    const { s3 } = this.bench.aws.standby;
    const Prefix = `${PREFIX}${this.instance}/${backup}/records/`;
    const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket: BACKUP_BUCKET, Prefix }));
    const keys = Contents.map(({ Key }) => Key!).filter((key) => key.includes('-deletion-'));
    return Promise.all(keys.map((key) => this.get(key)));
  }

  private async get(key: string): Promise<DeletionRecord> {
    const { GetObjectCommand } = await import('@aws-sdk/client-s3');
    const { s3 } = this.bench.aws.standby;
    const { Body } = await s3.send(new GetObjectCommand({ Bucket: BACKUP_BUCKET, Key: key }));
    return JSON.parse(await Body!.transformToString()) as DeletionRecord;
  }

  private async put(name: string, content: object): Promise<void> {
    await this.bench.aws.standby.s3.send(
      new PutObjectCommand({
        Bucket: BACKUP_BUCKET,
        Key: `${PREFIX}${this.instance}/${name}`,
        Body: JSON.stringify(content),
      }),
    );
  }

  private async homeVolume(): Promise<string> {
    const { Volumes = [] } = await this.bench.aws.primary.ec2.send(new DescribeVolumesCommand({}));
    const home = Volumes.find(({ Attachments = [] }) =>
      Attachments.some(({ Device }) => Device === '/dev/xvdf'),
    );
    return (home ?? Volumes.find(({ Attachments = [] }) => Attachments.length > 0))!.VolumeId!;
  }
}

function member(kind: 'ebs' | 'rds', name: string, id: string, arn: string | null, at: string): Member {
  return {
    kind,
    name,
    id,
    arn,
    capturedAt: new Date(at).toISOString(),
    sizeGiB: 10,
    encrypted: false,
    kmsKeyId: null,
  };
}

function list(tags: Readonly<Record<string, string>>): { Key: string; Value: string }[] {
  return Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
}

function refused(): undefined {
  return undefined;
}

function hash(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 8);
}
