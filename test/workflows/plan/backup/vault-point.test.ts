import type { Instance } from '../../../../workflows/plan/instance';
import type { Place } from '../../../../workflows/plan/backup/manifest';
import type { PointMember, RestorePoint } from '../../../../workflows/plan/backup/restore-point';
import { chooseVaultPoint, membersInVault } from '../../../../workflows/plan/backup/vault-point';
import { choosePoint, describePoints } from '../../../../workflows/plan/restore/choose-point';
import { manifest, point, THERE } from './points';

const VAULT: Place = { site: 'archive', region: THERE.region, account: '210987654321', vault: true };
const MEMBERS: readonly PointMember[] = [
  { kind: 'ebs', name: 'home', id: 'snap-9', status: 'completed' },
  { kind: 'rds', name: 'database', id: 'db-9', status: 'available' },
];
const stored = point('2026-11-20T10:00:00Z', { place: VAULT, members: MEMBERS });
const { backup } = stored;
const vault = {
  name: 'archive',
  site: 'standby',
  account: VAULT.account,
  role: 'arn:aws:iam::210987654321:role/b',
  kmsKeyId: 'k',
};
const subject = {
  sites: [{ name: 'standby', region: THERE.region }],
  backup: { vaults: [vault], copies: [{ site: 'standby', kmsKeyId: 'ours' }] },
} as unknown as Pick<Instance, 'backup' | 'sites'>;

function problemOf(points: readonly RestorePoint[], from?: string): string {
  const choice = chooseVaultPoint(points, { backup, from }, subject);
  return 'problem' in choice ? choice.problem.code : 'chosen';
}

test('the whole copy in the vault is chosen, with the site that it can be copied back to', () => {
  const choice = chooseVaultPoint([stored], { backup }, subject);
  expect(choice).toMatchObject({ vault, site: { name: 'standby' }, kmsKeyId: 'ours' });
});

test('what cannot be fetched is refused with the reason', () => {
  const here = { ...stored, place: THERE };
  const second = { ...stored, place: { ...VAULT, site: 'cellar', account: '3' } };
  expect(problemOf([])).toBe('notInVault');
  expect(problemOf([here])).toBe('notInVault');
  expect(problemOf([stored], 'cellar')).toBe('notInVault');
  expect(problemOf([stored, second])).toBe('severalVaults');
  expect(problemOf([stored, second], 'archive')).toBe('chosen');
  expect(problemOf([second])).toBe('unknownVault');
  expect(problemOf([{ ...stored, state: 'incomplete' }])).toBe('incompletePair');
  expect(problemOf([stored, here])).toBe('alreadyThere');
  expect(problemOf([stored, { ...here, state: 'incomplete' }])).toBe('remainsThere');
});

test('a copy of ours that somebody has deleted is no hindrance: it is what the vault is for', () => {
  const gone = MEMBERS.map((member) => ({ ...member, status: 'missing' }));
  expect(problemOf([stored, { ...stored, place: THERE, state: 'incomplete', members: gone }])).toBe('chosen');
});

test('members are named as they are called in the vault, and described as the manifest does', () => {
  expect(membersInVault(manifest(), stored)).toMatchObject([
    { kind: 'ebs', name: 'home', id: 'snap-9', sizeGiB: 5 },
    { kind: 'rds', id: 'db-9', arn: 'arn:aws:rds:eu-west-1:210987654321:snapshot:db-9' },
  ]);
});

test('nothing is restored from a vault, though it is in the region of the site', () => {
  const site = { name: 'standby', region: THERE.region, fileServer: { volumes: [{ name: 'home' }] } };
  const choice = choosePoint([stored], backup, site as unknown as Parameters<typeof choosePoint>[2]);
  expect(choice).toMatchObject({ problem: { code: 'backupElsewhere' } });
  expect(describePoints([stored], THERE.region)).toEqual([]);
});
