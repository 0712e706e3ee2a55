import { objections } from '../../../../workflows/plan/backup/objections';
import type { Doomed } from '../../../../workflows/plan/backup/objections';
import type { RestorePoint } from '../../../../workflows/plan/backup/restore-point';
import { HERE, point } from './points';

const DECIDED = '2026-11-21T12:00:00.000Z';
const MEMBER = { kind: 'ebs', name: 'home', id: 'snap-1', status: 'completed' } as const;
const old = point('2026-10-01T10:00Z', { members: [MEMBER] });
const anchor = point('2026-11-21T10:00Z');
const doomed: Doomed = {
  backup: old.backup,
  place: HERE,
  capturedAt: old.capturedAt,
  members: old.members,
  orphan: false,
  anchors: [anchor.backup],
  run: 'pruneBackups/bitbucket/1',
};

function against(more: Partial<RestorePoint>, silent: readonly string[] = []): string {
  return objections(doomed, [{ ...old, ...more }, anchor], silent, DECIDED).join('; ');
}

test('nothing stands against what is as it was', () => {
  expect(against({})).toBe('');
});

test('locks, uses, a new verification, another instant, another member and another state do', () => {
  expect(against({ locks: ['snap-1 is locked'] })).toBe('snap-1 is locked');
  expect(against({ uses: ['in use by restore/bitbucket/1'] })).toBe('in use by restore/bitbucket/1');
  const at = '2026-11-21T12:01:00.000Z';
  expect(against({ verification: { result: 'passed', at } })).toBe('its verification passed meanwhile');
  expect(against({ capturedAt: at })).toBe(`it holds another instant now: ${at}`);
  expect(against({ members: [MEMBER, { ...MEMBER, id: 'snap-2' }] })).toBe('snap-2 was no part of it before');
  expect(against({ state: 'unclear', detail: ['odd'] })).toBe('it is unclear now, odd');
});

test('a place that is silent stands against every deletion', () => {
  expect(against({}, ['eu-west-1 does not answer'])).toContain('not everything can be seen');
});

test('what is kept instead must be there', () => {
  const gone = objections(doomed, [old], [], DECIDED);
  const broken = objections(doomed, [old, { ...anchor, state: 'incomplete' }], [], DECIDED);
  for (const said of [gone, broken])
    expect(said).toEqual([
      `${anchor.backup}, which is kept instead, is not complete in primary (eu-central-1)`,
    ]);
});

test('what was begun may be finished, and what is gone may be recorded', () => {
  expect(against({ state: 'deleting' })).toBe('');
  const missing = { ...MEMBER, status: 'missing' };
  expect(against({ state: 'incomplete', members: [missing] })).toBe('');
  expect(objections(doomed, [anchor], [], DECIDED)).toEqual([]);
});

test('an orphan that has become a backup is none any more', () => {
  const was = { ...doomed, orphan: true, anchors: [] };
  expect(objections(was, [{ ...old, state: 'orphan' }], [], DECIDED)).toEqual([]);
  expect(objections(was, [old], [], DECIDED)).toEqual(['it is complete now']);
});
