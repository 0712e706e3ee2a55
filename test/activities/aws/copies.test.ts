import {
  CopySnapshotCommand,
  CreateSnapshotCommand,
  CreateTagsCommand,
  CreateVolumeCommand,
  DescribeSnapshotsCommand,
  DescribeVolumesCommand,
} from '@aws-sdk/client-ec2';
import {
  CopyDBSnapshotCommand,
  CreateDBSnapshotCommand,
  DescribeDBSnapshotsCommand,
} from '@aws-sdk/client-rds';

import { copyBackupImplementation } from '../../../activities/aws/backup/copy-backup';
import { ownerTags } from '../../../activities/aws/ownership';
import { captureDatabaseImplementation } from '../../../activities/aws/rds/capture-database';
import { QUOTAS } from '../../../lab/databases/durations';
import { TAGS } from '../../../workflows/plan/backup/manifest';
import type { Member } from '../../../workflows/plan/backup/manifest';
import { databaseSnapshotName } from '../../../workflows/plan/backup/name';
import type { CapturedPart, CapturePart, CompleteMembers, CopyBackup } from '../../../workflows/steps/backup';
import { until } from '../../support/until';
import { AwsLab, PRIMARY, STANDBY } from './aws-lab';
import { context, StepDriver } from './step-driver';

const DATABASE = 'copied-db';
const ZONE = 'eu-central-1a';
/** Into one region, by AWS [A §3.2]. */
const COPIES_OF_VOLUMES = 20;
let lab: AwsLab;
let home: Member;
let database: Member;

beforeAll(async () => {
  lab = await AwsLab.start();
  await lab.establishDatabase(DATABASE);
  await lab.instantly(async () => {
    home = await snapshotOfVolume();
    database = await snapshotOfDatabase();
  });
});
afterAll(() => lab.stop());
afterEach(() => {
  lab.gateway.faults.clear();
  jest.restoreAllMocks();
});

async function snapshotOfVolume(): Promise<Member> {
  const ec2 = lab.clients.ec2(PRIMARY);
  const { VolumeId } = await ec2.send(
    new CreateVolumeCommand({ AvailabilityZone: ZONE, Size: 10, VolumeType: 'gp3' }),
  );
  await until('the volume', async () => {
    const { Volumes } = await ec2.send(new DescribeVolumesCommand({ VolumeIds: [VolumeId!] }));
    return Volumes?.[0]?.State === 'available' || undefined;
  });
  const { SnapshotId } = await ec2.send(new CreateSnapshotCommand({ VolumeId }));
  await until('the snapshot', async () => {
    const { Snapshots } = await ec2.send(new DescribeSnapshotsCommand({ SnapshotIds: [SnapshotId!] }));
    return Snapshots?.[0]?.State === 'completed' || undefined;
  });
  return member({ kind: 'ebs', name: 'home', id: SnapshotId! });
}

async function snapshotOfDatabase(): Promise<Member> {
  const rds = lab.clients.rds(PRIMARY);
  const DBSnapshotIdentifier = 'source-of-copies';
  const { DBSnapshot } = await rds.send(
    new CreateDBSnapshotCommand({ DBInstanceIdentifier: DATABASE, DBSnapshotIdentifier }),
  );
  await until('the DB snapshot', async () => {
    const { DBSnapshots } = await rds.send(new DescribeDBSnapshotsCommand({ DBSnapshotIdentifier }));
    return DBSnapshots?.[0]?.Status === 'available' || undefined;
  });
  const arn = DBSnapshot!.DBSnapshotArn!;
  return member({ kind: 'rds', name: 'database', id: DBSnapshotIdentifier, arn });
}

function member(o: Pick<Member, 'kind' | 'name' | 'id'> & { arn?: string }): Member {
  return {
    ...{ capturedAt: '2026-11-21T16:00:00.000Z', sizeGiB: 10, encrypted: false, kmsKeyId: null },
    ...o,
    arn: o.arn ?? null,
  };
}

const copier = (run: string) =>
  new StepDriver<CopyBackup, CompleteMembers>(
    copyBackupImplementation(lab.dependencies),
    context('copyBackup', run),
  );

const order = (backup: string, members: readonly Member[], kmsKeyId: string | null = null): CopyBackup => ({
  ...{ backup, from: PRIMARY, members },
  to: { site: 'standby', region: STANDBY, kmsKeyId },
});

type Quotas = Record<keyof typeof QUOTAS, number>;
/** Until the end of the test. */
const allowOnly = (count: number, quota: keyof Quotas) =>
  jest.replaceProperty<Quotas, keyof Quotas>(QUOTAS, quota, count);

const name = (time: string): string => `bitbucket-20261121T${time}Z`;

test('copies of volumes wait for their turn when others fill the region', async () => {
  const ec2 = lab.clients.ec2(STANDBY);
  await lab.slowly(async () => {
    const copy = () => new CopySnapshotCommand({ SourceRegion: PRIMARY, SourceSnapshotId: home.id });
    await Promise.all(Array.from({ length: COPIES_OF_VOLUMES }, () => ec2.send(copy())));
  });
  const driver = copier('backup/a/1');
  const input = order(name('160000'), [home]);
  const { output } = await driver.verify(input, await driver.run(input));
  expect(driver.progress[0]).toMatch(/home of|snapshot snap-\w+ of home in eu-west-1: ResourceLimitExceeded/);
  expect(driver.progress[0]).toContain('It is tried again when the state allows it');
  expect(output.members).toMatchObject([{ kind: 'ebs', name: 'home' }]);
});

