import type { Volume } from '@aws-sdk/client-ec2';
import type { DBInstance } from '@aws-sdk/client-rds';

import { fenceNodesImplementation } from '../../../activities/aws/auto-scaling/fence-nodes';
import { keepUsersOutImplementation } from '../../../activities/aws/auto-scaling/keep-users-out';
import { startNodeImplementation } from '../../../activities/aws/auto-scaling/start-node';
import { copyBackupImplementation } from '../../../activities/aws/backup/copy-backup';
import { attachHomeVolumeImplementation } from '../../../activities/aws/ec2/attach-home-volume';
import { createHomeVolumeImplementation } from '../../../activities/aws/ec2/create-home-volume';
import { ownerTags } from '../../../activities/aws/ownership';
import { captureDatabaseImplementation } from '../../../activities/aws/rds/capture-database';
import { configureClusterImplementation } from '../../../activities/aws/rds/configure-cluster';
import { configureDatabaseImplementation } from '../../../activities/aws/rds/configure-database';
import { settingsAsFacts, settingsOf } from '../../../activities/aws/rds/database-settings';
import { fenceDatabaseImplementation } from '../../../activities/aws/rds/fence-database';
import { restoreDatabaseImplementation } from '../../../activities/aws/rds/restore-database';
import { restoreDrillDatabaseImplementation } from '../../../activities/aws/rds/restore-drill-database';
import { setDatabaseAsideImplementation } from '../../../activities/aws/rds/set-database-aside';
import { snapshotDatabaseImplementation } from '../../../activities/aws/rds/snapshot-database';
import type { Dependencies } from '../../../activities/dependencies';
import type { StepImplementation } from '../../../activities/implement';
import { inCallScope } from '../../../activities/runbook/call-scope';
import { TAGS } from '../../../workflows/plan/backup/manifest';
import type { Facts, Undone } from '../../../workflows/runbook/step';
import { fakeAws, SETTLED } from './fake-aws';
import { context, soon } from './step-driver';

const about = context('undone');
const ours = ownerTags(about);
const region = 'eu-central-1';

type Undo = (secondsAgo: number, former?: { before?: Facts; output?: unknown }) => Promise<Undone>;

/** The undo of one activity, attempt by attempt: what one leaves for the next is kept. */
function undoOf(
  implement: (dependencies: Dependencies) => StepImplementation,
  dependencies: Dependencies,
  input: object,
): Undo {
  const scope = {
    signal: new AbortController().signal,
    count: () => undefined,
    confirmLease: async () => undefined,
    notes: {},
  };
  return (secondsAgo, { before = {}, output } = {}) =>
    soon(secondsAgo, () =>
      inCallScope(scope, () =>
        implement(dependencies).parts.undo!({ region, ...input }, { before, output }, about),
      ),
    );
}

const again = (what: RegExp) => ({ type: 'NotYet', message: expect.stringMatching(what) });

