import { AwsUnreachable } from '../../../activities/aws/errors';
import { runOnHost } from '../../../activities/hosts/run-command';
import { renderScript } from '../../../activities/hosts/scripts';
import { FileServerWorld, REGION } from './file-server-world';
import { FakeSystemsManager } from './fake-systems-manager';

const command = {
  region: REGION,
  instanceId: 'i-fileserver',
  script: 'look-at-export',
  parameters: { EXPORT_PATH: '/media/atl' },
  timeoutSeconds: 10,
  mutating: false,
};

it('tolerates an invocation that is not known right after SendCommand', async () => {
  const world = await FileServerWorld.start();
  try {
    const { facts } = await runOnHost(world.dependencies.aws, command);
    expect(facts).toMatchObject({ exported: '', active: 'active', enabled: 'enabled' });
    expect(world.ssm.actions.filter((action) => action === 'GetCommandInvocation').length).toBeGreaterThan(1);
  } finally {
    await world.stop();
  }
});

it('a command that nobody fetches is cancelled and answered as unreachable', async () => {
  const ssm = await FakeSystemsManager.start();
  ssm.agentSilent = true;
  try {
    await expect(runOnHost(ssm.clients(), { ...command, pickUpSeconds: 0.5 })).rejects.toThrow(
      AwsUnreachable,
    );
    expect(ssm.actions).toContain('CancelCommand');
  } finally {
    await ssm.stop();
  }
});

it('says with the words of the host why a script failed', async () => {
  const world = await FileServerWorld.start();
  try {
    const wrong = {
      ...command,
      script: 'offer-export',
      parameters: { EXPORT_PATH: '/nowhere', EXPORT_CLIENT: '*', EXPORT_OPTIONS: 'rw' },
    };
    await expect(runOnHost(world.dependencies.aws, wrong)).rejects.toMatchObject({
      type: 'NeedsPerson',
      message: expect.stringContaining('Failed to stat /nowhere'),
    });
  } finally {
    await world.stop();
  }
});

it('refuses parameter names that a shell would not take as names', async () => {
  await expect(renderScript('look-at-export', { 'X=1; reboot': '' })).rejects.toThrow(
    'no name for a script parameter',
  );
});
