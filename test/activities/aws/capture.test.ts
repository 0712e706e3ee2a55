import type { AwsClients } from '../../../activities/aws/clients';
import { captureVolumesImplementation } from '../../../activities/aws/ec2/capture-volumes';
import { lacksRoom } from '../../../activities/aws/ec2/snapshot-headroom';
import { captureDatabaseImplementation } from '../../../activities/aws/rds/capture-database';
import { mountAndExport } from '../../../activities/hosts/mount-home';
import { inCallScope } from '../../../activities/runbook/call-scope';
import { VirtualClock } from '../../../lab/clock/virtual-clock';
import type { Gateway } from '../../../lab/gateway/gateway';
import { startBareGateway } from '../../support/bare-gateway';
import { AwsFault } from '../../../lab/gateway/overlay';
import type { AwsCall, AwsReply } from '../../../lab/gateway/overlay';
import { ec2Reply, filters, listMembers, queryReply, structures } from '../../../lab/gateway/reply';
import { systemsManager } from '../../../lab/hosts/systems-manager/systems-manager';
import type { Site } from '../../../workflows/plan/instance';
import type { CapturedPart, CapturePart } from '../../../workflows/steps/backup';
import { FileServerWorld, REGION } from '../hosts/file-server-world';
import { StepDriver, clientsOf, context } from './step-driver';

const BACKUP = 'bitbucket-20261121T160000Z';

interface FakeSnapshot {
  readonly snapshotId: string;
  readonly volumeId: string;
  status: 'pending' | 'completed';
  readonly tags: Record<string, string>;
}

let world: FileServerWorld;
let gateway: Gateway;
let aws: AwsClients;
let snapshots: FakeSnapshot[];
/** More are refused. */
let limit: number;
/** How many mount points were frozen at each CreateSnapshots. */
let frozenAt: number[];
/** What RDS says of the instance, one look after the other; the last stays. */
let database: string[];
let databaseSnapshots: { id: string; tags: Record<string, string> }[];

beforeAll(async () => {
  world = await FileServerWorld.start({ withStore: true });
  const clock = new VirtualClock(100);
  gateway = await startBareGateway(clock);
  gateway.use(systemsManager(world.fleet, clock));
  gateway.use({ service: 'ec2', handlers: EC2 });
  gateway.use({ service: 'rds', handlers: RDS });
  aws = clientsOf(gateway.url);
  await mountAndExport(aws, { region: REGION, fileServer: world.fileServer });
});
beforeEach(() => {
  [snapshots, frozenAt, limit] = [[], [], 100];
  [database, databaseSnapshots] = [['available'], []];
});
afterAll(async () => {
  aws.destroy();
  await Promise.all([world.stop(), gateway.stop()]);
});

const VOLUMES = [
  { volumeId: 'vol-home', device: '/dev/sdf' },
  { volumeId: 'vol-store', device: '/dev/sdg' },
];

const EC2 = {
  DescribeInstances: async (call: AwsCall) =>
    ec2Reply(call, {
      reservationSet: {
        item: { instancesSet: { item: { instanceId: 'i-fileserver', rootDeviceName: '/dev/xvda' } } },
      },
    }),
  DescribeVolumes: async (call: AwsCall) =>
    ec2Reply(call, {
      volumeSet: {
        item: VOLUMES.map(({ volumeId, device }) => ({
          volumeId,
          attachmentSet: { item: { instanceId: 'i-fileserver', device, volumeId } },
        })),
      },
    }),
  DescribeSnapshots: async (call: AwsCall) => {
    const { status, ['tag:runbooks:backup']: backup } = filters(call.parameters);
    const found = snapshots
      .filter((one) => status === undefined || status.includes(one.status))
      .filter((one) => backup === undefined || backup.includes(one.tags['runbooks:backup'] ?? ''));
    return ec2Reply(call, { snapshotSet: { item: found.map(shown) } });
  },
  CreateSnapshots: async (call: AwsCall): Promise<AwsReply> => {
    frozenAt.push(world.fleet.frozen().length);
    if (snapshots.filter(({ status }) => status === 'pending').length + VOLUMES.length > limit) {
      throw new AwsFault('PendingSnapshotLimitExceeded', 'Pending snapshot limit exceeded');
    }
    const tags = tagsOf(structures(call.parameters, 'TagSpecification.1.Tag'));
    const made = VOLUMES.map(({ volumeId }): FakeSnapshot => pending(volumeId, { ...tags }));
    return ec2Reply(call, {
      snapshotSet: { item: made.map(({ status: state, ...one }) => ({ ...shown(one), state })) },
    });
  },
  CreateTags: async (call: AwsCall) => {
    const tags = tagsOf(structures(call.parameters, 'Tag'));
    for (const id of listMembers(call.parameters, 'ResourceId')) {
      Object.assign(snapshots.find(({ snapshotId }) => snapshotId === id)?.tags ?? {}, tags);
    }
    return ec2Reply(call, { return: true });
  },
};

