import { keyProblems } from '../../../../workflows/plan/backup/key-problems';
import { productProblems } from '../../../../workflows/plan/backup/product-problems';
import type { BackupPlan } from '../../../../workflows/plan/instance';

const product = (version: string | null, meshNodes: number | null) => ({
  ...{ version, projects: 1, repositories: 2, meshNodes, unknown: [] },
});
const codes = (problems: readonly { code: string; consent?: string }[]) =>
  problems.map(({ code, consent }) => (consent === undefined ? code : `${code} unless ${consent}`));

test.each([
  [0, undefined, []],
  [0, 'elsewhere', []],
  [2, undefined, ['meshNotCovered']],
  [2, 'elsewhere', []],
  // Unknown is not none.
  [null, undefined, ['meshUnknown unless unknownMesh']],
  [null, 'elsewhere', []],
] as const)('%j Mesh nodes, the estate says %j: %j', (nodes, mesh, expected) => {
  expect(codes(productProblems(product('9.4.1', nodes), 'zeroDowntime', mesh))).toEqual(expected);
});

test.each([
  ['4.7.9', 'zeroDowntime', ['versionTooOld']],
  ['3.11.0', 'zeroDowntime', ['versionTooOld']],
  ['4.7.9', 'locked', []],
  ['4.8.0', 'zeroDowntime', []],
  ['10.0.0', 'zeroDowntime', []],
  [null, 'zeroDowntime', []],
] as const)('version %j, %s: %j', (version, mode, expected) => {
  expect(codes(productProblems(product(version, 0), mode, undefined))).toEqual(expected);
});

describe('an encrypted database', () => {
  const plan: BackupPlan = {
    store: { bucket: 'b', region: 'eu-north-1', prefix: 'runbooks/' },
    copies: [{ site: 'frankfurt' }, { site: 'dublin' }, { site: 'paris', kmsKeyId: 'alias/paris' }],
  };

  test('needs a key wherever it is copied to: not where it is, nor where the estate names one', () => {
    const problems = keyProblems(true, plan, 'frankfurt');
    expect(codes(problems)).toEqual(['noKey']);
    expect(problems[0]?.remedy).toContain('kmsKeyId of the copy to dublin');
  });

  test('that is none needs no key', () => {
    expect(keyProblems(false, plan, 'frankfurt')).toEqual([]);
  });
});
