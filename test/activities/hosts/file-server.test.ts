import { storesOf } from '../../../activities/hosts/file-server';

const server = (...mountPoints: string[]) => ({
  ...{ instanceId: 'i-1', sharedHome: '/media/atl/shared', exportPath: '/media/atl', exportTo: '*' },
  owner: 'bitbucket',
  volumes: mountPoints.map((mountPoint, n) => ({
    ...{ name: String(n), device: `/dev/xvd${n}` },
    ...{ mountPoint, type: 'gp3' },
  })),
});

test.each([
  ['none, where all is one volume', ['/media/atl'], []],
  ['inside of the home', ['/media/atl', '/media/atl/shared/stores/one'], ['/media/atl/shared/stores/one']],
  ['beside the home', ['/media/atl', '/media/atl2'], ['/media/atl2']],
  ['around the home', ['/media/', '/media/atl/shared'], ['/media/']],
  [
    'the rest of the home, where its repositories have a volume',
    ['/media/atl', '/media/atl/shared/data/repositories'],
    ['/media/atl'],
  ],
])('data stores: %s', (_where, mountPoints, stores) => {
  expect(storesOf(server(...mountPoints))).toEqual(stores);
});
