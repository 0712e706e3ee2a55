import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fenceHomeImplementation } from '../../../activities/hosts/fence-home';
import { mountHomeImplementation } from '../../../activities/hosts/mount-home';
import { inCallScope } from '../../../activities/runbook/call-scope';
import type { OutgoingCall } from '../../../activities/runbook/call-scope';
import { CONTEXT, FileServerWorld, REGION } from './file-server-world';

let world: FileServerWorld;
const input = () => ({ site: 'primary', region: REGION, fileServer: world.fileServer });
const parts = () => fenceHomeImplementation(world.dependencies).parts;

beforeEach(async () => {
  world = await FileServerWorld.start();
  await mountHomeImplementation(world.dependencies).parts.run!(input(), CONTEXT);
});
afterEach(() => world.stop());

it('withdraws the export, and a reboot does not bring it back', async () => {
  expect(await parts().check(input(), CONTEXT)).toMatchObject({
    state: 'needed',
    before: { exportedTo: '10.0.0.0/16', nfsServer: 'active' },
    calls: [{ action: 'withdraw-export.sh', target: world.fileServer.instanceId }],
  });
  expect(await parts().run!(input(), CONTEXT)).toEqual({ proven: true, reason: null });
  expect(world.exported()).toEqual([]);

  await world.fleet.powerOff(world.fileServer.instanceId);
  await world.fleet.powerOn(world.fileServer.instanceId);

  expect(world.exported()).toEqual([]);
  expect((await parts().verify(input(), undefined, CONTEXT)).output).toEqual({ proven: true, reason: null });
  expect((await parts().check(input(), CONTEXT)).state).toBe('done');
});

it('a run repeated after its answer was lost proves the same', async () => {
  world.ssm.loseAnswers = 1;
  expect(await parts().run!(input(), CONTEXT)).toMatchObject({ proven: true });
  expect(await parts().run!(input(), CONTEXT)).toMatchObject({ proven: true });
});

it('what is withdrawn already is not withdrawn again', async () => {
  await parts().run!(input(), CONTEXT);
  const sent = world.ssm.scripts.length;
  expect(await parts().run!(input(), CONTEXT)).toEqual({ proven: true, reason: null });
  expect(world.ssm.scripts.length - sent).toBe(1);
});

it('verify does not believe a fence that was lifted by someone', async () => {
  const { before } = await parts().check(input(), CONTEXT);
  await parts().run!(input(), CONTEXT);
  await parts().undo!(input(), { before }, CONTEXT);
  await expect(parts().verify(input(), undefined, CONTEXT)).rejects.toMatchObject({ type: 'NotYet' });
});

it('undo exports again, once, and not what was withdrawn before', async () => {
  const { before } = await parts().check(input(), CONTEXT);
  await parts().run!(input(), CONTEXT);
  const fenced = await parts().check(input(), CONTEXT);
  expect(await parts().undo!(input(), { before: fenced.before }, CONTEXT)).toMatchObject({ changed: false });
  expect(world.exported()).toEqual([]);
  expect(await parts().undo!(input(), { before }, CONTEXT)).toMatchObject({ changed: true });
  expect(world.exported()).toEqual([world.fileServer.exportPath]);
  expect(await parts().undo!(input(), { before }, CONTEXT)).toMatchObject({ changed: false });
});

it('a file server that takes no commands leaves the fence unproven, for consent', async () => {
  world.ssm.managed = false;
  expect((await parts().check(input(), CONTEXT)).problems).toMatchObject([
    {
      code: 'fenceUnproven',
      consent: 'unprovenFence',
      message:
        'i-fileserver in eu-west-1 takes no commands: it is unknown whether the home of primary is exported.',
    },
  ]);
  expect(await parts().run!(input(), CONTEXT)).toMatchObject({ proven: false });
  expect((await parts().verify(input(), undefined, CONTEXT)).output).toMatchObject({ proven: false });
});

it.each(['exit 1', 'exec sleep 60'])(
  'exportfs that fails (%s) never passes for a withdrawn export',
  async (does) => {
    const exportfs = join(world.root, 'run', 'host-bin', 'exportfs');
    rmSync(exportfs);
    writeFileSync(exportfs, `#!/bin/sh\n${does}\n`, { mode: 0o755 });
    // Ends what the script bounds by 20 s earlier, for the test's sake.
    const timeout = join(world.root, 'run', 'host-bin', 'timeout');
    writeFileSync(timeout, '#!/bin/sh\nshift 3\nexec /usr/bin/timeout 1 "$@"\n', { mode: 0o755 });
    await expect(parts().verify(input(), undefined, CONTEXT)).rejects.toMatchObject({
      type: 'NotYet',
      message: expect.stringContaining('exportfs does not answer'),
    });
    await expect(parts().run!(input(), CONTEXT)).rejects.toMatchObject({ type: 'NotYet' });
  },
);

it('an export that an earlier command takes off at the same moment is withdrawn, and no failure', async () => {
  world.wrap('exportfs', '[ "$1" = -u ] && "$real" "$@"');
  const output = await parts().run!(input(), CONTEXT);
  expect((await parts().verify(input(), output, CONTEXT)).facts).toMatchObject({ exportedTo: '' });
});

it('one that stays exported is a failure, in the words of exportfs', async () => {
  world.wrap('exportfs', '[ "$1" = -u ] && { echo "exportfs: busy" >&2; exit 1; }');
  await expect(parts().run!(input(), CONTEXT)).rejects.toThrow('exportfs: busy');
});

it('looking needs no lease, withdrawing does', async () => {
  const calls: OutgoingCall[] = [];
  const scope = {
    signal: new AbortController().signal,
    count: (call: OutgoingCall) => void calls.push(call),
    confirmLease: () => Promise.reject(new Error('lease lost')),
  };
  await inCallScope(scope, () => parts().check(input(), CONTEXT));
  expect(calls.map((call) => [call.action, call.mutating])).toContainEqual(['SendCommand', false]);
  await expect(inCallScope(scope, () => parts().run!(input(), CONTEXT))).rejects.toThrow('lease lost');
  expect(world.exported()).toEqual([world.fileServer.exportPath]);
});
