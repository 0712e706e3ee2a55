import { makeCatalogue } from '../../../../workflows/plan/backup/catalogue';
import type { BackupRecord } from '../../../../workflows/plan/backup/manifest';
import { searchSnapshotName } from '../../../../workflows/plan/backup/name';
import { isMadeAt, searchRemains } from '../../../../workflows/plan/backup/search-remains';
import type { RestorePoint } from '../../../../workflows/plan/backup/restore-point';
import { wholeSnapshot } from '../../../../workflows/plan/backup/whole-snapshot';
import type { ListedSnapshot } from '../../../../workflows/steps/search';
import { copyRecord, HERE, manifest, point, snapshot, THERE } from './points';

const RUN = { workflowId: 'backup/bitbucket/1', runId: '1' };
const HELD = {
  ...{ name: 'runbooks-b-1', repository: 'snapshots', index: 'bitbucket-search-v1' },
  ...{ capturedAt: '2026-11-20T10:00:00.000Z', shards: 2, documents: 7 },
};
const ended = {
  name: 'runbooks-b-1',
  state: 'SUCCESS',
  failures: [],
  capturedAt: HELD.capturedAt,
  shards: 2,
};

test('only a snapshot of every shard is worth a record; any other says why not', () => {
  const whole = wholeSnapshot(HELD, { documents: 7 }, ended);
  expect(whole).toEqual({ snapshot: HELD });
  for (const state of ['PARTIAL', 'FAILED', 'INCOMPATIBLE', 'SOMETHING_NEW']) {
    const found = wholeSnapshot(HELD, { documents: 7 }, { ...ended, state, failures: ['shard 1: gone'] });
    expect(found).toEqual({ why: `the snapshot runbooks-b-1 ended ${state}: shard 1: gone` });
  }
  expect(wholeSnapshot(HELD, { documents: 7 }, { ...ended, failures: ['shard 1: gone'] })).toHaveProperty(
    'why',
  );
});

test('names of snapshots have no capital letters, and begin alike for an instance', () => {
  const name = searchSnapshotName('bitbucket-prod-20261121T160000Z');
  expect(name).toBe('runbooks-bitbucket-prod-20261121t160000z');
  expect(name.startsWith(searchSnapshotName('bitbucket-prod-'))).toBe(true);
});

test('a restore point tells of the index at its place of origin; the index makes nothing whole, and brings nothing back', () => {
  const search: BackupRecord = {
    ...{ record: 'search', backup: 'b-1', at: '2026-11-20T13:00:00Z', place: HERE },
    ...{ snapshot: HELD, run: RUN },
  };
  const look = (records: readonly BackupRecord[], snapshots: readonly ReturnType<typeof snapshot>[]) =>
    makeCatalogue({
      ...{ places: [HERE, THERE], snapshots, uses: [], openRuns: new Set<string>(), timeZone: 'UTC' },
      stored: [
        {
          ...{ backup: 'b-1', manifest: manifest(), sha256: 'abc', writtenAt: '2026-11-20T10:30:00Z' },
          ...{ records, unreadable: [] },
        },
      ],
    }).points;
  const pair = [snapshot('ebs', 'snap-1'), snapshot('rds', 'db-1')];
  const copy = [snapshot('ebs', 'snap-2', { place: THERE }), snapshot('rds', 'db-1', { place: THERE })];
  const copied = copyRecord();
  expect(
    look([search, copied], [...pair, ...copy]).map((one) => [one.place.site, one.state, one.search]),
  ).toEqual([
    ['primary', 'complete', HELD],
    ['standby', 'complete', undefined],
  ]);
  expect(look([search], pair.slice(0, 1))[0]?.state).toBe('incomplete');
  // Its record may come after the deletion of the pair: that is no copy made anew.
  const deletion: BackupRecord = {
    ...{ record: 'deletion', backup: 'b-1', at: '2026-11-20T12:00:00Z', place: HERE },
    ...{ reason: 'retention', run: RUN },
  };
  expect(look([search, deletion], [])).toEqual([]);
});

test('a snapshot of the index is left over when no restore point of its region needs it, and not before a day', () => {
  const listed = (backup: string | null, startedAt: string) => ({
    ...{ name: `runbooks-${backup}-${startedAt}`, backup, startedAt },
  });
  const asOf = '2026-11-21T12:00:00.000Z';
  const old = '2026-11-19T10:00:00.000Z';
  const points = [
    point('2026-11-19T10:00:00Z', { backup: 'kept' }),
    point('2026-11-19T10:00:00Z', { backup: 'copied', place: THERE }),
  ];
  const all = [
    listed('kept', old),
    listed('copied', old),
    listed(null, '2026-11-18T10:00:00.000Z'),
    listed('young', '2026-11-21T11:00:00.000Z'),
  ];
  const remains = searchRemains(all, points, { region: HERE.region, asOf });
  expect(remains.map(({ backup }) => backup)).toEqual([null, 'copied']);
});

describe('where sites share a snapshot repository, a snapshot goes through the server of the site that made it', () => {
  const older: ListedSnapshot = { name: HELD.name, backup: 'b-1', startedAt: '2026-11-19T10:00:00.000Z' };
  const original = point('2026-11-19T10:00:00Z', { backup: 'b-1' });
  const copy = { ...original, place: THERE };
  const vault = {
    ...original,
    place: { ...HERE, account: '210987654321', site: null, vault: true as const },
  };
  const regionsFor = (listed: ListedSnapshot, points: readonly RestorePoint[]) =>
    [HERE.region, THERE.region].filter((region) => isMadeAt(region, listed, points));

  test('as it says itself, whatever is left of the backup', () => {
    for (const points of [[original, copy], [copy], [original], []])
      expect(regionsFor({ ...older, region: HERE.region }, points)).toEqual([HERE.region]);
  });

  test('an older one, which does not say, where its record is; else where no other place has the backup', () => {
    const recorded = { ...original, search: HELD };
    expect(regionsFor(older, [recorded, copy])).toEqual([HERE.region]);
    expect(regionsFor(older, [original, copy])).toEqual([]);
    expect(regionsFor(older, [original, vault])).toEqual([]);
    expect(regionsFor(older, [original])).toEqual([HERE.region]);
    expect(regionsFor(older, [copy])).toEqual([THERE.region]);
    // Of no backup at all: whichever server is asked first.
    expect(regionsFor(older, [])).toEqual([HERE.region, THERE.region]);
  });
});