describe('what a cancel has cut off on its way is looked for until it counts as never sent', () => {
  test('the renaming of the database', async () => {
    const database = (id: string): DBInstance => ({
      DBInstanceIdentifier: id,
      DBInstanceArn: 'arn:db',
      DbiResourceId: 'db-1',
      DBInstanceStatus: 'available',
      TagList: [{ Key: 'runbooks:replaced-by', Value: about.run.workflowId }],
    });
    let now = database('bitbucket');
    const { dependencies, changes } = fakeAws({
      DescribeDBInstances: ({ DBInstanceIdentifier: one, Filters }) => {
        const asked = one ?? (Filters as { Values: string[] }[] | undefined)?.[0]?.Values;
        return { DBInstances: asked?.includes(now.DBInstanceIdentifier!) ? [now] : [] };
      },
      ModifyDBInstance: ({ NewDBInstanceIdentifier: id }) => void (now = database(String(id))),
    });
    const undo = undoOf(setDatabaseAsideImplementation, dependencies, {
      databaseId: 'bitbucket',
      asideId: 'bitbucket-aside',
      keepUntil: '2026-11-28T00:00:00Z',
    });
    const former = { before: { resourceId: 'db-1' } };
    await expect(undo(0, former)).rejects.toMatchObject(again(/the renaming of bitbucket/));
    expect(changes).toEqual([]);
    // It comes after all: it is taken back, and what is back needs no second look.
    now = database('bitbucket-aside');
    await expect(undo(2, former)).rejects.toMatchObject(again(/being renamed back/));
    expect(now.DBInstanceIdentifier).toBe('bitbucket');
    expect(await undo(4, former)).toMatchObject({ facts: { status: 'available' } });
    expect(changes).toEqual(['ModifyDBInstance', 'RemoveTagsFromResource']);
    // It never comes.
    const other = undoOf(setDatabaseAsideImplementation, dependencies, {
      databaseId: 'bitbucket',
      asideId: 'bitbucket-aside',
      keepUntil: '',
    });
    await expect(other(SETTLED - 1, former)).rejects.toMatchObject({ type: 'NotYet' });
    expect(await other(SETTLED + 1, former)).toMatchObject({ facts: { databaseId: 'bitbucket' } });
  });

  test.each([
    [
      'in place',
      restoreDatabaseImplementation,
      { databaseId: 'bitbucket', asideId: 'x', securityGroups: [] },
    ],
    ['at the drill site', restoreDrillDatabaseImplementation, { database: { id: 'bitbucket' } }],
    [
      'of a cluster',
      restoreDatabaseImplementation,
      { databaseId: 'bitbucket', cluster: { id: 'c', asideId: 'y' }, securityGroups: [] },
    ],
  ])('a restored database %s', async (_, implement, input) => {
    let there: DBInstance[] = [];
    const { dependencies, changes } = fakeAws({
      DescribeDBInstances: () => ({ DBInstances: there }),
      DeleteDBInstance: () => void (there = []),
    });
    const undo = undoOf(implement, dependencies, input);
    await expect(undo(0)).rejects.toMatchObject(again(/the restored database bitbucket/));
    there = [{ DBInstanceIdentifier: 'bitbucket', DBInstanceStatus: 'creating', TagList: ours }];
    await expect(undo(2)).rejects.toMatchObject(again(/being deleted/));
    await undo(4);
    expect(changes).toEqual(['DeleteDBInstance']);
    const other = undoOf(implement, dependencies, input);
    await expect(other(SETTLED - 1)).rejects.toMatchObject({ type: 'NotYet' });
    await other(SETTLED + 1);
  });

  test.each([
    ['whose answer is lost', undefined],
    ['that its own answer names', { volumeId: 'vol-1', sizeGiB: 10 }],
  ])('a volume %s', async (_, output) => {
    let there: Volume[] = [];
    const { dependencies, changes } = fakeAws({ DescribeVolumes: () => ({ Volumes: there }) });
    const undo = undoOf(createHomeVolumeImplementation, dependencies, { snapshotId: 'snap-1' });
    await expect(undo(0, { output })).rejects.toMatchObject(again(/a volume from snap-1/));
    there = [{ VolumeId: 'vol-1', SnapshotId: 'snap-1', State: 'available' }];
    expect(await undo(2, { output })).toMatchObject({ changed: true });
    expect(changes).toEqual(['DeleteVolume']);
    there = [];
    expect(await undo(4, { output })).toMatchObject({ changed: false });
    const other = undoOf(createHomeVolumeImplementation, dependencies, { snapshotId: 'snap-1' });
    expect(await other(SETTLED + 1, { output })).toMatchObject({ changed: false });
  });

  test('the detachment of the former volume', async () => {
    const on = (VolumeId: string, state?: 'attached'): Volume => ({
      VolumeId,
      State: state === undefined ? 'available' : 'in-use',
      Attachments: state === undefined ? [] : [{ InstanceId: 'i-1', Device: '/dev/sdf', State: state }],
    });
    let former = on('vol-0', 'attached');
    const { dependencies, changes } = fakeAws({
      DescribeVolumes: ({ VolumeIds }) => ({
        Volumes: (VolumeIds as string[] | undefined)?.[0] === 'vol-1' ? [on('vol-1')] : [former],
      }),
      AttachVolume: () => void (former = on('vol-0', 'attached')),
    });
    const input = { volumeId: 'vol-1', fileServerInstanceId: 'i-1', device: '/dev/sdf' };
    const undo = undoOf(attachHomeVolumeImplementation, dependencies, input);
    await expect(undo(0)).rejects.toMatchObject(again(/a change of \/dev\/sdf/));
    expect(changes).toEqual([]);
    former = on('vol-0');
    await expect(undo(2)).rejects.toMatchObject({ type: 'NotYet' });
    expect(changes).toEqual(['AttachVolume']);
    expect(await undo(SETTLED + 1)).toMatchObject({ facts: { attached: 'vol-0' } });
    // Nothing is on its way where `run` has answered.
    expect(await undo(0, { output: { volumeId: 'vol-1', replaced: 'vol-0' } })).toMatchObject({
      facts: { attached: 'vol-0' },
    });
  });

  test('a snapshot of the standby database', async () => {
    let there: object[] = [];
    const { dependencies, changes } = fakeAws({ DescribeDBSnapshots: () => ({ DBSnapshots: there }) });
    const input = { databaseId: 'standby' };
    const output = { snapshotId: 's' };
    const undo = undoOf(snapshotDatabaseImplementation, dependencies, input);
    await expect(undo(0, { output })).rejects.toMatchObject(again(/snapshot s,/));
    there = [{ DBSnapshotIdentifier: 's', Status: 'creating', TagList: ours }];
    expect(await undo(2, { output })).toMatchObject({ changed: true });
    expect(changes).toEqual(['DeleteDBSnapshot']);
    there = [];
    expect(await undo(SETTLED + 1, { output })).toMatchObject({ changed: false });
  });

  test('settings of a database', async () => {
    const database = (BackupRetentionPeriod: number): DBInstance => ({
      ...{ DBInstanceIdentifier: 'bitbucket', DBInstanceStatus: 'available', BackupRetentionPeriod },
    });
    let now = database(1);
    const { dependencies, changes } = fakeAws({ DescribeDBInstances: () => ({ DBInstances: [now] }) });
    const undo = undoOf(configureDatabaseImplementation, dependencies, {
      ...{ databaseId: 'bitbucket', multiAz: false, backupRetentionDays: 7 },
      ...{ deletionProtection: false, securityGroups: [] },
    });
    const before = settingsAsFacts(settingsOf(now));
    await expect(undo(0, { before })).rejects.toMatchObject(again(/a change of bitbucket/));
    now = database(7);
    expect(await undo(2, { before })).toMatchObject({ changed: true });
    expect(changes).toEqual(['ModifyDBInstance']);
    now = database(1);
    expect(await undo(SETTLED + 1, { before })).toMatchObject({ changed: false });
    expect(await undo(0, { before, output: { changed: ['backupRetentionDays'] } })).toMatchObject({
      changed: false,
    });
  });

  test('settings of a restored database, which are not given back: it is deleted next', async () => {
    const { dependencies, changes } = fakeAws({
      DescribeDBInstances: () => ({
        DBInstances: [
          {
            DBInstanceIdentifier: 'b',
            DBInstanceStatus: 'modifying',
            DeletionProtection: true,
            MultiAZ: false,
          },
        ],
      }),
    });
    const undo = undoOf(configureDatabaseImplementation, dependencies, {
      ...{ databaseId: 'b', multiAz: true, backupRetentionDays: 7, afterRestore: true },
      ...{ deletionProtection: true, securityGroups: [] },
    });
    const before = settingsAsFacts(settingsOf({}));
    const output = { changed: ['multiAz', 'deletionProtection'] };
    expect(await undo(0, { before, output })).toMatchObject({ changed: false });
    expect(changes).toEqual([]);
  });

  test('the protection of a cluster', async () => {
    let DeletionProtection = false;
    const { dependencies, changes } = fakeAws({
      DescribeDBClusters: () => ({
        DBClusters: [{ DBClusterIdentifier: 'c', Status: 'available', DeletionProtection, TagList: ours }],
      }),
    });
    const undo = undoOf(configureClusterImplementation, dependencies, { clusterId: 'c' });
    await expect(undo(0)).rejects.toMatchObject(again(/a change of c/));
    DeletionProtection = true;
    expect(await undo(2)).toMatchObject({ changed: true });
    expect(changes).toEqual(['ModifyDBCluster']);
    DeletionProtection = false;
    expect(await undo(SETTLED + 1)).toMatchObject({ changed: false });
  });

  test('the removal of the ingress rules: they are not forgotten before', async () => {
    const rule = { IpProtocol: 'tcp', FromPort: 5432, ToPort: 5432, IpRanges: [{ CidrIp: '10.0.0.0/8' }] };
    let rules = [rule];
    const { dependencies, changes } = fakeAws({
      DescribeDBInstances: () => ({
        DBInstances: [{ DBInstanceIdentifier: 'b', VpcSecurityGroups: [{ VpcSecurityGroupId: 'sg-1' }] }],
      }),
      DescribeSecurityGroups: () => ({
        SecurityGroups: [
          {
            ...{ GroupId: 'sg-1', IpPermissions: rules },
            Tags: [
              ...ours,
              {
                Key: 'runbooks:removed-0',
                Value: Buffer.from(JSON.stringify([rule])).toString('base64url'),
              },
            ],
          },
        ],
      }),
      AuthorizeSecurityGroupIngress: () => void (rules = [rule]),
    });
    const undo = undoOf(fenceDatabaseImplementation, dependencies, { site: 'primary', databaseId: 'b' });
    await expect(undo(0)).rejects.toMatchObject(again(/a removal of rules of b/));
    rules = [];
    await expect(undo(2)).rejects.toMatchObject({ type: 'NotYet' });
    expect(changes).toEqual(['AuthorizeSecurityGroupIngress']);
    expect(await undo(SETTLED + 1)).toMatchObject({ changed: true, facts: { rulesGivenBack: 1 } });
    expect(changes).toEqual(['AuthorizeSecurityGroupIngress', 'DeleteTags']);
  });

  test('a snapshot of the database for a backup', async () => {
    let there: object[] = [];
    const { dependencies, changes } = fakeAws({ DescribeDBSnapshots: () => ({ DBSnapshots: there }) });
    const site = { region, database: { id: 'bitbucket' } };
    const undo = undoOf(captureDatabaseImplementation, dependencies, { site, backup: 'b-20261126T010203Z' });
    await expect(undo(0)).rejects.toMatchObject(again(/the snapshot runbooks-b-/));
    there = [{ DBSnapshotIdentifier: 'runbooks-b-20261126t010203z', Status: 'available', TagList: ours }];
    expect(await undo(2)).toMatchObject({ changed: true });
    expect(changes).toEqual(['DeleteDBSnapshot']);
    there = [];
    expect(await undo(4)).toMatchObject({ changed: false });
  });

  test('a copy beside one that was found already', async () => {
    const copy = (id: string, volume: string) => ({
      ...{ SnapshotId: id, State: 'pending' },
      Tags: [...ours, { Key: TAGS.backup, Value: 'b-1' }, { Key: TAGS.volume, Value: volume }],
    });
    let there = [copy('snap-1', 'home')];
    const { dependencies, changes } = fakeAws({
      DescribeSnapshots: () => ({ Snapshots: there }),
      DeleteSnapshot: () => void (there = []),
    });
    const member = (name: string) => ({ kind: 'ebs', name, id: `snap-of-${name}` });
    const undo = undoOf(copyBackupImplementation, dependencies, {
      ...{ backup: 'b-1', from: 'eu-central-1', members: [member('home'), member('store')] },
      to: { site: 'standby', region: 'eu-west-1', kmsKeyId: null },
    });
    await expect(undo(0)).rejects.toMatchObject(again(/copies of b-1/));
    there = [copy('snap-2', 'store')];
    await expect(undo(2)).rejects.toMatchObject({ type: 'NotYet' });
    expect(changes).toEqual(['DeleteSnapshot', 'DeleteSnapshot']);
    expect(await undo(SETTLED + 1)).toMatchObject({ facts: { deleted: '' } });
    there = [];
    expect(await undo(0, { output: { members: [], account: '' } })).toMatchObject({ changed: false });
  });

  const grouped = (numbers: readonly [number, number, number], suspended: readonly string[] = []) => ({
    ...{
      AutoScalingGroupName: 'nodes',
      MinSize: numbers[0],
      MaxSize: numbers[1],
      DesiredCapacity: numbers[2],
    },
    SuspendedProcesses: suspended.map((ProcessName) => ({ ProcessName })),
  });
  const full = [1, 2, 2] as const;
  const empty = [0, 0, 0] as const;

  test.each([
    [
      'the numbers of the fence',
      fenceNodesImplementation,
      grouped(full),
      grouped(empty),
      'UpdateAutoScalingGroup',
    ],
    [
      'a node that is started',
      startNodeImplementation,
      grouped(full),
      grouped([2, 3, 3]),
      'UpdateAutoScalingGroup',
    ],
    [
      'what keeps users out',
      keepUsersOutImplementation,
      grouped(full),
      grouped(full, ['AddToLoadBalancer']),
      'ResumeProcesses',
    ],
  ] as const)('%s', async (_what, implement, former, changed, call) => {
    let group = former;
    const { dependencies, changes } = fakeAws({
      DescribeAutoScalingGroups: () => ({ AutoScalingGroups: [group] }),
      UpdateAutoScalingGroup: () => void (group = former),
      ResumeProcesses: () => void (group = former),
    });
    const undo = undoOf(implement, dependencies, { site: 'primary', autoScalingGroup: 'nodes' });
    const before = { minimum: 1, maximum: 2, desired: 2, launchSuspended: false, suspended: false };
    await expect(undo(0, { before })).rejects.toMatchObject(again(/a change of nodes/));
    expect(changes).toEqual([]);
    group = changed;
    expect(await undo(2, { before })).toMatchObject({ changed: true });
    expect(changes).toEqual([call]);
    expect(await undo(SETTLED + 1, { before })).toMatchObject({ facts: expect.anything() });
    expect(changes).toEqual([call]);
  });
});
