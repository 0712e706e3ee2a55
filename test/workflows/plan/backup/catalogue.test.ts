import { makeCatalogue } from '../../../../workflows/plan/backup/catalogue';
import type { CatalogueInput, StoredBackup } from '../../../../workflows/plan/backup/catalogue';
import { TAGS } from '../../../../workflows/plan/backup/manifest';
import type { DeletionRecord, VerificationRecord } from '../../../../workflows/plan/backup/manifest';
import { copyRecord, HERE, manifest, snapshot, THERE } from './points';

const PAIR = [snapshot('ebs', 'snap-1'), snapshot('rds', 'db-1')];
const RUN = { workflowId: 'pruneBackups/bitbucket/1', runId: '1' };

function stored(more: Partial<StoredBackup> = {}): StoredBackup {
  return {
    backup: 'b-1',
    manifest: manifest(),
    sha256: 'abc',
    writtenAt: '2026-11-20T10:30:00Z',
    records: [],
    unreadable: [],
    ...more,
  };
}

function look(more: Partial<CatalogueInput> = {}) {
  return makeCatalogue({
    places: [HERE, THERE],
    snapshots: PAIR,
    stored: [stored()],
    uses: [],
    openRuns: new Set(),
    timeZone: 'UTC',
    ...more,
  });
}

function only(more: Partial<CatalogueInput> = {}) {
  const { points } = look(more);
  expect(points).toHaveLength(1);
  return points[0]!;
}

const deletion: DeletionRecord = {
  record: 'deletion',
  backup: 'b-1',
  at: '2026-11-20T12:00:00Z',
  place: HERE,
  reason: 'retention',
  run: RUN,
};

function verification(result: 'passed' | 'failed', at: string): VerificationRecord {
  return {
    record: 'verification',
    backup: 'b-1',
    at,
    place: HERE,
    result,
    durationSeconds: 60,
    checks: [],
    run: RUN,
  };
}

test('a pair is complete when all that its manifest names is there', () => {
  expect(only()).toMatchObject({
    state: 'complete',
    detail: [],
    capturedAt: '2026-11-20T10:00:00.000Z',
    sizeGiB: 10,
  });
});

test('a pair that lacks a member is incomplete, and says which', () => {
  expect(only({ snapshots: PAIR.slice(0, 1) })).toMatchObject({
    state: 'incomplete',
    detail: ['database (db-1) is missing'],
  });
  expect(only({ snapshots: [] })).toMatchObject({ state: 'incomplete' });
});

test('a member under way makes the pair pending, a failed one broken, an unknown word unclear', () => {
  const with2 = (condition: 'pending' | 'broken' | 'unclear', status: string) =>
    only({ snapshots: [PAIR[0]!, snapshot('rds', 'db-1', { condition, status })] });
  expect(with2('pending', 'creating')).toMatchObject({ state: 'pending', detail: ['db-1 is creating'] });
  expect(with2('broken', 'failed')).toMatchObject({ state: 'broken', detail: ['db-1 is failed'] });
  expect(with2('unclear', 'recoverable')).toMatchObject({
    state: 'unclear',
    detail: ['db-1 is recoverable'],
  });
});

test('snapshots without a manifest are orphans, unless the run that makes them is open', () => {
  expect(only({ stored: [] })).toMatchObject({ state: 'orphan', detail: ['no manifest was ever written'] });
  const made = PAIR.map((one) => ({ ...one, tags: { ...one.tags, [TAGS.run]: 'backup/bitbucket/2' } }));
  const open = only({ stored: [], snapshots: made, openRuns: new Set(['backup/bitbucket/2']) });
  expect(open).toMatchObject({ state: 'pending', detail: ['backup/bitbucket/2 is at work on it'] });
});

test('a pair whose manifest was lost or changed is nobody’s to delete', () => {
  const marked = PAIR.map((one) => ({ ...one, tags: { ...one.tags, [TAGS.manifest]: 'abc' } }));
  expect(only({ stored: [], snapshots: marked }).state).toBe('unclear');
  expect(only({ snapshots: marked }).state).toBe('complete');
  expect(only({ snapshots: marked, stored: [stored({ sha256: 'def' })] }).state).toBe('unclear');
  expect(only({ stored: [stored({ unreadable: ['records/1.json is no JSON'] })] }).state).toBe('unclear');
});

test('a copy is a restore point of its own, by its own record', () => {
  const copies = [snapshot('ebs', 'snap-2', { place: THERE }), snapshot('rds', 'db-1', { place: THERE })];
  const told = look({ snapshots: [...PAIR, ...copies], stored: [stored({ records: [copyRecord()] })] });
  expect(told.points.map(({ place, state }) => [place.site, state])).toEqual([
    ['primary', 'complete'],
    ['standby', 'complete'],
  ]);
  const untold = look({ snapshots: [...PAIR, ...copies] });
  expect(untold.points[1]).toMatchObject({ state: 'orphan', detail: ['a copy that no record tells of'] });
});

test('what is being copied is in use where it is copied from', () => {
  const copy = snapshot('ebs', 'snap-2', { place: THERE, condition: 'pending', status: 'pending' });
  const [source, target] = look({ snapshots: [...PAIR, copy] }).points;
  expect(source!.uses).toEqual(['being copied to standby (eu-west-1)']);
  expect(target!.state).toBe('pending');
});

