import type { Volume } from '@aws-sdk/client-ec2';
import { judgeLayout } from '../../../activities/aws/ec2/volume-layout';
import { activeSite } from '../../../workflows/plan/backup/active-site';
import { captureTimes } from '../../../workflows/plan/backup/capture-times';
import { backupName, databaseSnapshotName } from '../../../workflows/plan/backup/name';
import type { SiteFacts } from '../../../workflows/steps/observe-site';

const volume = (id: string, device: string): Volume => ({
  VolumeId: id,
  Attachments: [{ InstanceId: 'i-1', Device: device }],
});
const site = {
  fileServer: {
    ...{ instanceId: 'i-1', sharedHome: '/home', exportPath: '/home', exportTo: '*', owner: 'bitbucket' },
    volumes: [{ name: 'home', device: '/dev/xvdf', mountPoint: '/home', type: 'gp3' }],
  },
};
const attached = [volume('vol-0', '/dev/sda1'), volume('vol-1', '/dev/sdf'), volume('vol-2', '/dev/sdg')];
const mounted = { states: { home: 'mounted' }, serials: { home: 'vol1' }, others: [], unthawed: [] };

test('the root and what the estate does not name are left out of the snapshot', () => {
  const { volumes, unlisted, problems } = judgeLayout(site, attached, '/dev/sda1', mounted);
  expect([volumes, unlisted, problems]).toEqual([{ home: 'vol-1' }, ['vol-2'], []]);
});

test.each([
  ['another volume than EC2 says', { ...mounted, serials: { home: 'vol2' } }, 'volumeNotAsDescribed'],
  ['an unmounted volume', { ...mounted, states: { home: 'unmounted' } }, 'volumeNotAsDescribed'],
  [
    'a file system inside the home that nobody named',
    { ...mounted, others: ['/home/lfs'] },
    'unlistedVolume',
  ],
])('%s is a problem', (_what, found, code) => {
  const { problems } = judgeLayout(site, attached, '/dev/sda1', found);
  expect(problems.map((problem) => problem.code)).toEqual([code]);
});

const at = '2026-11-21T16:00:00.000Z';
const facts = (name: string, role: 'writer' | 'replica' | null, state = 'RUNNING') =>
  ({
    site: name,
    database:
      role === null
        ? { state: 'unreachable', reason: 'no answer', at }
        : { state: 'known', value: { role, status: 'available' }, at },
    nodes: { state: 'known', value: [{ id: 'i-2', address: '10.0.0.2', state }], at },
  }) as unknown as SiteFacts;

test.each([
  ['the writer beside a replica', [facts('one', 'writer'), facts('two', 'replica')], { site: 'one' }],
  [
    'of two writers the one that serves',
    [facts('one', 'writer', 'none'), facts('two', 'writer')],
    { site: 'two' },
  ],
  [
    'a writer that serves, while the other site is not seen',
    [facts('one', 'writer'), facts('two', null)],
    { site: 'one' },
  ],
])('the active site is %s', (_what, sites, expected) => {
  expect(activeSite(sites)).toEqual(expected);
});

test.each([
  ['noActiveSite', [facts('one', 'replica'), facts('two', null)]],
  ['noActiveSite', [facts('one', 'writer', 'none'), facts('two', null)]],
  ['severalActiveSites', [facts('one', 'writer'), facts('two', 'writer')]],
])('%s is told instead of guessed', (code, sites) => {
  expect(activeSite(sites)).toMatchObject({ problem: { code } });
});

test('a name sorts by time, and becomes one that RDS accepts', () => {
  const name = backupName('bitbucket--prod', '2026-11-21T16:00:00.123Z');
  expect(name).toBe('bitbucket--prod-20261121T160000Z');
  expect(databaseSnapshotName(name)).toBe('runbooks-bitbucket-prod-20261121t160000z');
});

test('a backup is worth its oldest member', () => {
  const members = [{ capturedAt: '2026-11-21T16:00:05.000Z' }, { capturedAt: '2026-11-21T16:00:00.500Z' }];
  expect(captureTimes(members)).toEqual({ capturedAt: '2026-11-21T16:00:00.500Z', skewSeconds: 4.5 });
});