const RDS = {
  DescribeDBInstances: async (call: AwsCall) => {
    const DBInstanceStatus = database.length > 1 ? database.shift() : database[0];
    return queryReply(call, {
      DBInstances: { DBInstance: [{ DBInstanceIdentifier: 'bitbucket-db', DBInstanceStatus }] },
    });
  },
  DescribeDBSnapshots: async (call: AwsCall) => {
    if (databaseSnapshots.length === 0) throw new AwsFault('DBSnapshotNotFound', 'none', 404);
    const DBSnapshot = databaseSnapshots.map(({ id, tags }) => ({
      ...{ DBSnapshotIdentifier: id, Status: 'creating', PercentProgress: 0 },
      TagList: { Tag: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })) },
    }));
    return queryReply(call, { DBSnapshots: { DBSnapshot } });
  },
  CreateDBSnapshot: async (call: AwsCall) => {
    const id = String(call.parameters.DBSnapshotIdentifier);
    const tags = tagsOf(structures(call.parameters, 'Tags'));
    databaseSnapshots.push({ id, tags });
    return queryReply(call, { DBSnapshot: { DBSnapshotIdentifier: id, Status: 'creating' } });
  },
};

function pending(volumeId: string, tags: Record<string, string> = {}): FakeSnapshot {
  const snapshotId = `snap-${String(snapshots.length + 1).padStart(8, '0')}`;
  const made: FakeSnapshot = { snapshotId, volumeId, status: 'pending', tags };
  snapshots.push(made);
  return made;
}

function shown({ tags, ...one }: Omit<FakeSnapshot, 'status'>): object {
  const item = Object.entries(tags).map(([key, value]) => ({ key, value }));
  return { ...one, startTime: '2026-11-21T16:00:00.000Z', tagSet: { item } };
}

function tagsOf(tags: readonly Readonly<Record<string, string>>[]): Record<string, string> {
  return Object.fromEntries(tags.map(({ Key = '', Value = '' }) => [Key, Value]));
}

const input = (): CapturePart => ({
  site: {
    region: REGION,
    fileServer: world.fileServer,
    database: { id: 'bitbucket-db' },
  } as Site,
  backup: BACKUP,
  freezeLimitSeconds: 60,
});
const dependencies = () => ({ ...world.dependencies, aws });
const volumes = () =>
  new StepDriver<CapturePart, CapturedPart>(
    captureVolumesImplementation(dependencies()),
    context('captureVolumes'),
  );

