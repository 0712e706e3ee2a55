import {
  CloudFormationClient,
  CreateChangeSetCommand,
  DeleteChangeSetCommand,
  DescribeChangeSetCommand,
  DescribeStackEventsCommand,
  DescribeStackResourcesCommand,
  DescribeStacksCommand,
  ExecuteChangeSetCommand,
  GetTemplateCommand,
  ListChangeSetsCommand,
  ListStackResourcesCommand,
  UpdateStackCommand,
} from '@aws-sdk/client-cloudformation';
import type { DescribeChangeSetOutput, Parameter, Stack } from '@aws-sdk/client-cloudformation';
import type { Gateway } from '../../../lab/gateway/gateway';
import { startBareGateway } from '../../support/bare-gateway';
import { cloudFormation } from '../../../lab/stacks/cloudformation';
import type { ResourceChange, StackParameters } from '../../../lab/stacks/stack';
import { Stacks } from '../../../lab/stacks/stacks';
import { SteppedClock } from './stepped-clock';

const REGION = 'eu-west-1';
const STACK = 'bitbucket-standby';
const NAMES = ['BitbucketProperties', 'ClusterNodeMin', 'DBMaster', 'DBPassword', 'HomeSize'];
const KEEP: readonly Parameter[] = NAMES.map((ParameterKey) => ({ ParameterKey, UsePreviousValue: true }));

let clock: SteppedClock;
let gateway: Gateway;
let stacks: Stacks;
let client: CloudFormationClient;
let updates: { parameters: StackParameters; changes: readonly ResourceChange[] }[];
let world: () => Promise<void>;

beforeEach(async () => {
  clock = new SteppedClock();
  stacks = new Stacks({ clock });
  updates = [];
  world = async () => undefined;
  stacks.define({
    region: REGION,
    name: STACK,
    parameters: {
      BitbucketProperties: 'feature.a=true',
      ClusterNodeMin: '0',
      DBMaster: 'arn:aws:rds:eu-central-1:123456789012:db:primary',
      DBPassword: 'secret',
    },
    defaults: { HomeSize: '100' },
    noEcho: ['DBPassword'],
    capabilities: ['CAPABILITY_IAM'],
    outputs: { ClusterNodeGroup: 'nodes' },
    resources: [
      { logicalId: 'ClusterNodeGroup', physicalId: 'nodes', type: 'AWS::AutoScaling::AutoScalingGroup' },
      {
        logicalId: 'ClusterNodeLaunchConfig',
        physicalId: 'lc-1',
        type: 'AWS::AutoScaling::LaunchConfiguration',
      },
      { logicalId: 'FileServer', physicalId: 'i-1', type: 'AWS::EC2::Instance' },
      { logicalId: 'HomeVolume', physicalId: 'vol-1', type: 'AWS::EC2::Volume' },
      { logicalId: 'DB', physicalId: 'standby-db', type: 'AWS::RDS::DBInstance' },
    ],
    onUpdate: async (parameters, changes) => {
      await world();
      updates.push({ parameters, changes });
    },
  });
  gateway = await startBareGateway(clock, [cloudFormation(stacks)]);
  client = new CloudFormationClient({
    endpoint: gateway.url,
    region: REGION,
    credentials: { accessKeyId: 'lab', secretAccessKey: 'lab' },
  });
});
afterEach(async () => {
  client.destroy();
  await gateway.stop();
});

function keepingAllBut(changed: Readonly<Record<string, string>>): Parameter[] {
  return KEEP.map((each) => {
    const value = changed[each.ParameterKey!];
    return value === undefined ? each : { ParameterKey: each.ParameterKey, ParameterValue: value };
  });
}

