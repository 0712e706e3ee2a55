import type { RestorePoint } from '../../../../workflows/plan/backup/restore-point';
import { asideName } from '../../../../workflows/plan/restore/aside-name';
import { choosePoint, describePoints } from '../../../../workflows/plan/restore/choose-point';
import { numbersAfter } from '../../../../workflows/plan/restore/node-numbers';
import { compareProduct, productFit } from '../../../../workflows/plan/restore/product-fit';
import type { Manifest } from '../../../../workflows/plan/backup/manifest';
import type { Site } from '../../../../workflows/plan/instance';

const member = (kind: 'ebs' | 'rds' | 'aurora' | 'search', name: string, id: string) => ({
  kind,
  name,
  id,
  status: 'ok',
});
const point = (more: Partial<RestorePoint> = {}): RestorePoint => ({
  ...{ backup: 'prod-1', capturedAt: '2026-11-21T16:00:00.000Z', since: null, state: 'complete', detail: [] },
  ...{
    place: { site: 'a', region: 'eu-central-1', account: '1' },
    sizeGiB: 1,
    mode: null,
    consistency: 'frozen',
  },
  ...{ verification: null, locks: [], uses: [] },
  periods: {} as RestorePoint['periods'],
  members: [member('ebs', 'home', 'snap-1'), member('rds', 'database', 'runbooks-prod-1')],
  ...more,
});
const site = (...volumes: string[]): Parameters<typeof choosePoint>[2] => ({
  name: 'a',
  region: 'eu-central-1',
  fileServer: { volumes: volumes.map((name) => ({ name })) } as unknown as Site['fileServer'],
  database: {},
});
const codeOf = (choice: ReturnType<typeof choosePoint>) => ('problem' in choice ? choice.problem.code : null);

test('a complete pair in the region of the site gives its snapshots by volume', () => {
  expect(choosePoint([point()], 'prod-1', site('home'))).toMatchObject({
    volumes: { home: 'snap-1' },
    database: 'runbooks-prod-1',
    databaseKind: 'rds',
  });
});

test('a snapshot of a cluster needs the name of a cluster, and tells that it is one', () => {
  const aurora = point({
    members: [member('ebs', 'home', 'snap-1'), member('aurora', 'database', 'runbooks-prod-1')],
  });
  expect(codeOf(choosePoint([aurora], 'prod-1', site('home')))).toBe('noCluster');
  expect(
    choosePoint([aurora], 'prod-1', { ...site('home'), database: { cluster: 'prod-cluster' } }),
  ).toMatchObject({ database: 'runbooks-prod-1', databaseKind: 'aurora' });
  const both = point({ members: [...aurora.members, member('rds', 'database', 'other')] });
  expect(codeOf(choosePoint([both], 'prod-1', site('home')))).toBe('unknownParts');
});

test('what cannot be restored as a whole here is refused, with the reason', () => {
  const elsewhere = point({ place: { site: 'b', region: 'eu-west-1', account: '1' } });
  const cases: [RestorePoint[], string, string[]][] = [
    [[point()], 'unknownBackup', []],
    [[elsewhere], 'backupElsewhere', ['home']],
    [[point({ state: 'pending', detail: ['snap-1 is pending'] })], 'incompletePair', ['home']],
    [[point({ state: 'incomplete', detail: ['database is missing'] })], 'incompletePair', ['home']],
    [[point({ state: 'deleting' })], 'incompletePair', ['home']],
    [[point({ state: 'unclear' })], 'incompletePair', ['home']],
    [[point()], 'volumesDiffer', ['home', 'lfs']],
    [[point({ members: [member('ebs', 'home', 'snap-1')] })], 'unknownParts', ['home']],
    [[point({ members: [...point().members, member('search', 'search', 's')] })], 'unknownParts', ['home']],
  ];
  for (const [points, code, volumes] of cases) {
    const name = code === 'unknownBackup' ? 'prod-2' : 'prod-1';
    expect(codeOf(choosePoint(points, name, site(...volumes)))).toBe(code);
  }
});

test('restore points are shown newest first, and only those of the region', () => {
  const older = point({ backup: 'prod-0', capturedAt: '2026-11-20T16:00:00.000Z', consistency: 'crash' });
  const elsewhere = point({ place: { site: 'b', region: 'eu-west-1', account: '1' } });
  expect(describePoints([older, elsewhere, point()], 'eu-central-1')).toEqual([
    ['prod-1', 'captured 2026-11-21T16:00:00.000Z; complete in a (eu-central-1); never tried by a restore'],
    [
      'prod-0',
      'captured 2026-11-20T16:00:00.000Z; complete in a (eu-central-1); not frozen while it was captured; never tried by a restore',
    ],
  ]);
});

test('the name of the former database is one that RDS takes, however long the present one is', () => {
  const at = '2026-11-21T16:00:00.123Z';
  expect(asideName('prod-db', at)).toBe('prod-db-20261121t160000z');
  for (const id of ['a'.repeat(63), `${'a'.repeat(45)}-${'b'.repeat(10)}`]) {
    const name = asideName(id, at);
    expect(name.length).toBeLessThanOrEqual(63);
    expect(name).toMatch(/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/);
  }
});

test('another version is refused; one that is not known is left to the first node', () => {
  const manifest = { backup: 'prod-1', product: { version: '8.19.4' } } as unknown as Manifest;
  expect(productFit(manifest, '9.4.1').map(({ code, consent }) => [code, consent])).toEqual([
    ['otherVersion', undefined],
  ]);
  for (const running of ['8.19.4', null]) expect(productFit(manifest, running)).toEqual([]);
  expect(productFit(null, '9.4.1')).toEqual([]);
});

test('another version or none at all is wrong, fewer is less, more is told, and unknown is neither', () => {
  const expected = { version: '8.19.4', projects: 3, repositories: 4 };
  const compare = (found: Partial<typeof expected>) => compareProduct(expected, { ...expected, ...found });
  expect(compare({})).toEqual({ less: [], fewer: [], more: [], unknown: [] });
  expect(compare({ repositories: 3 })).toMatchObject({
    ...{ less: [], fewer: ['3 repositories, the manifest says 4'] },
  });
  expect(compare({ repositories: 0 })).toMatchObject({
    ...{ less: ['0 repositories, the manifest says 4'], fewer: [] },
  });
  expect(compare({ projects: 4 })).toMatchObject({ less: [], more: ['4 projects, the manifest says 3'] });
  expect(compare({ version: '9.4.1' }).less).toEqual(['Bitbucket 9.4.1, the backup is of 8.19.4']);
  const nothing = { version: null, projects: null, repositories: null };
  const unchecked = compareProduct(nothing, expected);
  expect([unchecked.less, unchecked.more, unchecked.unknown.length]).toEqual([[], [], 3]);
});

test('the group gets its own numbers back, and the numbers of the estate where its nodes were stopped before', () => {
  const group = { minimum: 1, maximum: 4, desired: 2, suspended: [], instances: [] };
  expect(numbersAfter(group, 3)).toEqual({ minimum: 1, maximum: 4, desired: 2 });
  expect(numbersAfter({ ...group, minimum: 0, desired: 0 }, 3)).toEqual({
    minimum: 3,
    maximum: 4,
    desired: 3,
  });
  expect(numbersAfter(undefined, 2)).toEqual({ minimum: 2, maximum: 2, desired: 2 });
});
