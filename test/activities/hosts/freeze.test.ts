import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freezeHome, lookAtVolumes, thawAll, thawHome } from '../../../activities/hosts/freeze';
import { mountAndExport } from '../../../activities/hosts/mount-home';
import { until } from '../../support/until';
import { FileServerWorld, REGION } from './file-server-world';

let world: FileServerWorld;
let home: string;
let store: string;

beforeEach(async () => {
  world = await FileServerWorld.start({ withStore: true });
  await mountAndExport(world.dependencies.aws, place());
  [home = '', store = ''] = world.fileServer.volumes.map(({ mountPoint }) => mountPoint);
});
afterEach(() => world.stop());

const place = () => ({ region: REGION, fileServer: world.fileServer });
const frozen = () => world.fleet.frozen().map(({ mountPoint }) => mountPoint);
const freeze = (token: string, limitSeconds = 60) =>
  freezeHome(world.dependencies.aws, place(), token, limitSeconds);
const unthawed = async () => (await lookAtVolumes(world.dependencies.aws, place())).unthawed;

/** As the kernel: what was begun takes so long and then takes effect, whatever becomes of the process. */
function slowFreeze(seconds: number): void {
  world.wrap(
    'fsfreeze',
    `if [ "$1" = -f ]; then
  setsid sh -c 'sleep "$0"; exec "$@"' ${seconds} "$real" "$@" &
  wait "$!"
  exit
fi`,
  );
}

/** Whatever the scripts let take longer than so many seconds. */
function impatient(program: string, seconds: number): void {
  world.wrap('timeout', `case "$*" in *" ${program} "*) shift 3; exec "$real" ${seconds} "$@" ;; esac`);
}

it('freezes every volume, the inner one first, and thaws them all', async () => {
  await freeze('one');
  expect(frozen()).toEqual([store, home]);
  expect(await unthawed()).toEqual(['one']);
  await freeze('one');
  expect(await thawHome(world.dependencies.aws, place(), 'one', 'captured')).toBe('captured');
  expect(frozen()).toEqual([]);
  expect(await unthawed()).toEqual([]);
  expect(await thawHome(world.dependencies.aws, place(), 'one', 'released')).toBe('captured');
});

it('a freeze that exceeds its own limit is thawed as soon as it takes effect, though nobody is left', async () => {
  slowFreeze(3);
  impatient('fsfreeze -f', 1);
  await expect(freeze('one', 2)).rejects.toMatchObject({
    type: 'NeedsPerson',
    message: expect.stringMatching(
      /stores\/one took more than 30 s to freeze.*Not over yet.*goes on thawing/,
    ),
  });
  // The freeze is on its way still: nothing must say that it is over, nor begin another.
  expect(await unthawed()).toEqual(['one']);
  await expect(freeze('two')).rejects.toMatchObject({ type: 'NotYet' });
  await until('the freeze to be over', async () => (await unthawed()).length === 0 || undefined);
  expect(frozen()).toEqual([]);
});

it('whoever thaws while a freeze is under way is told to come again, until it is over', async () => {
  slowFreeze(3);
  impatient('fsfreeze -f', 1);
  await expect(freeze('one', 60)).rejects.toMatchObject({ type: 'NeedsPerson' });
  const early = thawAll(world.dependencies.aws, place());
  await expect(early).rejects.toMatchObject({
    type: 'NotYet',
    message: expect.stringContaining('a freeze is still under way'),
  });
  await until('the freeze to be over', async () => (await unthawed()).length === 0 || undefined);
  expect(frozen()).toEqual([]);
});

it('a timer that fires while volumes are still being frozen leaves none frozen', async () => {
  slowFreeze(2);
  await expect(freeze('one', 1)).rejects.toMatchObject({
    type: 'NeedsPerson',
    message: expect.stringContaining("the host's timer ended the freeze after 1 s"),
  });
  await until('the freeze to be over', async () => (await unthawed()).length === 0 || undefined);
  expect(frozen()).toEqual([]);
  await freeze('two');
  expect(frozen()).toEqual([store, home]);
});

it('a freeze that was ended counts as on until all is thawed, and is thawed by whoever comes next', async () => {
  await freeze('one');
  const state = join(world.root, 'hosts', world.fileServer.instanceId, 'run', 'runbooks-freezes');
  world.wrap('fsfreeze', '[ "$1" = -u ] && { echo "fsfreeze: no answer" >&2; exit 1; }');
  writeFileSync(join(state, 'one.thawed'), 'deadman 1\n');
  expect(await unthawed()).toEqual(['one']);
  await expect(thawAll(world.dependencies.aws, place())).rejects.toMatchObject({
    type: 'NotYet',
    message: expect.stringContaining('fsfreeze: no answer'),
  });
  expect(frozen()).toEqual([store, home]);
  world.wrap('fsfreeze', '');
  await until('the timer to thaw', async () => frozen().length === 0 || undefined);
  await until('the freeze to be over', async () => (await unthawed()).length === 0 || undefined);
});

it("somebody else's freeze is left alone, and what was frozen before it is thawed", async () => {
  await world.fleet.run(world.fileServer.instanceId, `fsfreeze -f '${home}'`, { timeoutSeconds: 10 });
  await expect(freeze('one')).rejects.toMatchObject({
    type: 'NeedsPerson',
    message: expect.stringMatching(/Device or resource busy.*Nothing is frozen by this run/),
  });
  expect(frozen()).toEqual([home]);
  expect(await thawAll(world.dependencies.aws, place())).toEqual([]);
  expect(frozen()).toEqual([home]);
});
