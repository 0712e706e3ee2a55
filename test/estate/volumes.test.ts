import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseEstate } from '../../estate/load';
import { pinInstance } from '../../estate/pin';
import type { Instance } from '../../workflows/plan/instance';
import { problemsOf } from '../support/estate-problems';

const text = readFileSync(join(__dirname, '../../estate/examples/production.yaml'), 'utf8');
const HOME = 'home: { device: /dev/xvdf, mountPoint: /media/atl }';
const PLACE = 'instances.bitbucket-prod.sites.frankfurt.fileServer.volumes.home';

/** The example whose first home is of such a volume. */
function withVolume(members: string): string {
  expect(text).toContain(HOME);
  return text.replace(HOME, `home: { device: /dev/xvdf, mountPoint: /media/atl, ${members} }`);
}

test.each([
  ['type: io1, iops: 3000', { type: 'io1', iops: 3000 }],
  ['type: io2, iops: 64000', { type: 'io2', iops: 64_000 }],
  ['iops: 6000, throughput: 500', { type: 'gp3', iops: 6000, throughput: 500 }],
  ['type: st1', { type: 'st1' }],
])('a volume of {%s} is pinned as it is written', (members, expected) => {
  const instance: Instance = pinInstance(
    parseEstate(withVolume(members), 'estate.yaml'),
    'bitbucket-prod',
  ).instance;
  expect(instance.sites[0]!.fileServer.volumes).toEqual([
    { name: 'home', device: '/dev/xvdf', mountPoint: '/media/atl', ...expected },
  ]);
});

test.each([
  ['type: io1', 'iops: a volume of type io1 cannot be created without a number'],
  ['type: io2', 'iops: a volume of type io2 cannot be created without a number'],
  ['type: gp2, iops: 3000', 'iops: only io1, io2 and gp3 take a number, gp2 goes by its size: leave it out'],
  ['type: io2, iops: 3000, throughput: 500', 'throughput: only gp3 takes one: leave it out'],
  ['iops: 500', 'iops: gp3 has 3000 at least'],
  ['iops: 0', 'iops: must be at least 100'],
  ['type: gp4', 'type: must be gp3 or gp2 or io2 or io1 or st1 or sc1 or standard, not "gp4"'],
])('a volume of {%s} is refused with one message', (members, message) => {
  const [problem = '', ...others] = problemsOf(withVolume(members)).filter((line) => line.includes(PLACE));
  expect(others).toEqual([]);
  expect(problem).toContain(`${PLACE}.${message}`);
});

test('a name that the tags of a backup could not carry is refused', () => {
  const problems = (name: string): readonly string[] =>
    problemsOf(
      text.replace(HOME, `${HOME}\n            ${name}: { device: /dev/xvdg, mountPoint: /media/store }`),
    );
  expect(problems('store_1.lfs')).toEqual([]);
  expect(problems("'big, small'")).toEqual([expect.stringContaining('write letters, digits, dots')]);
  expect(problems('s'.repeat(252))).toEqual([
    expect.stringContaining('longer together than the 256 characters of a tag'),
  ]);
});
