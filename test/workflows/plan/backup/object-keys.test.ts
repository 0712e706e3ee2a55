import {
  copyKey,
  deletionKey,
  isDeletedByName,
  verificationKey,
} from '../../../../workflows/plan/backup/object-keys';

const STORE = { bucket: 'b', region: 'eu-west-1', prefix: 'p/' };
const ROOT = 'p/i/b/';
const RUNS = ['01a1ffaa-4dd6-736b-9fd3-2942638acbc2', '01a1ffaa-4dd6-736b-9fd3-2942638acbc3'];
const place = (region: string) => ({ region, account: '123456789012' });
const below = (key: string): string => key.slice(ROOT.length);
const copied = (region: string, run = 0) =>
  below(copyKey(STORE, 'i', 'b', { ...place(region), runId: RUNS[run]! }));
const tried = (region: string) =>
  below(verificationKey(STORE, 'i', 'b', { ...place(region), runId: RUNS[0]! }));
const deleted = (region: string, o: { readonly orphan?: boolean; readonly token?: string } = {}) =>
  below(
    deletionKey(STORE, 'i', 'b', {
      ...{ ...place(region), stamp: '20261121T160000Z', orphan: false, token: '0123456789ab' },
      ...o,
    }),
  );
const HOME = 'eu-central-1';
const AWAY = 'eu-west-1';
const MANIFEST = 'manifest.json';

test.each([
  ['wherever it was', [MANIFEST, copied(AWAY), deleted(HOME), deleted(AWAY)]],
  ['with a trial on record', [MANIFEST, copied(AWAY), tried(AWAY), deleted(HOME), deleted(AWAY)]],
  ['where it had never been copied', [MANIFEST, deleted(HOME)]],
  [
    'also where it was copied a second time',
    [MANIFEST, copied(AWAY), copied(AWAY, 1), deleted(HOME), deleted(AWAY), deleted(AWAY, { token: 'ba' })],
  ],
  ['after it was brought back home', [MANIFEST, copied(HOME), deleted(HOME), deleted(HOME, { token: 'ba' })]],
])('the names say that it is over: deleted %s', (_what, names) => {
  expect(isDeletedByName(names)).toBe(true);
});

test.each([
  ['nothing was deleted', [MANIFEST, copied(AWAY)]],
  ['only the copy was', [MANIFEST, copied(AWAY), deleted(AWAY)]],
  ['only the original was', [MANIFEST, copied(AWAY), deleted(HOME)]],
  ['it was copied anew since', [MANIFEST, copied(AWAY), copied(AWAY, 1), deleted(HOME), deleted(AWAY)]],
  ['what was deleted was no copy that anybody knew', [MANIFEST, deleted(AWAY, { orphan: true })]],
  ['there is no manifest', [deleted(HOME)]],
  ['there is something that nobody knows', [MANIFEST, deleted(HOME), 'records/later.json']],
  ['it was brought back home', [MANIFEST, copied(HOME), deleted(HOME)]],
])('in doubt they do not: %s', (_what, names) => {
  expect(isDeletedByName(names)).toBe(false);
});
