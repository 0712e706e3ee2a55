import { ListChangeSetsCommand, UpdateStackCommand } from '@aws-sdk/client-cloudformation';

import type { AwsClients } from '../../../activities/aws/clients';
import { setStackPropertiesImplementation } from '../../../activities/aws/cloudformation/set-stack-properties';
import { VirtualClock } from '../../../lab/clock/virtual-clock';
import type { Gateway } from '../../../lab/gateway/gateway';
import { startBareGateway } from '../../support/bare-gateway';
import { cloudFormation } from '../../../lab/stacks/cloudformation';
import { Stacks } from '../../../lab/stacks/stacks';
import type { SetStackProperties } from '../../../workflows/steps/stack-properties';
import { clientsOf, context, dependenciesOf, StepDriver } from './step-driver';

const REGION = 'eu-west-1';
const STACK = 'bitbucket-standby';
let gateway: Gateway;
let clients: AwsClients;
let stacks: Stacks;
let updates: Readonly<Record<string, string>>[];

beforeEach(async () => {
  const clock = new VirtualClock(300);
  stacks = new Stacks({ clock });
  updates = [];
  stacks.define({
    region: REGION,
    name: STACK,
    parameters: { BitbucketProperties: 'feature.a=true', DBPassword: 'secret', HomeSize: '100' },
    noEcho: ['DBPassword'],
    capabilities: ['CAPABILITY_IAM'],
    resources: [
      { logicalId: 'ClusterNodeGroup', physicalId: 'nodes', type: 'AWS::AutoScaling::AutoScalingGroup' },
      {
        logicalId: 'ClusterNodeLaunchConfig',
        physicalId: 'lc-1',
        type: 'AWS::AutoScaling::LaunchConfiguration',
      },
      { logicalId: 'FileServer', physicalId: 'i-1', type: 'AWS::EC2::Instance' },
      { logicalId: 'HomeVolume', physicalId: 'vol-1', type: 'AWS::EC2::Volume' },
    ],
    onUpdate: async (parameters) => void updates.push(parameters),
  });
  gateway = await startBareGateway(clock, [cloudFormation(stacks)]);
  clients = clientsOf(gateway.url);
});
afterEach(async () => {
  clients.destroy();
  await gateway.stop();
});

const input = (o: Partial<SetStackProperties> = {}): SetStackProperties => ({
  region: REGION,
  stack: STACK,
  parameter: 'BitbucketProperties',
  set: { 'disaster.recovery': 'true' },
  ...o,
});
const setter = () =>
  new StepDriver<SetStackProperties, { properties: string }>(
    setStackPropertiesImplementation(dependenciesOf(clients)),
    context('setStackProperties'),
  );
const changeSets = async () =>
  (await clients.cloudFormation(REGION).send(new ListChangeSetsCommand({ StackName: STACK }))).Summaries ??
  [];
const executions = () =>
  gateway.ledger.entries().filter((one) => one.action === 'ExecuteChangeSet' && one.errorCode === null);

test('one update, whatever answers are lost; other parameters stay; undo goes back the same way', async () => {
  for (const action of ['CreateChangeSet', 'ExecuteChangeSet']) {
    gateway.faults.add({ match: { action }, times: 1, effect: { kind: 'dropAfter' } });
  }
  const driver = setter();
  const { check, first } = await driver.twice(input());
  expect(check).toMatchObject({ state: 'needed', problems: [], before: { properties: 'feature.a=true' } });
  expect(check.output.properties).toBe('feature.a=true disaster.recovery=true');
  expect(first.output.properties).toBe('feature.a=true disaster.recovery=true');
  expect(updates).toMatchObject([
    { BitbucketProperties: 'feature.a=true disaster.recovery=true', DBPassword: 'secret', HomeSize: '100' },
  ]);
  expect(driver.progress.join('\n')).toMatch(/stack bitbucket-standby is UPDATE_IN_PROGRESS/);
  expect(await driver.check(input())).toMatchObject({ state: 'done', calls: [] });

  expect(await driver.undo(input(), check.before, first.output)).toMatchObject({ changed: true });
  expect(updates.at(-1)).toMatchObject({ BitbucketProperties: 'feature.a=true', DBPassword: 'secret' });
  const before = executions().length;
  expect(await driver.undo(input(), check.before, first.output)).toMatchObject({ changed: false });
  expect(executions()).toHaveLength(before);
});

test('a change set that would replace the home is deleted and nothing is changed', async () => {
  const driver = setter();
  // The lab's stack replaces its file server and home volume when the size changes, as the Quick Start does.
  const change = input({ parameter: 'HomeSize', set: { '200': '' } });
  await expect(driver.run(change)).rejects.toMatchObject({
    type: 'Terminal',
    message: expect.stringMatching(/replaces? (FileServer|HomeVolume)/),
  });
  expect(await changeSets()).toEqual([]);
  expect(executions()).toEqual([]);
  expect(updates).toEqual([]);
});

