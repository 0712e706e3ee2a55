import { MockActivityEnvironment } from '@temporalio/testing';

import { lookForPoints } from '../../../activities/aws/retention/look-for-points';
import { VirtualClock } from '../../../lab/clock/virtual-clock';
import { startBareGateway } from '../../support/bare-gateway';
import { AwsFault } from '../../../lab/gateway/overlay';
import type { AwsCall, Overlay } from '../../../lab/gateway/overlay';
import { ec2Reply, queryReply, reply } from '../../../lab/gateway/reply';
import { TAGS } from '../../../workflows/plan/backup/manifest';
import type { BackupRecord, Manifest, Member, Place } from '../../../workflows/plan/backup/manifest';
import { backupName, databaseSnapshotName } from '../../../workflows/plan/backup/name';
import {
  copyKey,
  deletionKey,
  manifestKey,
  verificationKey,
} from '../../../workflows/plan/backup/object-keys';
import type { FoundRestorePoints, ListRestorePoints } from '../../../workflows/steps/restore-points';
import { clientsOf, dependenciesOf } from './step-driver';

const INSTANCE = 'bitbucket';
const ACCOUNT = '123456789012';
const STORE = { bucket: 'backups', region: 'eu-west-1', prefix: 'runbooks/' };
const HOME: Place = { site: 'primary', region: 'eu-central-1', account: ACCOUNT };
const AWAY: Place = { site: 'standby', region: 'eu-west-1', account: ACCOUNT };
const RUN = { workflowId: 'backup/bitbucket/1', runId: '01a1ffaa-4dd6-736b-9fd3-2942638acbc2' };
const WHERE: ListRestorePoints = {
  ...{ store: STORE, timeZone: 'UTC' },
  sites: [HOME, AWAY].map(({ site, region }) => ({ name: site!, region })),
};

/** More than a year of backups, one each two hours. */
const BACKUPS = 5000;
/** So many of the newest are there in both places. */
const KEPT = 50;
const PAGE = 1000;

/** An installation of some age, as its store and its snapshots tell of it; in memory. */
class Old {
  readonly objects = new Map<string, object>();
  private readonly snapshots: { readonly place: Place; readonly member: Member; readonly backup: string }[] =
    [];
  readonly reads: string[] = [];
  lists = 0;

  /** @returns name of the backup */
  backedUp(number: number, there: readonly Place[], deleted: readonly Place[]): string {
    const capturedAt = new Date(Date.parse('2026-11-20T00:00:00Z') - number * 7_200_000).toISOString();
    const backup = backupName(INSTANCE, capturedAt);
    const members = (place: Place): Member[] => [
      member('ebs', 'home', `snap-${place.region}-${number}`, capturedAt),
      member('rds', 'database', databaseSnapshotName(backup), capturedAt),
    ];
    const manifest: Manifest = {
      ...{ format: 1, backup, instance: INSTANCE, place: HOME, mode: 'zeroDowntime', consistency: 'frozen' },
      ...{ capturedAt, skewSeconds: 1, members: members(HOME), run: RUN, previous: null },
      product: { version: '9.4.1', projects: 2, repositories: 3 },
    };
    const copy: BackupRecord = {
      ...{ record: 'copy', backup, at: capturedAt, place: AWAY, members: members(AWAY), lockedUntil: null },
    };
    const { runId } = RUN;
    this.objects.set(manifestKey(STORE, INSTANCE, backup), manifest);
    this.objects.set(copyKey(STORE, INSTANCE, backup, { ...AWAY, runId }), copy);
    if (number % 10 === 0) {
      const trial: BackupRecord = {
        ...{ record: 'verification', backup, at: capturedAt, place: AWAY, result: 'passed' },
        ...{ durationSeconds: 60, checks: [], run: RUN },
      };
      this.objects.set(verificationKey(STORE, INSTANCE, backup, { ...AWAY, runId }), trial);
    }
    for (const place of deleted) {
      const at = new Date(Date.parse(capturedAt) + 86_400_000).toISOString();
      const gone: BackupRecord = { record: 'deletion', backup, at, place, reason: 'superseded', run: RUN };
      const name = { ...place, orphan: false, token: '0123456789ab', stamp: '20261121T000000Z' };
      this.objects.set(deletionKey(STORE, INSTANCE, backup, name), gone);
    }
    for (const place of there)
      for (const one of members(place)) this.snapshots.push({ place, member: one, backup });
    return backup;
  }

  get overlays(): readonly Overlay[] {
    return [this.s3(), this.ec2(), this.rds(), sts()];
  }