describe('the volumes', () => {
  it('are frozen together, captured by one call, thawed, and named after the estate', async () => {
    const driver = volumes();
    const { check, first, second } = await driver.twice(input());
    expect(check).toMatchObject({ state: 'needed', problems: [] });
    expect(first.output).toMatchObject({
      members: [
        { kind: 'ebs', name: 'home' },
        { kind: 'ebs', name: 'store' },
      ],
      consistency: 'frozen',
    });
    expect(second.output).toEqual(first.output);
    expect(frozenAt).toEqual([2]);
    expect(world.fleet.frozen()).toEqual([]);
    expect(snapshots.map(({ volumeId, tags }) => [volumeId, tags['runbooks:volume']])).toEqual([
      ['vol-home', 'home'],
      ['vol-store', 'store'],
    ]);
  });

  it('are not frozen again while the limit that refused the call is still reached', async () => {
    const others = [pending('vol-a'), pending('vol-b'), pending('vol-c')];
    limit = 4;
    const notes = {};
    const attempt = () =>
      inCallScope(
        {
          signal: new AbortController().signal,
          count: () => undefined,
          confirmLease: () => Promise.resolve(),
          notes,
        },
        () => volumes().runOnce(input()),
      );
    await expect(attempt()).rejects.toMatchObject({
      type: 'NotYet',
      message: expect.stringContaining('PendingSnapshotLimitExceeded'),
    });
    expect(world.fleet.frozen()).toEqual([]);
    for (let again = 0; again < 2; again += 1) {
      await expect(attempt()).rejects.toMatchObject({
        type: 'NotYet',
        message: expect.stringMatching(/3 snapshots of the account are pending.*nothing is frozen/),
      });
    }
    expect(frozenAt).toEqual([2]);
    others.forEach((one) => (one.status = 'completed'));
    expect(await attempt()).toMatchObject({ consistency: 'frozen' });
    expect(frozenAt).toEqual([2, 2]);
  });

  it('are not frozen while one of them has as many pending snapshots as it may have', async () => {
    for (let n = 0; n < 5; n += 1) pending('vol-store');
    await expect(volumes().runOnce(input())).rejects.toMatchObject({
      type: 'NotYet',
      message: expect.stringContaining('5 snapshots of vol-store are pending, of 5 that AWS allows'),
    });
    expect(frozenAt).toEqual([]);
  });
});

test.each([
  ['a slow volume takes one', ['a'], [{ id: 'a', type: 'st1' }], undefined, /1 snapshots of a are pending/],
  ['a fast one takes more', ['a'], [{ id: 'a', type: 'gp3' }], undefined, null],
  [
    'as many as at the refusal',
    ['x', 'y'],
    [{ id: 'a', type: 'gp3' }],
    { of: 'account', pending: 2 },
    /at 2/,
  ],
  ['fewer than at the refusal', ['x'], [{ id: 'a', type: 'gp3' }], { of: 'account', pending: 2 }, null],
  ['of the volume only', ['a', 'x'], [{ id: 'a', type: 'gp3' }], { of: 'volumes', pending: 2 }, null],
] as const)('room for a snapshot: %s', (_what, ids, of, refusal, expected) => {
  const why = lacksRoom(
    ids.map((VolumeId) => ({ VolumeId })),
    of,
    refusal,
  );
  if (expected === null) expect(why).toBeNull();
  else expect(why).toMatch(expected);
});

it('a database snapshot that a former attempt began is seen to have begun, before a stale `available` ends the wait', async () => {
  const step = captureDatabaseImplementation(dependencies());
  const about = {
    ...context('captureDatabase'),
    pace: { expectedSeconds: 1, fastestSeconds: 0.05, slowestSeconds: 1 },
  };
  const driver = new StepDriver<CapturePart, CapturedPart>(step, about);
  // Dies after the call: nobody has seen the instance in `backing-up`.
  database = ['available', 'backing-up'];
  await driver.runOnce(input());
  database = ['available', 'available', 'available', 'backing-up', 'backing-up', 'available'];
  const output = await driver.runOnce(input());
  expect(database).toEqual(['backing-up', 'available']);
  await expect(driver.verifyOnce(input(), output)).rejects.toMatchObject({ type: 'NotYet' });
  expect((await driver.verifyOnce(input(), output)).facts).toMatchObject({ database: 'available' });
  expect(databaseSnapshots).toHaveLength(1);
});
