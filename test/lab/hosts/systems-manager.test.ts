import {
  CancelCommandCommand,
  DescribeInstanceInformationCommand,
  GetCommandInvocationCommand,
  ListCommandInvocationsCommand,
  ListCommandsCommand,
  SSMClient,
  SendCommandCommand,
} from '@aws-sdk/client-ssm';
import type { GetCommandInvocationResult } from '@aws-sdk/client-ssm';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { VirtualClock } from '../../../lab/clock/virtual-clock';
import type { Gateway } from '../../../lab/gateway/gateway';
import { startBareGateway } from '../../support/bare-gateway';
import { systemsManager } from '../../../lab/hosts/systems-manager/systems-manager';
import { FILE_SERVER, NODE, TestFleet, until } from './support';

const clock = new VirtualClock(20);
let test: TestFleet;
let gateway: Gateway;
let ssm: SSMClient;

beforeEach(async () => {
  test = new TestFleet();
  await test.fleet.launch(FILE_SERVER);
  gateway = await startBareGateway(clock, [systemsManager(test.fleet, clock)]);
  ssm = new SSMClient({
    endpoint: gateway.url,
    region: 'eu-central-1',
    credentials: { accessKeyId: 'lab', secretAccessKey: 'lab' },
  });
});
afterEach(async () => {
  ssm.destroy();
  await gateway.stop();
  await test.end();
});

async function send(
  commands: string[],
  options: { executionTimeout?: string; timeoutSeconds?: number; instanceIds?: string[] } = {},
): Promise<string> {
  const { Command } = await ssm.send(
    new SendCommandCommand({
      DocumentName: 'AWS-RunShellScript',
      InstanceIds: options.instanceIds ?? [FILE_SERVER.instanceId],
      Parameters: {
        commands,
        ...(options.executionTimeout === undefined ? {} : { executionTimeout: [options.executionTimeout] }),
      },
      TimeoutSeconds: options.timeoutSeconds,
    }),
  );
  expect(Command!.Status).toBe('Pending');
  return Command!.CommandId!;
}

async function look(commandId: string): Promise<GetCommandInvocationResult | undefined> {
  try {
    return await ssm.send(
      new GetCommandInvocationCommand({ CommandId: commandId, InstanceId: FILE_SERVER.instanceId }),
    );
  } catch (error) {
    if ((error as Error).name === 'InvocationDoesNotExist') return undefined;
    throw error;
  }
}

async function ended(commandId: string): Promise<GetCommandInvocationResult> {
  let seen: GetCommandInvocationResult | undefined;
  await until('the command has ended', async () => {
    seen = await look(commandId);
    return !['Pending', 'InProgress', undefined].includes(seen?.Status);
  });
  return seen!;
}

it('runs what is sent, and answers with its output and exit code', async () => {
  const failing = await ended(await send(['echo out', 'echo err >&2', 'exit 3']));
  expect(failing).toMatchObject({
    Status: 'Failed',
    ResponseCode: 3,
    StandardOutputContent: 'out\n',
    StandardErrorContent: 'err\n',
  });
  expect(await ended(await send(['systemctl is-active nfs-server']))).toMatchObject({
    Status: 'Success',
    ResponseCode: 0,
    StandardOutputContent: 'active\n',
  });
});

it('does not know an invocation at the very moment after it was sent', async () => {
  const slow = new VirtualClock(0.01);
  gateway.use(systemsManager(test.fleet, slow));
  expect(await look(await send(['true']))).toBeUndefined();
});