  private s3(): Overlay {
    return {
      service: 's3',
      handlers: {
        ListObjectsV2: async ({ path }) => {
          this.lists += 1;
          const { searchParams } = new URL(path, 'http://s3');
          const prefix = searchParams.get('prefix') ?? '';
          const keys = [...this.objects.keys()].filter((key) => key.startsWith(prefix)).sort();
          const from = Number(searchParams.get('continuation-token') ?? 0);
          const contents = keys
            .slice(from, from + PAGE)
            .map(
              (key) =>
                `<Contents><Key>${key}</Key><LastModified>2026-11-20T00:00:00Z</LastModified></Contents>`,
            );
          const more = from + PAGE < keys.length;
          const next = more ? `<NextContinuationToken>${from + PAGE}</NextContinuationToken>` : '';
          const body = `<ListBucketResult><IsTruncated>${more}</IsTruncated>${next}${contents.join('')}</ListBucketResult>`;
          return reply(200, 'application/xml', Buffer.from(body));
        },
        GetObject: async ({ path }) => {
          const key = new URL(path, 'http://s3').pathname
            .split('/')
            .slice(2)
            .map(decodeURIComponent)
            .join('/');
          const found = this.objects.get(key);
          if (found === undefined) throw new AwsFault('NoSuchKey', 'The specified key does not exist.', 404);
          this.reads.push(key);
          return reply(200, 'application/json', Buffer.from(JSON.stringify(found)));
        },
      },
    };
  }

  private in(call: AwsCall, kind: Member['kind']) {
    return this.snapshots.filter(
      ({ place, member: one }) => place.region === call.region && one.kind === kind,
    );
  }

  private ec2(): Overlay {
    return {
      service: 'ec2',
      handlers: {
        DescribeSnapshots: async (call) => {
          const item = this.in(call, 'ebs').map(({ member: { id }, backup }) => ({
            ...{ snapshotId: id, status: 'completed', ownerId: ACCOUNT, volumeSize: 10, encrypted: false },
            startTime: new Date(0),
            tagSet: { item: tagsOf(backup, 'home').map(({ Key, Value }) => ({ key: Key, value: Value })) },
          }));
          return ec2Reply(call, { snapshotSet: { item } });
        },
        DescribeLockedSnapshots: async (call) => ec2Reply(call, {}),
        DescribeImages: async (call) => ec2Reply(call, {}),
      },
    };
  }

  private rds(): Overlay {
    return {
      service: 'rds',
      handlers: {
        DescribeDBSnapshots: async (call) => {
          const all = this.in(call, 'rds').map(({ member: { id }, backup }) => ({
            ...{ DBSnapshotIdentifier: id, Status: 'available', SnapshotCreateTime: new Date(0) },
            TagList: { Tag: tagsOf(backup, 'database') },
          }));
          return queryReply(call, { DBSnapshots: { DBSnapshot: all } });
        },
        DescribeDBClusterSnapshots: async (call) => queryReply(call, {}),
      },
    };
  }
}

function sts(): Overlay {
  return {
    service: 'sts',
    handlers: { GetCallerIdentity: async (call) => queryReply(call, { Account: ACCOUNT }) },
  };
}

function member(kind: 'ebs' | 'rds', name: string, id: string, capturedAt: string): Member {
  return { kind, name, id, arn: null, capturedAt, sizeGiB: 10, encrypted: false, kmsKeyId: null };
}

function tagsOf(backup: string, volume: string): { Key: string; Value: string }[] {
  const tags = { [TAGS.instance]: INSTANCE, [TAGS.backup]: backup, [TAGS.volume]: volume };
  return Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
}

/** Of a server without open runs. */
const NO_RUNS = {
  withAbortSignal: (_signal: AbortSignal, work: () => unknown) => work(),
  workflow: {
    list: async function* () {
      // None.
    },
  },
};

async function look(old: Old): Promise<FoundRestorePoints> {
  const gateway = await startBareGateway(new VirtualClock(1), old.overlays);
  const clients = clientsOf(gateway.url);
  try {
    const environment = new MockActivityEnvironment({}, { client: NO_RUNS as never });
    return await environment.run(() => lookForPoints(dependenciesOf(clients), INSTANCE, WHERE));
  } finally {
    clients.destroy();
    await gateway.stop();
  }
}

test('a look reads as much of the store as there are restore points, however many there were', async () => {
  const old = new Old();
  const both = [HOME, AWAY];
  for (let number = 0; number < BACKUPS; number += 1)
    old.backedUp(number, number < KEPT ? both : [], number < KEPT ? [] : both);
  // Taken out of the recycle bin, years later; and one whose snapshots somebody has deleted by hand.
  const back = old.backedUp(BACKUPS, [HOME], both);
  const vanished = old.backedUp(BACKUPS + 1, [], []);
  const { points, silent } = await look(old);

  expect(silent).toEqual([]);
  const complete = points.filter(({ state }) => state === 'complete');
  expect(complete.length).toBe(2 * KEPT);
  expect(complete.filter(({ verification }) => verification !== null).length).toBe(KEPT / 10);
  expect(points.filter(({ backup }) => backup === back)).toMatchObject([
    {
      state: 'unclear',
      place: HOME,
      detail: [expect.stringContaining('deleted on purpose'), expect.anything()],
    },
  ]);
  expect(points.filter(({ backup }) => backup === vanished).map(({ state }) => state)).toEqual([
    ...['incomplete', 'incomplete'],
  ]);
  expect(points.length).toBe(2 * KEPT + 3);

  const objectsOf = (backup: string) => [...old.objects.keys()].filter((key) => key.includes(backup)).length;
  expect(old.reads.length).toBe(2 * KEPT + KEPT / 10 + objectsOf(back) + objectsOf(vanished));
  expect(old.lists).toBe(Math.ceil(old.objects.size / PAGE));
});