test.each(['UPDATE_ROLLBACK_COMPLETE', 'IMPORT_COMPLETE', 'IMPORT_ROLLBACK_COMPLETE'] as const)(
  'a stack that is %s and has the property is done, and is not updated',
  async (status) => {
    const stack = stacks.find(REGION, STACK)!;
    stack.status = status as typeof stack.status;
    const has = input({ set: { 'feature.a': 'true' } });
    expect(await setter().check(has)).toMatchObject({ state: 'done', problems: [] });
    const driver = setter();
    const verified = await driver.verify(has, await driver.run(has));
    expect(verified.facts).toMatchObject({ status, properties: 'feature.a=true' });
    expect(updates).toEqual([]);
  },
);

test('a roll-back of our own update leaves the property out, and people are asked', async () => {
  const stack = stacks.find(REGION, STACK)!;
  stack.status = 'UPDATE_ROLLBACK_COMPLETE';
  stack.statusReason = 'no capacity';
  await expect(setter().verifyOnce(input())).rejects.toMatchObject({
    type: 'NeedsPerson',
    message: expect.stringMatching(/is UPDATE_ROLLBACK_COMPLETE: no capacity\./),
  });
});

test('a roll-back that failed is not done, though the property is there', async () => {
  const stack = stacks.find(REGION, STACK)!;
  stack.status = 'UPDATE_ROLLBACK_FAILED' as typeof stack.status;
  const has = input({ set: { 'feature.a': 'true' } });
  expect((await setter().check(has)).state).toBe('needed');
  await expect(setter().verifyOnce(has)).rejects.toMatchObject({ type: 'NeedsPerson' });
});

const defineRoot = () =>
  stacks.define({
    region: REGION,
    name: 'root',
    parameters: { BitbucketProperties: '' },
    capabilities: ['CAPABILITY_IAM'],
    resources: ['VPCStack', 'BitbucketStack'].map((logicalId) => ({
      logicalId,
      physicalId: `arn:aws:cloudformation:${REGION}:123456789012:stack/root-${logicalId}-1A2B/0f9e`,
      type: 'AWS::CloudFormation::Stack',
    })),
    onUpdate: async (parameters) => void updates.push(parameters),
  });

test('the root of nested stacks is never updated: nobody can see what that would replace inside', async () => {
  defineRoot();
  await expect(setter().run(input({ stack: 'root' }))).rejects.toMatchObject({
    type: 'Terminal',
    message: expect.stringMatching(
      /through the nested stack root-BitbucketStack-1A2B, unseen.*nothing was changed\. Name the nested stack that has the parameter in the estate[^.]*\.name[^.]*\.$/,
    ),
  });
  expect(executions()).toEqual([]);
  expect(updates).toEqual([]);
});

test('the plan already says that the estate names the root of nested stacks', async () => {
  defineRoot();
  const [problem, ...others] = (await setter().check(input({ stack: 'root' }))).problems;
  expect(others).toEqual([]);
  expect(problem).toMatchObject({ code: 'stackHasNested', consent: 'propertiesByHand' });
  expect(problem?.message).toMatch(/root-VPCStack-1A2B, root-BitbucketStack-1A2B/);
  expect(problem?.remedy).toMatch(/^Name the nested stack that has BitbucketProperties in the estate/);
});

test('a worker that may not list the resources of a stack plans without knowing of nested ones', async () => {
  gateway.faults.add({
    match: { action: 'ListStackResources' },
    effect: { kind: 'error', code: 'AccessDenied', status: 403 },
  });
  expect(await setter().check(input())).toMatchObject({ state: 'needed', problems: [] });
});

test('a missing stack, a missing parameter and a busy stack are problems that people may pass', async () => {
  const consent = 'propertiesByHand';
  expect((await setter().check(input({ stack: 'nobody' }))).problems).toMatchObject([
    { code: 'stackNotFound', consent },
  ]);
  expect((await setter().check(input({ parameter: 'Nothing' }))).problems).toMatchObject([
    { code: 'stackParameterNotFound', consent },
  ]);
  await clients.cloudFormation(REGION).send(
    new UpdateStackCommand({
      StackName: STACK,
      UsePreviousTemplate: true,
      Capabilities: ['CAPABILITY_IAM'],
      Parameters: [
        { ParameterKey: 'BitbucketProperties', ParameterValue: 'b=1' },
        { ParameterKey: 'DBPassword', UsePreviousValue: true },
        { ParameterKey: 'HomeSize', UsePreviousValue: true },
      ],
    }),
  );
  expect((await setter().check(input())).problems).toMatchObject([{ code: 'stackBusy', consent }]);
  // With consent the step waits for the other update, and then makes its own.
  const driver = setter();
  await driver.run(input());
  expect(driver.progress[0]).toBe(`stack ${STACK} is UPDATE_IN_PROGRESS`);
  expect((await driver.verify(input())).output.properties).toBe('b=1 disaster.recovery=true');
});