test('a tag of use counts while its run is open', () => {
  const used = PAIR.map((one) => ({ ...one, tags: { ...one.tags, [TAGS.usedBy]: 'restore/bitbucket/1' } }));
  expect(only({ snapshots: used }).uses).toEqual([]);
  expect(only({ snapshots: used, openRuns: new Set(['restore/bitbucket/1']) }).uses).toEqual([
    'in use by restore/bitbucket/1',
  ]);
});

test('an open run that names no backup uses all of them', () => {
  expect(only({ uses: [{ workflowId: 'restore/bitbucket/1', backup: null }] }).uses).toHaveLength(1);
  expect(only({ uses: [{ workflowId: 'restore/bitbucket/1', backup: 'b-2' }] }).uses).toHaveLength(0);
});

test('the last verification in the place counts', () => {
  const records = [
    verification('passed', '2026-11-20T13:00:00Z'),
    verification('failed', '2026-11-20T12:00:00Z'),
  ];
  expect(only({ stored: [stored({ records })] }).verification?.result).toBe('passed');
  const elsewhere = records.map((one) => ({ ...one, place: THERE }));
  expect(only({ stored: [stored({ records: elsewhere })] }).verification).toBeNull();
});

test('locks and machine images are told per snapshot', () => {
  const locked = snapshot('ebs', 'snap-1', { lock: 'until 2027 (governance)', images: ['ami-1'] });
  expect(only({ snapshots: [locked, PAIR[1]!] }).locks).toEqual([
    'snap-1 is locked until 2027 (governance)',
    'snap-1 is used by the image ami-1',
  ]);
});

test('what was deleted on purpose is gone, and once it is back it is left to people', () => {
  const records = [deletion];
  expect(look({ snapshots: [], stored: [stored({ records })] }).points).toEqual([]);
  expect(only({ stored: [stored({ records })] }).state).toBe('unclear');
  const anew = { ...copyRecord(), place: HERE, members: manifest().members, at: '2026-11-20T14:00:00Z' };
  expect(only({ stored: [stored({ records: [...records, anew] })] }).state).toBe('complete');
});

test('a deletion that was begun is told from damage', () => {
  const begun = { ...PAIR[0]!, tags: { ...PAIR[0]!.tags, [TAGS.deleting]: RUN.workflowId } };
  expect(only({ snapshots: [begun] }).state).toBe('deleting');
});

test('what somebody else deletes is damage, and no deletion of ours that is to be finished', () => {
  const leaving = snapshot('rds', 'db-1', { condition: 'leaving', status: 'deleting' });
  expect(only({ snapshots: [PAIR[0]!, leaving] })).toMatchObject({
    state: 'incomplete',
    detail: ['database (db-1) is being deleted by somebody else'],
  });
  const ours = { ...leaving, tags: { ...leaving.tags, [TAGS.deleting]: RUN.workflowId } };
  expect(only({ snapshots: [PAIR[0]!, ours] }).state).toBe('deleting');
});

test('foreign snapshots, second ones and unseen places are told', () => {
  const foreign = snapshot(
    'rds',
    'pre-failover',
    {},
    { [TAGS.backup]: '', [TAGS.run]: 'drFailover/bitbucket/1' },
  );
  const second = snapshot('ebs', 'snap-9');
  const far = { site: null, region: 'us-east-1', account: '999999999999' };
  const seen = look({
    snapshots: [...PAIR, foreign, second],
    stored: [stored({ records: [copyRecord({ place: far })] })],
  });
  expect(seen.ignored).toEqual([
    'pre-failover in primary (eu-central-1): made by drFailover/bitbucket/1, part of no backup',
    'snap-9: a further snapshot of b-1 in primary (eu-central-1)',
  ]);
  expect(seen.unseen).toEqual(['us-east-1/999999999999']);
});

test('a restore point without a readable time is unclear', () => {
  const [timeless] = [snapshot('ebs', 'snap-1', {}, { [TAGS.capturedAt]: 'yesterday' })];
  expect(only({ stored: [], snapshots: [timeless] })).toMatchObject({ state: 'unclear', capturedAt: '' });
});

test('without the store a pair is judged by its own tags', () => {
  const tags = { [TAGS.manifest]: 'abc', [TAGS.members]: 'home' };
  const marked = PAIR.map((one) => ({ ...one, tags: { ...one.tags, ...tags } }));
  expect(only({ stored: null, snapshots: marked })).toMatchObject({
    state: 'complete',
    detail: ['by its tags alone'],
  });
  expect(only({ stored: null, snapshots: marked.slice(0, 1) }).state).toBe('unclear');
  expect(only({ stored: null }).state).toBe('unclear');
});

test('members of a kind that nobody looks for leave the restore point to people', () => {
  const members = [...manifest().members, { ...manifest().members[0]!, kind: 'search' as const, id: 's-1' }];
  expect(only({ stored: [stored({ manifest: manifest({ members }) })] }).state).toBe('unclear');
});

test('what a run that failed has left without a time is dated by its snapshots', () => {
  const [left] = PAIR.map(({ tags, ...one }) => ({
    ...one,
    tags: { ...tags, [TAGS.capturedAt]: undefined! },
  }));
  expect(only({ stored: [], snapshots: [left!] })).toMatchObject({
    state: 'orphan',
    capturedAt: '2026-11-20T10:00:00.000Z',
  });
});

test('a tag with a space in it is a name like any other', () => {
  expect(
    only({ stored: [], snapshots: [snapshot('ebs', 'snap-1', {}, { [TAGS.backup]: 'before the move' })] }),
  ).toMatchObject({
    backup: 'before the move',
    state: 'orphan',
  });
});