test('copies of databases wait for their turn when others fill the region, and are no full quota', async () => {
  allowOnly(1, 'copiesInProgress');
  await lab.slowly(async () => {
    await lab.clients.rds(STANDBY).send(
      new CopyDBSnapshotCommand({
        SourceDBSnapshotIdentifier: database.arn!,
        TargetDBSnapshotIdentifier: 'of-somebody-else',
      }),
    );
  });
  const driver = copier('backup/b/1');
  const input = order(name('160100'), [database]);
  const { output } = await driver.verify(input, await driver.run(input));
  expect(driver.progress[0]).toMatch(
    /SnapshotQuotaExceeded.*: Cannot copy more than 1 snapshots across regions .*tried again when/,
  );
  expect(output.members).toMatchObject([{ kind: 'rds', name: 'database' }]);
});

test('the original is not taken for its copy within the region, nor deleted by the undo of that', async () => {
  const within = {
    ...order(name('160150'), [home, database]),
    to: { site: 'other', region: PRIMARY, kmsKeyId: null },
  };
  const about = context('copyBackup', 'backup/within/1');
  const tags = [
    ...ownerTags(about).map(({ Key = '', Value = '' }) => ({ Key, Value })),
    { Key: TAGS.backup, Value: within.backup },
  ];
  const rds = lab.clients.rds(PRIMARY);
  const DBSnapshotIdentifier = databaseSnapshotName(within.backup);
  const { DBSnapshot } = await rds.send(
    new CreateDBSnapshotCommand({ DBInstanceIdentifier: DATABASE, DBSnapshotIdentifier, Tags: tags }),
  );
  await lab.clients
    .ec2(PRIMARY)
    .send(
      new CreateTagsCommand({ Resources: [home.id], Tags: [...tags, { Key: TAGS.volume, Value: 'home' }] }),
    );
  const members = [home, { ...database, id: DBSnapshotIdentifier, arn: DBSnapshot!.DBSnapshotArn! }];
  const driver = copier('backup/within/1');
  await expect(driver.run({ ...within, members })).rejects.toMatchObject({
    type: 'Terminal',
    message: expect.stringContaining('Take this one out of backup.copies'),
  });
  await driver.undo({ ...within, members }, {});
  const { Snapshots } = await lab.clients.ec2(PRIMARY).send(
    new DescribeSnapshotsCommand({
      OwnerIds: ['self'],
      Filters: [{ Name: 'tag-key', Values: [TAGS.backup] }],
    }),
  );
  expect(Snapshots!.map(({ SnapshotId }) => SnapshotId)).toEqual([home.id]);
  const { DBSnapshots } = await rds.send(new DescribeDBSnapshotsCommand({ DBSnapshotIdentifier }));
  expect(DBSnapshots).toHaveLength(1);
});

test('a key that is disabled where a volume is copied to is told, and no copy is left', async () => {
  const message = 'The provided key arn:aws:kms:eu-west-1:123456789012:key/k is disabled';
  lab.gateway.faults.add({
    match: { action: 'CopySnapshot' },
    effect: { kind: 'error', code: 'InvalidParameterValue', status: 400, message },
  });
  const input = order(name('160200'), [home], 'key/k');
  await expect(copier('backup/c/1').run(input)).rejects.toMatchObject({
    type: 'Terminal',
    message: expect.stringMatching(
      /could not copy snapshot snap-\w+ of home in eu-west-1.*key\/k is disabled/,
    ),
  });
});

test('a key that is disabled where a database is copied to asks people, and says that it is the key', async () => {
  const message =
    'The target snapshot KMS key [key/k] does not exist, is not enabled or you cannot access it.';
  lab.gateway.faults.add({
    match: { action: 'CopyDBSnapshot' },
    effect: { kind: 'error', code: 'KMSKeyNotAccessibleFault', status: 400, message },
  });
  const input = order(name('160300'), [{ ...database, encrypted: true }], 'key/k');
  await expect(copier('backup/d/1').run(input)).rejects.toMatchObject({
    type: 'NeedsPerson',
    message: expect.stringMatching(/is not enabled.*Look whether the key is enabled, in this region/s),
  });
  const { DBSnapshots } = await lab.clients.rds(STANDBY).send(new DescribeDBSnapshotsCommand({}));
  expect(DBSnapshots!.map((one) => one.DBSnapshotIdentifier!)).not.toContainEqual(
    expect.stringContaining('160300'),
  );
});

test('a full quota of manual snapshots asks people when a database is captured', async () => {
  allowOnly(1, 'manualSnapshots');
  const input = {
    backup: name('160400'),
    site: { region: PRIMARY, database: { id: DATABASE } },
  } as CapturePart;
  const driver = new StepDriver<CapturePart, CapturedPart>(
    captureDatabaseImplementation(lab.dependencies),
    context('captureDatabase', 'backup/e/1'),
  );
  await expect(driver.run(input)).rejects.toMatchObject({
    type: 'NeedsPerson',
    message: expect.stringMatching(/Cannot create more than 1 manual snapshots.*Raise the quota or delete/),
  });
});
