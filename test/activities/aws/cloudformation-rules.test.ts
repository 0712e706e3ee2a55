import { dangersOf } from '../../../activities/aws/cloudformation/guard';
import { hasProperties, withProperties } from '../../../activities/aws/cloudformation/properties';

test('a property is added, changed in its place, and everything else stays', () => {
  expect(withProperties('', { 'disaster.recovery': 'true' })).toBe('disaster.recovery=true');
  expect(withProperties('a=1  b=x=y\nc=3', { b: '2', d: '4' })).toBe('a=1 b=2 c=3 d=4');
});

test('setting again changes nothing', () => {
  const once = withProperties('a=1', { 'disaster.recovery': 'true' });
  expect(withProperties(once, { 'disaster.recovery': 'true' })).toBe(once);
  expect(hasProperties(once, { 'disaster.recovery': 'true' })).toBe(true);
  expect(hasProperties(once, { a: '2' })).toBe(false);
});

test('of a property that is there twice the last one counts', () => {
  expect(hasProperties('a=1 a=2', { a: '1' })).toBe(false);
  expect(withProperties('a=1 a=2', { a: '3' })).toBe('a=3 a=3');
});

const change = (
  ResourceType: string,
  Action: 'Modify' | 'Remove' | 'Add',
  Replacement?: 'True' | 'False' | 'Conditional',
) => ({
  ResourceChange: {
    LogicalResourceId: 'It',
    PhysicalResourceId: 'it-1',
    ResourceType,
    Action,
    ...(Replacement === undefined ? {} : { Replacement }),
  },
});

test.each([
  ['AWS::RDS::DBInstance', 'Modify', 'True', 'replaces'],
  ['AWS::EC2::Volume', 'Remove', undefined, 'removes'],
  ['AWS::EC2::Instance', 'Modify', 'Conditional', 'might replace'],
  ['AWS::AutoScaling::AutoScalingGroup', 'Modify', 'True', 'replaces'],
  ['AWS::S3::Bucket', 'Remove', undefined, 'removes'],
  ['AWS::EFS::FileSystem', 'Modify', 'True', 'replaces'],
  ['AWS::ElasticLoadBalancing::LoadBalancer', 'Modify', 'True', 'replaces'],
] as const)('%s %s %s is refused', (type, action, replacement, verb) => {
  expect(dangersOf([change(type, action, replacement)])).toMatchObject([
    { what: `${verb} It (${type}, it-1)` },
  ]);
});

test.each([
  ['AWS::AutoScaling::LaunchConfiguration', 'Modify', 'True'],
  ['AWS::AutoScaling::AutoScalingGroup', 'Modify', 'False'],
  ['AWS::RDS::DBInstance', 'Modify', 'False'],
] as const)('%s %s %s passes', (type, action, replacement) => {
  expect(dangersOf([change(type, action, replacement)])).toEqual([]);
});

test.each(['Modify', 'Remove'] as const)(
  'a nested stack is refused on %s: one row stands for all that happens inside',
  (action) => {
    const arn = 'arn:aws:cloudformation:eu-west-1:123456789012:stack/root-BitbucketStack-1A2B/0f9e';
    const nested = change('AWS::CloudFormation::Stack', action, 'False');
    const [danger] = dangersOf([
      { ResourceChange: { ...nested.ResourceChange, PhysicalResourceId: arn } },
      change('AWS::AutoScaling::LaunchConfiguration', 'Modify', 'True'),
    ]);
    expect(danger?.what).toBe('goes through the nested stack root-BitbucketStack-1A2B, unseen');
    expect(danger?.remedy).toMatch(/^Name the nested stack that has the parameter in the estate/);
  },
);

test('a nested stack that is added replaces nothing', () => {
  expect(dangersOf([change('AWS::CloudFormation::Stack', 'Add')])).toEqual([]);
});