function create(
  name: string,
  parameters: Parameter[],
  clientToken?: string,
): Promise<{ Id?: string | undefined }> {
  return client.send(
    new CreateChangeSetCommand({
      StackName: STACK,
      ChangeSetName: name,
      ChangeSetType: 'UPDATE',
      UsePreviousTemplate: true,
      Capabilities: ['CAPABILITY_IAM'],
      Parameters: parameters,
      ClientToken: clientToken,
    }),
  );
}

function showChangeSet(name: string): Promise<DescribeChangeSetOutput> {
  return client.send(new DescribeChangeSetCommand({ StackName: STACK, ChangeSetName: name }));
}

async function created(name: string): Promise<DescribeChangeSetOutput> {
  await clock.advance(4);
  return showChangeSet(name);
}

async function look(): Promise<Stack> {
  return (await client.send(new DescribeStacksCommand({ StackName: STACK }))).Stacks![0]!;
}

/** A virtual second at a time; the statuses passed on the way. */
async function reach(status: string): Promise<string[]> {
  const seen: string[] = [];
  for (let second = 0; second < 300; second += 1) {
    const { StackStatus } = await look();
    if (seen.at(-1) !== StackStatus) seen.push(StackStatus!);
    if (StackStatus === status) return seen;
    await clock.advance(1);
  }
  throw new Error(`never ${status}: ${seen.join(', ')}`);
}

function valueOf(stack: Stack, name: string): string | undefined {
  return stack.Parameters!.find((each) => each.ParameterKey === name)?.ParameterValue;
}

it('shows a stack with its parameters, secrets hidden, its outputs and resources', async () => {
  const stack = await look();
  expect(stack.StackStatus).toBe('CREATE_COMPLETE');
  expect(valueOf(stack, 'BitbucketProperties')).toBe('feature.a=true');
  expect(valueOf(stack, 'DBPassword')).toBe('****');
  expect(valueOf(stack, 'HomeSize')).toBe('100');
  expect(stack.Outputs).toEqual([{ OutputKey: 'ClusterNodeGroup', OutputValue: 'nodes' }]);
  const { StackResources } = await client.send(new DescribeStackResourcesCommand({ StackName: STACK }));
  const { StackResourceSummaries } = await client.send(new ListStackResourcesCommand({ StackName: STACK }));
  for (const list of [StackResources!, StackResourceSummaries!]) {
    expect(list.map((each) => each.PhysicalResourceId)).toEqual([
      'nodes',
      'lc-1',
      'i-1',
      'vol-1',
      'standby-db',
    ]);
  }
  const { TemplateBody } = await client.send(new GetTemplateCommand({ StackName: STACK }));
  expect(JSON.parse(TemplateBody!).Parameters.HomeSize).toEqual({ Type: 'String', Default: '100' });
});

it('does not know other stacks or other regions', async () => {
  const unknown = client.send(new DescribeStacksCommand({ StackName: 'other' }));
  await expect(unknown).rejects.toMatchObject({
    name: 'ValidationError',
    message: 'Stack with id other does not exist',
  });
});