it('passes through Pending and InProgress, then Success', async () => {
  const go = join(test.root, 'go');
  const id = await send([`while [ ! -e ${go} ]; do sleep 0.02; done`]);
  await until('in progress', async () => (await look(id))?.Status === 'InProgress');
  const { Commands } = await ssm.send(new ListCommandsCommand({ CommandId: id }));
  expect(Commands).toMatchObject([{ Status: 'InProgress', TargetCount: 1, CompletedCount: 0 }]);
  await test.run(`touch ${go}`);
  expect((await ended(id)).Status).toBe('Success');
  const { CommandInvocations } = await ssm.send(
    new ListCommandInvocationsCommand({ CommandId: id, Details: true }),
  );
  expect(CommandInvocations).toMatchObject([{ Status: 'Success', CommandPlugins: [{ ResponseCode: 0 }] }]);
});

it('cuts the output at 24,000 characters', async () => {
  const { StandardOutputContent } = await ended(await send(['head -c 30000 /dev/zero | tr "\\0" x']));
  expect(StandardOutputContent).toHaveLength(24_000);
});

it('ends a command that takes longer than its execution timeout', async () => {
  const invocation = await ended(await send(['sleep 300'], { executionTimeout: '1' }));
  expect(invocation).toMatchObject({ Status: 'TimedOut', StatusDetails: 'ExecutionTimedOut' });
});

it('cancels a running command', async () => {
  const begun = join(test.root, 'begun');
  const id = await send([`touch ${begun}`, 'sleep 300']);
  await until('the command runs', () => existsSync(begun));
  await ssm.send(new CancelCommandCommand({ CommandId: id }));
  expect((await ended(id)).Status).toBe('Cancelled');
});

it('sends only to the named instances, and refuses one that is not in the region', async () => {
  await test.fleet.launch({ ...NODE, region: 'eu-west-1' });
  await expect(send(['true'], { instanceIds: [NODE.instanceId] })).rejects.toMatchObject({
    name: 'InvalidInstanceId',
  });
  const id = await send(['true']);
  const { CommandInvocations } = await ssm.send(new ListCommandInvocationsCommand({ CommandId: id }));
  expect(CommandInvocations!.map((each) => each.InstanceId)).toEqual([FILE_SERVER.instanceId]);
});

it('refuses another document, missing commands, and unknown commands', async () => {
  const document = new SendCommandCommand({ DocumentName: 'Other', InstanceIds: [FILE_SERVER.instanceId] });
  await expect(ssm.send(document)).rejects.toMatchObject({ name: 'InvalidDocument' });
  await expect(send([])).rejects.toMatchObject({ name: 'InvalidParameters' });
  await expect(look('00000000-0000-0000-0000-000000000000')).rejects.toMatchObject({
    name: 'InvalidCommandId',
  });
});

it('keeps a command for a machine without power until it is back', async () => {
  await test.fleet.crash('eu-central-1');
  const { InstanceInformationList } = await ssm.send(new DescribeInstanceInformationCommand({}));
  expect(InstanceInformationList).toMatchObject([
    { InstanceId: FILE_SERVER.instanceId, PingStatus: 'ConnectionLost' },
  ]);
  const id = await send(['echo late']);
  await until('it is pending', async () => (await look(id))?.Status === 'Pending');
  await test.fleet.restore('eu-central-1');
  expect(await ended(id)).toMatchObject({ Status: 'Success', StandardOutputContent: 'late\n' });
});

it('gives up the delivery to a machine without power', async () => {
  await test.fleet.crash('eu-central-1');
  const id = await send(['touch never'], { timeoutSeconds: 30 });
  expect(await ended(id)).toMatchObject({
    Status: 'TimedOut',
    StatusDetails: 'DeliveryTimedOut',
    ResponseCode: -1,
  });
});

it('tells which machines are online, by id', async () => {
  await test.fleet.launch(NODE);
  const { InstanceInformationList } = await ssm.send(
    new DescribeInstanceInformationCommand({ Filters: [{ Key: 'InstanceIds', Values: [NODE.instanceId] }] }),
  );
  expect(InstanceInformationList).toMatchObject([{ InstanceId: NODE.instanceId, PingStatus: 'Online' }]);
  expect(InstanceInformationList![0]!.LastPingDateTime).toBeInstanceOf(Date);
});
