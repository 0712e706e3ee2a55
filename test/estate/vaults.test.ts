import { parseEstate } from '../../estate/load';
import { pinInstance } from '../../estate/pin';
import type { Instance } from '../../workflows/plan/instance';
import { problemsOf } from '../support/estate-problems';
import { EXAMPLE as text } from '../support/example-estate';

const vaults = text.slice(text.indexOf('      vaults:'), text.indexOf('      # Where verifyBackup tries'));

/** The example with something else in its vault. */
function withVault(from: string, to: string): string {
  expect(vaults).toContain(from);
  return text.replace(vaults, vaults.replace(from, to));
}

test('a vault is pinned as it is written', () => {
  const instance: Instance = pinInstance(parseEstate(text, 'estate.yaml'), 'bitbucket-prod').instance;
  expect(instance.backup!.vaults).toMatchObject([
    { name: 'archive', site: 'dublin', account: '210987654321' },
  ]);
});

test.each([
  [
    'site: dublin',
    'site: paris',
    /vaults\[0\]\.site: no site of bitbucket-prod: write one of frankfurt, dublin/,
  ],
  ['site: dublin', 'site: frankfurt', /vaults\[0\]\.site: nothing is copied to frankfurt while another site/],
  ['name: archive', 'name: dublin', /vaults\[0\]\.name: a site has this name/],
  [
    "account: '210987654321'",
    "account: '111111111111'",
    /vaults\[0\]\.role: is a role of the account 210987654321/,
  ],
  ["account: '210987654321'", 'account: archive', /vaults\[0\]\.account: write the twelve digits/],
  ['role: arn:aws:iam::210987654321:role/', 'role: ', /vaults\[0\]\.role: write the ARN of a role/],
])('a vault that says %s → %s is refused', (from, to, expected) => {
  expect(problemsOf(withVault(from, to))).toEqual([expect.stringMatching(expected)]);
});

test('two vaults of one name are two names for one place', () => {
  const [, entry = ''] = /vaults:.*\n([\s\S]+)/.exec(vaults) ?? [];
  const problems = problemsOf(text.replace(vaults, `${vaults}${entry}`));
  expect(problems).toEqual([expect.stringMatching(/vaults\[1\]\.name: another vault has this name/)]);
});
