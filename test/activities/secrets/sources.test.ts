import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateSecretCommand } from '@aws-sdk/client-secrets-manager';
import { PutParameterCommand } from '@aws-sdk/client-ssm';
import { AwsClients } from '../../../activities/aws/clients';
import { secretsFrom } from '../../../activities/secrets/sources';
import { VirtualClock } from '../../../lab/clock/virtual-clock';
import { Gateway } from '../../../lab/gateway/gateway';
import { HostFleet } from '../../../lab/hosts/host-fleet';
import { systemsManager } from '../../../lab/hosts/systems-manager/systems-manager';
import { findMoto } from '../../../lab/install/moto';
import { LabDirectory } from '../../../lab/world/directory';
import { EmulatorProcess } from '../../../lab/world/emulator-process';
import { LabNetwork } from '../../../lab/world/network';

const HERE = 'eu-west-1';
const THERE = 'eu-central-1';
let root: string;
let network: LabNetwork;
let emulator: EmulatorProcess;
let fleet: HostFleet;
let gateway: Gateway;
let aws: AwsClients;
/** ARNs in the other region. */
let arns: { readonly secret: string; readonly parameter: string };

beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'secrets-'));
  const directory = new LabDirectory(root);
  network = await LabNetwork.claim();
  emulator = await EmulatorProcess.start({
    program: await findMoto(() => undefined),
    address: network.emulator,
    port: 5000,
    log: directory.log('moto'),
  });
  const clock = new VirtualClock(100);
  fleet = new HostFleet({ directory, startProgram: () => Promise.reject(new Error('no nodes here')) });
  gateway = await Gateway.start({
    address: network.services,
    port: 0,
    emulatorUrl: emulator.url,
    clock,
    overlays: [systemsManager(fleet, clock)],
  });
  const credentials = { accessKeyId: 'lab', secretAccessKey: 'lab' };
  aws = new AwsClients({ endpoint: gateway.url, credentials });
  for (const region of [HERE, THERE]) {
    const secret = await aws.secretsManager(region).send(
      new CreateSecretCommand({
        Name: 'bitbucket',
        SecretString: JSON.stringify({ password: `secret of ${region}` }),
      }),
    );
    await aws.ssm(region).send(
      new PutParameterCommand({
        Name: '/bitbucket/admin',
        Value: `parameter of ${region}`,
        Type: 'SecureString',
        // The SDK may have to send it again on a slow machine.
        Overwrite: true,
      }),
    );
    arns = {
      secret: secret.ARN!,
      parameter: `arn:aws:ssm:${region}:123456789012:parameter/bitbucket/admin`,
    };
  }
});
afterAll(async () => {
  aws.destroy();
  await gateway.stop();
  await fleet.stop();
  await emulator.stop();
  await network.release();
  rmSync(root, { recursive: true, force: true });
});

const secrets = (environment: Record<string, string> = { AWS_REGION: HERE }) => secretsFrom(aws, environment);

test('plain names are read, decrypted, in the region of the process', async () => {
  expect(await secrets().resolve('secretsmanager:bitbucket#password')).toBe(`secret of ${HERE}`);
  expect(await secrets().resolve('ssm:/bitbucket/admin')).toBe(`parameter of ${HERE}`);
  const other = secrets({ AWS_REGION: '', AWS_DEFAULT_REGION: THERE });
  expect(await other.resolve('ssm:/bitbucket/admin')).toBe(`parameter of ${THERE}`);
});

test('an ARN is read in the region that it names', async () => {
  expect(await secrets().resolve(`secretsmanager:${arns.secret}#password`)).toBe(`secret of ${THERE}`);
  expect(await secrets({}).resolve(`secretsmanager:${arns.secret}#password`)).toBe(`secret of ${THERE}`);
  expect(await secrets().resolve(`ssm:${arns.parameter}`)).toBe(`parameter of ${THERE}`);
  const call = gateway.ledger.entries().findLast(({ action }) => action === 'GetParameter');
  expect(call).toMatchObject({ region: THERE, status: 200 });
});

test('what cannot be read names the reference and what to do, never a value', async () => {
  await expect(secrets().resolve('secretsmanager:nothing')).rejects.toMatchObject({
    name: 'SecretError',
    message: expect.stringMatching(/^secret secretsmanager:nothing: Secrets Manager refused: .*region/),
  });
  await expect(secrets().resolve('ssm:/nothing')).rejects.toMatchObject({ name: 'SecretError' });
  await expect(secrets({}).resolve('ssm:/bitbucket/admin')).rejects.toMatchObject({
    message: expect.stringContaining('no region: set AWS_REGION, or write the ARN'),
  });
  const wrong = await secrets().resolve('secretsmanager:bitbucket#user').catch(String);
  expect(wrong).toContain('has no text member "user"');
  expect(wrong).not.toContain(`secret of ${HERE}`);
});