it('changes the properties by replacing the launch configuration and nothing that holds data', async () => {
  await create('recover', keepingAllBut({ BitbucketProperties: 'feature.a=true disaster.recovery=true' }));
  expect((await showChangeSet('recover')).ExecutionStatus).toBe('UNAVAILABLE');
  const changeSet = await created('recover');
  expect(changeSet).toMatchObject({ Status: 'CREATE_COMPLETE', ExecutionStatus: 'AVAILABLE' });
  const shown = changeSet.Changes!.map(({ ResourceChange: change }) => [
    change!.LogicalResourceId,
    change!.Replacement,
  ]);
  expect(shown).toEqual([
    ['ClusterNodeLaunchConfig', 'True'],
    ['ClusterNodeGroup', 'False'],
  ]);
  expect(changeSet.Changes![0]!.ResourceChange!.Details![0]).toMatchObject({
    CausingEntity: 'BitbucketProperties',
    Target: { Name: 'UserData', RequiresRecreation: 'Always' },
  });
  expect((await look()).StackStatus).toBe('CREATE_COMPLETE');

  await client.send(new ExecuteChangeSetCommand({ StackName: STACK, ChangeSetName: 'recover' }));
  expect((await look()).StackStatus).toBe('UPDATE_IN_PROGRESS');
  expect(updates).toEqual([]);
  await clock.advance(59);
  expect(updates).toEqual([]);
  expect(await reach('UPDATE_COMPLETE')).toEqual([
    'UPDATE_IN_PROGRESS',
    'UPDATE_COMPLETE_CLEANUP_IN_PROGRESS',
    'UPDATE_COMPLETE',
  ]);
  const done = await look();
  expect(valueOf(done, 'BitbucketProperties')).toBe('feature.a=true disaster.recovery=true');
  expect(updates).toMatchObject([
    {
      parameters: {
        BitbucketProperties: 'feature.a=true disaster.recovery=true',
        DBPassword: 'secret',
        HomeSize: '100',
      },
    },
  ]);
  expect((await showChangeSet('recover')).ExecutionStatus).toBe('EXECUTE_COMPLETE');
  const { StackResources } = await client.send(
    new DescribeStackResourcesCommand({ StackName: STACK, LogicalResourceId: 'ClusterNodeLaunchConfig' }),
  );
  expect(StackResources![0]!.PhysicalResourceId).not.toBe('lc-1');
  const { StackEvents } = await client.send(new DescribeStackEventsCommand({ StackName: STACK }));
  expect(StackEvents![0]).toMatchObject({ LogicalResourceId: STACK, ResourceStatus: 'UPDATE_COMPLETE' });
});

it.each([
  ['HomeSize', '200', { FileServer: 'True', HomeVolume: 'True', ClusterNodeLaunchConfig: 'Conditional' }],
  ['DBMaster', '', { DB: 'Conditional' }],
  ['ClusterNodeMin', '2', { ClusterNodeGroup: 'False' }],
])('shows what a change of %s replaces', async (name, value, expected) => {
  await create('look', keepingAllBut({ [name]: value }));
  const { Changes } = await created('look');
  const shown = Changes!.map(({ ResourceChange: change }) => [
    change!.LogicalResourceId,
    change!.Replacement,
  ]);
  expect(Object.fromEntries(shown)).toMatchObject(expected);
});

it('gives a parameter that is left out its default, not its present value', async () => {
  await expect(create('forgetful', [])).rejects.toMatchObject({
    name: 'ValidationError',
    message: expect.stringContaining('must have values'),
  });
  await create('grow', keepingAllBut({ HomeSize: '300' }));
  await created('grow');
  await client.send(new ExecuteChangeSetCommand({ StackName: STACK, ChangeSetName: 'grow' }));
  await reach('UPDATE_COMPLETE');
  await create(
    'shrink',
    keepingAllBut({ ClusterNodeMin: '1' }).filter((each) => each.ParameterKey !== 'HomeSize'),
  );
  const { Changes } = await created('shrink');
  expect(Changes!.map((each) => each.ResourceChange!.LogicalResourceId)).toContain('HomeVolume');
});

it('fails an empty change set, and refuses an update without a change', async () => {
  await create('nothing', [...KEEP]);
  expect(await created('nothing')).toMatchObject({
    Status: 'FAILED',
    StatusReason: expect.stringContaining("didn't contain changes"),
    ExecutionStatus: 'UNAVAILABLE',
  });
  const execute = client.send(new ExecuteChangeSetCommand({ StackName: STACK, ChangeSetName: 'nothing' }));
  await expect(execute).rejects.toMatchObject({ name: 'InvalidChangeSetStatusException' });
  const update = client.send(
    new UpdateStackCommand({
      StackName: STACK,
      UsePreviousTemplate: true,
      Parameters: [...KEEP],
      Capabilities: ['CAPABILITY_IAM'],
    }),
  );
  await expect(update).rejects.toMatchObject({
    name: 'ValidationError',
    message: 'No updates are to be performed.',
  });
  expect(updates).toEqual([]);
});

it('takes a repeated request for the same one by its token, and refuses another of that name', async () => {
  const parameters = keepingAllBut({ BitbucketProperties: 'b=1' });
  const { Id } = await create('recover', parameters, 'token-1');
  expect((await create('recover', parameters, 'token-1')).Id).toBe(Id);
  await expect(create('recover', parameters, 'token-2')).rejects.toMatchObject({
    name: 'AlreadyExistsException',
  });
  await created('recover');
  const execute = new ExecuteChangeSetCommand({ ChangeSetName: Id, ClientRequestToken: 'run-1' });
  await client.send(execute);
  await client.send(execute);
  await reach('UPDATE_COMPLETE');
  await client.send(execute);
  expect(updates).toHaveLength(1);
});

it('refuses a second operation until the clean-up is over', async () => {
  const update = (value: string): Promise<unknown> =>
    client.send(
      new UpdateStackCommand({
        StackName: STACK,
        UsePreviousTemplate: true,
        Parameters: keepingAllBut({ BitbucketProperties: value }),
        Capabilities: ['CAPABILITY_IAM'],
      }),
    );
  await update('b=1');
  await expect(update('b=2')).rejects.toMatchObject({
    name: 'ValidationError',
    message: expect.stringContaining('is in UPDATE_IN_PROGRESS state and can not be updated'),
  });
  await reach('UPDATE_COMPLETE_CLEANUP_IN_PROGRESS');
  await expect(create('late', keepingAllBut({ BitbucketProperties: 'b=2' }))).rejects.toThrow(
    'can not be updated',
  );
  await reach('UPDATE_COMPLETE');
  await update('b=2');
});

it('rolls back when the world cannot follow, with the reason and the former parameters', async () => {
  world = () => Promise.reject(new Error('no capacity'));
  await create('recover', keepingAllBut({ BitbucketProperties: 'b=1' }));
  await created('recover');
  await client.send(new ExecuteChangeSetCommand({ StackName: STACK, ChangeSetName: 'recover' }));
  await reach('UPDATE_ROLLBACK_COMPLETE');
  const stack = await look();
  expect(stack.StackStatusReason).toBe('no capacity');
  expect(valueOf(stack, 'BitbucketProperties')).toBe('feature.a=true');
  expect((await showChangeSet('recover')).ExecutionStatus).toBe('EXECUTE_FAILED');
});

it('deletes a change set, and again; lists what is left', async () => {
  await create('one', keepingAllBut({ BitbucketProperties: 'b=1' }));
  await create('two', keepingAllBut({ BitbucketProperties: 'b=2' }));
  await created('one');
  await created('two');
  const drop = new DeleteChangeSetCommand({ StackName: STACK, ChangeSetName: 'one' });
  await client.send(drop);
  await client.send(drop);
  const { Summaries } = await client.send(new ListChangeSetsCommand({ StackName: STACK }));
  expect(Summaries!.map((each) => each.ChangeSetName)).toEqual(['two']);
  await expect(showChangeSet('one')).rejects.toMatchObject({ name: 'ChangeSetNotFoundException' });
});

it('refuses unknown parameters and unacknowledged capabilities', async () => {
  const typo = create('typo', [...KEEP, { ParameterKey: 'BitbucketPropertys', ParameterValue: 'x' }]);
  await expect(typo).rejects.toMatchObject({
    name: 'ValidationError',
    message: expect.stringContaining('[BitbucketPropertys] do not exist'),
  });
  const bare = client.send(
    new CreateChangeSetCommand({
      StackName: STACK,
      ChangeSetName: 'bare',
      UsePreviousTemplate: true,
      Parameters: [...KEEP],
    }),
  );
  await expect(bare).rejects.toMatchObject({ name: 'InsufficientCapabilitiesException' });
});
